#!/bin/sh
# Two doors belong to one node, so they must agree; the third is a node that got no push.
test_description='hornero fleet with the real ssh and real doors: keys, host keys, a push, a lag'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test_requires ssh openssh-client
test_requires ssh-keygen openssh-client
test_requires ssh-keyscan openssh-client
test_requires jq jq
test "$(id -u)" -ne 0 || test_requires systemd-socket-activate systemd

# another_door CONF NAME: one more door, by that configuration; its port is in port.NAME.
another_door () {
	as_user="env PATH=$test_root/libexec:$PATH"
	test "$(id -u)" -ne 0 ||
		as_user="setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID $as_user"
	$as_user "$test_root/libexec/hornero-door" -c "$1" >"$2.out" 2>"$2.log" \
		</dev/null &
	another=$!
	test_cleanup "kill $another; wait $another; :"
	wait_until "grep -q READY $2.out || ! kill -0 $another" 60 &&
	sed -n 's/.*event=listening address=127\.0\.0\.1://p' "$2.log" >"port.$2" &&
	test -s "port.$2"
}

# fleet ARG…: as the operator's machine runs it, which has no configuration of a node.
fleet () {
	env -u HORNERO_CONF "$HORNERO_BUILD/hornero" fleet --nodes nodes.yaml "$@"
}

test_expect_success 'a node with two doors, and one more node, with the same image bound' '
	door_live &&
	door_key watcher "read=\"team/*\"" &&
	door_key alice "create=\"*\"" &&
	door_as alice &&
	command hornero repo create team/hello &&
	hornero image add $U1 team/hello --name Hello &&
	node_start &&
	door_start &&
	sed "s/^door_listen: .*/door_listen: 127.0.0.1:0/" "$NODE/hornero.yaml" >second.yaml &&
	chmod 0644 second.yaml && chmod 0755 . &&
	another_door "$TRASH/second.yaml" second &&
	mkdir -p third/instances/_base &&
	sed "s|$NODE/|$TRASH/third/|g" "$NODE/hornero.yaml" >third/hornero.yaml &&
	cp -p "$NODE/keys" third/keys &&
	cp -pr "$NODE/builders.d" third/ &&
	command hornero -c third/hornero.yaml init &&
	another_door "$TRASH/third/hornero.yaml" third &&
	command hornero -c third/hornero.yaml repo create team/hello &&
	command hornero -c third/hornero.yaml image add $U1 team/hello --name Hello &&
	{
		echo "identity: watcher"
		echo "known_hosts: known"
		echo "nodes:"
		echo "  - 127.0.0.1:$DOOR_PORT"
		echo "  - 127.0.0.1:$(cat port.second)"
	} >nodes.yaml
'

# Red with StrictHostKeyChecking=accept-new.
test_expect_success 'nodes whose host keys are unknown are not asked' '
	: >known &&
	test_expect_code 1 fleet >out &&
	test "$(grep -c "no answer from .*Host key verification failed" out)" -eq 2 &&
	test ! -s known
'

test_expect_success 'a push, and both doors say that it is warm: exit 0' '
	for port in "$DOOR_PORT" "$(cat port.second)" "$(cat port.third)"
	do
		ssh-keyscan -t ed25519 -p "$port" 127.0.0.1 >>known || return 1
	done &&
	fleet >out &&
	test_grep "all have the same commits warm" out &&
	cp -r "$HORNERO_SRC/examples/hello" work &&
	command git -C work init -q -b main &&
	command git -C work add -A &&
	command git -C work commit -q -m first &&
	command git -C work push door:team/hello main -o wait >push.out 2>&1 &&
	commit=$(command git -C work rev-parse HEAD) &&
	fleet >out &&
	test_grep "2 nodes answered: all have the same commits warm" out &&
	test_grep "$U1 .*$(echo $commit | cut -c 1-12) *2 *2 *0$" out &&
	fleet --json >json &&
	jq -e --arg c $commit "all(.rows[]; .commit == \$c and .wanted_commit == \$c and
		.state == \"warm\" and .job_state == \"published\" and .job > 0)" json &&
	jq -e "all(.rows[]; .wanted_ms / 1000 == $(command git -C work log -1 --format=%ct))" json
'

# Red where the reason did not compare what the node wants with the newest commit.
test_expect_success 'the third node did not get it, then it does not build it' '
	echo "  - 127.0.0.1:$(cat port.third)" >>nodes.yaml &&
	test_expect_code 1 fleet >out &&
	third=127.0.0.1:$(cat port.third) &&
	test_grep "^$third .*none.* has not been pushed to this node$" out &&
	test_grep "3 of 3 nodes answered; 1 image of a node lags" out &&
	command git -C work push "ssh://door:$(cat port.third)/team/hello" main >push.out 2>&1 &&
	test_expect_code 1 fleet >out &&
	test_grep "^$third .*none.*queued.*hornerod does not run$" out
'

# Red where `image list --wanted` took the images without the key's view.
test_expect_success 'a key sees its repositories alone; one that may not log in sees nothing' '
	sed -i "s|read=\"team/\*\"|read=\"other\"|" "$NODE/keys" &&
	test_expect_code 1 fleet --json >json &&
	jq -e "[.nodes[].images] == [0, 0, 1]" json &&
	: >"$NODE/keys" &&
	test_expect_code 1 fleet >out &&
	test "$(grep -c "^no answer from .*Permission denied\|^no answer from .*denied" out)" -eq 2
'

test_done
