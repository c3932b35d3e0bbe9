#!/bin/sh
# As many clients as a node may get in a bad minute, clients that are slow, that die, and whose
# network goes away. The file starts again in a network namespace of its own.
test_description='hornero-door: 200 clients at once, 2 GB, slow clients, dead ones, a cut network'
if test "$HORNERO_TEST_LONG" = 1 && test -z "$LOAD_NAMESPACE" && test "$(id -u)" -eq 0
then
	LOAD_NAMESPACE=yes
	export LOAD_NAMESPACE
	exec unshare --net sh "$0"
fi
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
test -n "$LOAD_NAMESPACE" || test_skip_all 'needs root and a network namespace'
test_requires ssh openssh-client
test_requires ip iproute2

clients=200 keys=20 repositories=10
near=10.79.0.1 far=10.79.0.2

far_is_apart () {
	test "$(readlink "/proc/$far_holder/ns/net")" != "$(readlink /proc/self/ns/net)" &&
	test "$(cat "/proc/$far_holder/comm")" = sleep
}

# A client with a network of its own: far_git ARG…, from the address $far.
far_network () {
	ip link set lo up &&
	unshare --net sleep infinity &
	far_holder=$!
	test_cleanup "kill $far_holder"
	wait_until far_is_apart 120 &&
	ip link add near0 type veth peer name far0 netns $far_holder &&
	ip address add $near/24 dev near0 &&
	ip link set near0 up &&
	nsenter -t $far_holder --net sh -c "ip address add $far/24 dev far0 && ip link set far0 up"
}

far_git () {
	nsenter -t $far_holder --net git "$@"
}

# hosts: `far` is the door by its other address, at 4 MB/s; `slow` is reached at 30 kB/s.
hosts () {
	cat >>ssh_config <<-END
	Host far
	HostName $near
	ProxyCommand python3 $HORNERO_SRC/t/tools/slow-pipe.py $near 2222 4000000
	User git
	IdentitiesOnly yes
	UserKnownHostsFile $TRASH/known_far
	StrictHostKeyChecking accept-new
	BatchMode yes
	LogLevel ERROR
	Host slow
	HostName 127.0.0.1
	ProxyCommand python3 $HORNERO_SRC/t/tools/slow-pipe.py 127.0.0.1 $DOOR_PORT 30000
	User git
	IdentitiesOnly yes
	UserKnownHostsFile $TRASH/known_slow
	StrictHostKeyChecking accept-new
	BatchMode yes
	LogLevel ERROR
	END
}

# nothing_left REPOSITORY: of a push that did not end.
nothing_left () {
	find "$NODE/git/$1.git" \( -name "*.lock" -o -name "tmp_*" \) >found &&
	test_cmp /dev/null found
}

# file_of_megabytes N NAME: that no compression makes smaller.
file_of_megabytes () {
	head -c $(($1 * 1000000)) /dev/urandom >"$2"
}

# push_begins REMOTE: a push of 40 MB of `work` from the far network is in the middle of its pack.
# Its process group is $pushing.
push_begins () {
	file_of_megabytes 40 work/blob &&
	git -C work add blob &&
	git -C work commit -q -m "$1" &&
	{
		setsid nsenter -t $far_holder --net git -C work push -q "$1" main >push.out 2>&1 &
	} &&
	pushing=$! &&
	wait_until "door_unpacks r0" 120
}

test_expect_success 'a door with places for all, 20 keys, 10 repositories' '
	far_network &&
	door_node "door_connections: 400" "door_connections_per_address: 400" \
		"door_connections_per_key: 20" "door_logins: 400" "push_size_limit: 4G" &&
	hooks_conf "door_listen: 127.0.0.1:0 $near:2222" &&
	for i in $(seq 0 $((keys - 1)))
	do
		door_key k$i "write=\"*\"" &&
		door_as k$i &&
		mv door-ssh door-ssh-k$i || return 1
	done &&
	door_as alice &&
	door_start &&
	hosts &&
	git init -q -b main work &&
	file_of_megabytes 2 work/blob &&
	git -C work add blob &&
	git -C work commit -q -m one &&
	for i in $(seq 0 $((repositories - 1)))
	do
		hooks_repo r$i &&
		git -C work push -q door:r$i main || return 1
	done
'

# client N: every second one clones, the others push a branch of their own.
client () {
	GIT_SSH=$TRASH/door-ssh-k$(($1 % keys))
	export GIT_SSH
	if test $(($1 % 2)) = 0
	then
		git clone -q --bare "door:r$(($1 / 2 % repositories))" "clones/$1"
	else
		git -C work push -q "door:r$(($1 / 2 % repositories))" "main:refs/heads/b$1"
	fi
}

test_expect_success '200 clients of 20 keys on 10 repositories at once: each gets what it wants' '
	mkdir clones &&
	for i in $(seq $clients)
	do
		client $i >client.$i 2>&1 &
		echo "$! $i" >>clients
	done &&
	while read -r pid i
	do
		wait $pid || { cat client.$i; return 1; }
	done <clients &&
	head=$(git -C work rev-parse HEAD) &&
	for i in $(seq $clients)
	do
		if test $((i % 2)) = 0
		then
			test "$(git -C clones/$i rev-parse HEAD)" = "$head"
		else
			repo=$NODE/git/r$((i / 2 % repositories)).git &&
			test "$(as_git git -C "$repo" rev-parse refs/heads/b$i)" = "$head"
		fi || { echo "client $i"; return 1; }
	done &&
	test_must_fail grep "event=refused\|event=pushed-out" door.log &&
	wait_until door_quiet 120 &&
	nothing_left r0
'

# Both are at work as long as the large transfers take, and get on meanwhile.
test_expect_success 'a push and a clone of 2 GB beside a slow reader and a slow writer' '
	hooks_repo small &&
	git init -q -b main little &&
	file_of_megabytes 20 little/blob &&
	git -C little add blob &&
	git -C little commit -q -m little &&
	git -C little push -q door:small main &&
	git -C little commit -q --allow-empty -m again &&
	{ setsid git clone -q --bare slow:small slow-clone >reader 2>&1 & } &&
	reader=$! &&
	{ setsid git -C little push -q slow:r1 main:refs/heads/slow >writer 2>&1 & } &&
	writer=$! &&
	test_cleanup "kill -TERM -$reader; kill -TERM -$writer; wait $reader $writer; :" &&
	wait_until "door_unpacks r1" 120 &&
	wait_until "test -n \"\$(find slow-clone/objects/pack -size +100k)\"" 120 &&

	git init -q -b main large &&
	git -C large config core.bigFileThreshold 1m &&
	git -C large config core.compression 0 &&
	file_of_megabytes 2000 large/blob &&
	git -C large add blob &&
	git -C large commit -q -m large &&
	hooks_repo large &&
	as_git git -C "$REPO" config core.bigFileThreshold 1m &&
	git -C large push -q door:large main &&
	git clone -q --bare door:large large-clone &&
	test "$(git -C large-clone rev-parse HEAD)" = "$(git -C large rev-parse HEAD)" &&
	git -C large-clone fsck --connectivity-only &&

	kill -0 $reader &&
	kill -0 $writer &&
	rm -rf large large-clone "$REPO"
'

test_expect_success 'the slow ones get there, too' '
	pkill -USR1 -f "slow-pipe.py 127.0.0.1 $DOOR_PORT" &&
	wait $reader &&
	wait $writer &&
	test "$(git -C slow-clone rev-parse HEAD)" = "$(git -C little rev-parse HEAD^)" &&
	test "$(as_git git -C "$NODE/git/r1.git" rev-parse refs/heads/slow)" = \
		"$(git -C little rev-parse HEAD)"
'

test_expect_success 'kill -9 of a client in the middle of its pack: nothing is left' '
	push_begins far:r0 &&
	kill -STOP -$pushing &&
	door_unpacks r0 &&
	kill -KILL -$pushing &&
	wait_until door_quiet 120 &&
	nothing_left r0
'

test_expect_success 'and it may push at once' '
	far_git -C work push -q far:r0 main &&
	test "$(as_git git -C "$NODE/git/r0.git" rev-parse main)" = "$(git -C work rev-parse HEAD)"
'

test_expect_success 'a network that is cut in the middle of a pack: free again in two minutes' '
	push_begins far:r0 &&
	kill -STOP -$pushing &&
	door_unpacks r0 &&
	nsenter -t $far_holder --net ip link set far0 down &&
	kill -KILL -$pushing &&
	read -r begin idle </proc/uptime &&
	wait_until door_quiet 180 &&
	read -r end idle </proc/uptime &&
	echo "free after $((${end%.*} - ${begin%.*})) s" &&
	test $((${end%.*} - ${begin%.*})) -le 130 &&
	nothing_left r0
'

test_expect_success 'with the network back, the retry succeeds at once' '
	nsenter -t $far_holder --net ip link set far0 up &&
	far_git -C work push -q far:r0 main &&
	test "$(as_git git -C "$NODE/git/r0.git" rev-parse main)" = "$(git -C work rev-parse HEAD)"
'

test_expect_success 'ten sessions at once over one connection' '
	DOOR_SSH_OPTIONS="-o ControlMaster=auto -o ControlPersist=60" &&
	DOOR_SSH_OPTIONS="$DOOR_SSH_OPTIONS -o ControlPath=$TRASH/control" &&
	export DOOR_SSH_OPTIONS &&
	before=$(grep -c event=login door.log) &&
	door_ssh queue >out &&
	for i in 1 2 3 4 5 6 7 8 9 10
	do
		git clone -q --bare "door:r$((i % 5))" "session-$i" >session.$i 2>&1 &
		echo "$! $i" >>sessions
	done &&
	while read -r pid i
	do
		wait $pid || { cat session.$i; return 1; }
	done <sessions &&
	{
		door_ssh -O exit 2>words
		unset DOOR_SSH_OPTIONS
	} &&
	test $(($(grep -c event=login door.log) - before)) = 1
'

test_done
