#!/bin/sh
# A stop while clients are served: who only looks ends at once, who writes may finish, and who does
# not leaves no lock.
test_description='hornero-door: a stop during log -f, during a push, during one that hangs'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test_requires ssh openssh-client
test_requires ssh-keygen openssh-client

test_expect_success 'a node, an image, a job that waits' '
	door_node &&
	door_start &&
	hooks_repo one &&
	hooks_image $U1 one &&
	git init -q -b main work &&
	echo one >work/file &&
	git -C work add -A &&
	git -C work commit -q -m one &&
	git -C work push -q door:one main 2>push.out
'

# follows PID: it has begun to listen to signals.
follows () {
	test -n "$1" &&
	! grep -q "^SigBlk:.*0000000000000000" /proc/$1/status
}

test_expect_success 'a client that follows a log hears that the job goes on, and delays no stop' '
	{ door_ssh log -f 1 >follow.out 2>&1 & } &&
	follower=$! &&
	follow="^$test_root/libexec/hornero --key alice log -f 1" &&
	wait_until "follows \$(pgrep -f -- \"$follow\")" 20 &&
	door_stop &&
	test_grep "event=stopped cut_off=0" door.log &&
	{ wait $follower; test $? -ne 0; } &&
	test_grep "job 1 goes on; .ssh -p [0-9]* git@.* log -f 1" follow.out &&
	test_grep "hornero-door is being stopped" follow.out
'

# asked_twice PID: SIGTERM and SIGUSR1 wait for it.
asked_twice () {
	grep -q "^ShdPnd:.*42..$" /proc/$1/status
}

# The connection looks at its signals late, as on a busy node. Red where the second is a SIGTERM,
# too.
test_expect_success 'a push that hangs with a lock is asked to end, says so, and leaves no lock' '
	door_start &&
	mkfifo -m 0666 go &&
	exec 9<>go &&
	mkdir -m 0777 told &&
	cat >hook <<-END &&
	#!/bin/sh
	test \$1 = prepared || exit 0
	>$TRASH/told/begun
	read line <$TRASH/go
	END
	chmod 0755 hook &&
	cp hook "$REPO/hooks/reference-transaction" &&
	{ git -C work push door:one main:refs/heads/held >push.out 2>&1 & } &&
	pusher=$! &&
	wait_until "test -e told/begun" 20 &&
	test -e "$REPO/refs/heads/held.lock" &&
	connection=$(pgrep -P $door_pid -f -- --connection) &&
	kill -STOP $connection &&
	kill $door_pid &&
	wait_until "grep event=stopping door.log" 20 &&
	kill $door_pid &&
	{ wait_until "asked_twice $connection" 5; kill -CONT $connection; } &&
	{ wait $door_pid; code=$?; door_pid=; }
	echo >&9
	rm "$REPO/hooks/reference-transaction"
	wait $pusher
	test $? -ne 0 &&
	test $code = 0 &&
	test_grep "event=stopped cut_off=1" door.log &&
	test_grep "status=.signal 15 .*receive-pack .one" door.log &&
	test_grep "hornero-door is being stopped" push.out &&
	test ! -e "$REPO/refs/heads/held.lock" &&
	door_start &&
	git -C work push -q door:one main:refs/heads/held 2>push.out
'

test_done
