#!/bin/sh
# The node as it is installed, as far as one machine without systemd can have it: git, hornero, nova and an
# operator are different unprivileged users, the publisher is a socket-activated service of its own.
test_description='a node of unprivileged users: git pushes, hornero builds, nova publishes, an operator asks'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

test "$(id -u)" -eq 0 || test_skip_all 'changing users needs root'
test_requires systemd-socket-activate systemd

git_uid=64101 hornero_uid=64102 nova_uid=64103 operator_uid=64104 queue_gid=64110
UUID=2b7e1516-28ae-4d2a-abf7-158809cf4f3c

as () {
	as__uid=$1
	shift
	setpriv --reuid "$as__uid" --regid "$as__uid" --groups $queue_gid -- "$@"
}

test_expect_success 'root makes the node, its groups and a repository' '
	umask 022 &&
	mkdir -p "$NODE" && chmod 0755 "$NODE" &&
	install -d -o $nova_uid -g $nova_uid -m 0755 "$NODE/instances" "$NODE/instances/_base" "$NODE/instances/locks" &&
	install -d -o $hornero_uid -g $hornero_uid -m 0755 "$NODE/store" &&
	node_init "git_user: $git_uid" "hornero_user: $hornero_uid" "queue_group: $queue_gid" "store_dir: $NODE/store" \
		"publish_socket: $NODE/publish.socket" "compile_core_limit: 50" &&
	chmod 0644 "$HORNERO_CONF" &&
	hornerod --prepare &&
	repo=$(hornero repo create hello | tail -n 1) &&
	test "$(stat -c %u "$repo/objects")" = $git_uid
'

test_expect_success 'nova'\''s publisher listens' '
	: >publisher.log && chmod 0666 publisher.log &&
	mkdir sockets && chown $nova_uid sockets &&
	sed -i "s,^publish_socket:.*,publish_socket: $TRASH/sockets/publish," "$HORNERO_CONF" &&
	setpriv --reuid $nova_uid --regid $nova_uid --clear-groups --inh-caps=-all,+dac_override,+fowner \
		--ambient-caps=-all,+dac_override,+fowner --bounding-set=-all,+dac_override,+fowner --no-new-privs \
		systemd-socket-activate --accept --inetd --seqpacket -l "$TRASH/sockets/publish" \
		"$HORNERO_BUILD/hornero-publish" -c "$HORNERO_CONF" >publisher.log 2>&1 </dev/null &
	publisher=$! &&
	test_cleanup "kill $publisher; wait $publisher; :" &&
	wait_until "test -S sockets/publish" 10 &&
	chown $hornero_uid sockets/publish && chmod 0600 sockets/publish
'

# The very process is $node_pid: setpriv becomes it.
start_agent () {
	: >"$NODE/hornerod.log"
	setpriv --reuid $hornero_uid --regid $hornero_uid --groups $queue_gid -- hornerod --foreground \
		>>"$NODE/hornerod.log" 2>&1 </dev/null &
	node_pid=$!
	wait_until "grep -q ^READY $NODE/hornerod.log" 10 || { cat "$NODE/hornerod.log"; return 1; }
}

test_expect_success 'hornero'\''s agent starts without root' '
	test_cleanup node__stop_at_end &&
	start_agent
'

test_expect_success 'the operator binds an image' '
	as $operator_uid hornero image add $UUID hello --name hello &&
	as $operator_uid hornero image list
'

test_expect_success 'git pushes, under umask 077; the operator sees it become warm' '
	install -d -o $git_uid -g $git_uid work &&
	node_copy_hello work && chown -R $git_uid:$git_uid work &&
	(
		umask 077 && cd work &&
		as $git_uid git init -q -b main && as $git_uid git add -A && as $git_uid git commit -q -m hello &&
		as $git_uid git push "$repo" main
	) 2>push.out || { cat push.out; false; } &&
	test_grep "hornero: job 1 queued for hello" push.out &&
	as $operator_uid hornero wait $UUID --timeout 60 || { cat "$NODE/hornerod.log" publisher.log; as $operator_uid hornero log 1; cat queue.json; false; }
'

test_expect_success 'the warm file is nova'\''s, whole and readable' '
	warm=$(node_warm_path $UUID) &&
	test "$(stat -c "%u %a %s" "$warm")" = "$nova_uid 644 1048576"
'

test_expect_success 'a second push and a revert, the queue written by three users' '
	(
		umask 077 && cd work &&
		echo "another greeting" >greeting && chown $git_uid greeting &&
		as $git_uid git commit -q -a -m two && as $git_uid git push "$repo" main
	) 2>push.out &&
	as $operator_uid hornero wait $UUID --timeout 60 &&
	as $operator_uid hornero rebuild $UUID &&
	as $operator_uid hornero wait $UUID --timeout 60 &&
	( cd work && as $git_uid git revert --no-edit HEAD && as $git_uid git push "$repo" main ) 2>>push.out &&
	as $operator_uid hornero wait $UUID --timeout 60 &&
	wait_until "as $operator_uid hornero queue --all --json >queue.json && jq -e \"all(.[]; .state == \\\"published\\\")\" queue.json" 30 &&
	jq -e "map(select(.job == 4)) | .[0].reused" queue.json
'

test_expect_success 'libvirt took the base: it is replaced all the same' '
	chown 64105:64105 "$warm" &&
	( cd work && echo "third" >greeting && chown $git_uid greeting && as $git_uid git commit -q -a -m three &&
	as $git_uid git push "$repo" main ) 2>>push.out &&
	as $operator_uid hornero wait $UUID --timeout 60
'

test_expect_success 'the agent cannot lift its own quota' '
	for top in $(find /sys/fs/cgroup -maxdepth 2 -type d -name "$NODE_TOP")
	do
		test "$(stat -c %u "$top")" = $hornero_uid || return 1
		for file in cpu.cfs_quota_us memory.limit_in_bytes cpu.max memory.max
		do
			test ! -e "$top/$file" || test_must_fail as $hornero_uid sh -c "echo -1 >$top/$file" || return 1
		done
	done &&
	test -n "$top"
'

test_expect_success 'neither git nor the operator reads the store'\''s making or writes the cache' '
	test_must_fail as $git_uid sh -c "echo x >$warm" &&
	test_must_fail as $hornero_uid sh -c "echo x >$warm" &&
	test_must_fail as $operator_uid touch "$NODE/store/artifact/x" &&
	test_must_fail as $git_uid touch "$NODE/state/fence/x"
'

test_expect_success 'a killed agent is replaced, with what it left' '
	node_kill9 && start_agent &&
	( cd work && echo "fourth" >greeting && chown $git_uid greeting && as $git_uid git commit -q -a -m four &&
	as $git_uid git push "$repo" main ) 2>>push.out &&
	as $operator_uid hornero wait $UUID --timeout 60
'

test_expect_success 'it stops' '
	node_stop && hornerod --clean-up && test -z "$(node_cgroups)"
'

test_done
