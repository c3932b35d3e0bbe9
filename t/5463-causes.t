#!/bin/sh
# Two causes are told apart: what was never pushed, and what the disk lost; what the tool said, and
# what the sandbox forbids.
test_description='reasons name the cause'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

# Red without lastline_take() in agent/build/stage.c; the hint without lastline_hint().
test_expect_success 'a failed build says the last line of its tool, and that there is no network' '
	node_init "workers: 1" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	line="Could not resolve host: example.org" &&
	push_make "@echo first; echo \"curl: (6) $line\"; echo; exit 6" &&
	test_expect_code 1 hornero wait $job --timeout 300 &&
	attempt_field reason >reason &&
	hint="a build has no network" &&
	test_grep "ended with exit 2; its last line: curl: .6. $line; $hint" reason &&
	push_make "@ls /opt/sdk/bin" &&
	test_expect_code 1 hornero wait $job --timeout 300 &&
	attempt_field reason >reason &&
	absent="No such file or directory" &&
	test_grep "cannot access ./opt/sdk/bin.: $absent; a build sees only /usr" reason
'

# Red without name_repo() in agent/build/build_checkout.c, without ref_err() in
# agent/upkeep/sweep/refs.c, with ERR_PUSHER for a lost object in
# agent/sandboxed/checkout/checkout.c find_commit(), and with the return of 0 in cli/ref.c
# cli_ref_commit().
test_expect_success 'a lost commit is named and held for the operator' '
	hornero pause "$HELLO_UUID" &&
	push_make "head -c 1048576 /dev/zero >\$@" &&
	c=$(git -C "$HELLO_REPO" rev-parse main) &&
	rm -f "$HELLO_REPO/objects/$(echo $c | cut -c1-2)/$(echo $c | cut -c3-)" &&
	hornero resume "$HELLO_UUID" &&
	test_expect_code 75 hornero wait $job --timeout 300 &&
	attempt_field reason >reason &&
	test_grep \
		"object $c is missing or damaged.*refs/heads/main.*git fsck. in $HELLO_REPO says" \
		reason &&
	{ hornero sweep >sweep 2>&1 || :; } &&
	test_grep "cannot read refs/heads/main, which is $c, of $HELLO_REPO: .*git fsck.*restore" \
		sweep &&
	{ hornero why "$HELLO_UUID" >why 2>&1 || :; } &&
	test_grep "pushed at $(echo $c | cut -c1-12), and an object of that is missing" why &&
	{ hornero wait "$HELLO_UUID" --timeout 5 >wait 2>&1 || :; } &&
	test_grep "missing or damaged" wait &&
	! grep -iE "nothing has been pushed|no longer exists" why wait reason
'

# Red, as no. 7, with a return of 0 for any exit of git in cli/ref.c cli_ref_commit().
test_expect_success 'a repository that git cannot read is named, too' '
	: >"$HELLO_REPO/HEAD" &&
	{ hornero why "$HELLO_UUID" >why 2>&1 || :; } &&
	test_grep "git cannot read the repository .*fsck" why
'

test_expect_success 'another repository, which is sound' '
	node_hello_repo other 3b7e1516-28ae-4d2a-abf7-158809cf4f3d &&
	hornero image set "$HELLO_UUID" builder=make
'

# Red without the words of attempt_note() in agent/hornerod/attempt_end.c: "the supervisor left no
# verdict". The other words red without the reason in cli/outcome.c outcome_waits() and
# look_at_log() in cli/doctor_disk.c.
unwritable="nothing can be written in $NODE/state/log"
# tried_again: wait says so between two attempts. The third one would hold the job.
tried_again () {
	test_expect_code 75 hornero wait $job --timeout 1 2>wait &&
	grep "job $job is tried again by itself: $unwritable" wait
}
if test "$(id -u)" -eq 0
then
	test_expect_success 'a full state_dir/log is named; with room the job goes on' '
		mount -t tmpfs -o size=64k,mode=2750 tmpfs "$NODE/state/log" &&
		test_cleanup "umount -l $NODE/state/log 2>/dev/null || :" &&
		{ head -c 1M /dev/zero >"$NODE/state/log/fill" 2>/dev/null || :; } &&
		push_make "head -c 1048576 /dev/zero >\$@; : log" &&
		wait_until tried_again 20 &&
		why_says $job "$NODE/state/log" &&
		kill -STOP $node_pid &&
		job_field attempts[0].reason >reason &&
		full="No space left on device; the operator must make room there" &&
		test_grep "$unwritable: .*$full" reason &&
		doctor_says "bad .*the filesystem of $NODE/state/log is full" &&
		rm "$NODE/state/log/fill" &&
		kill -CONT $node_pid &&
		job_ends published
	'

	# Red with ERR_NOBODY for every error in attempt_note().
	test_expect_success 'a state_dir/log that may not be written holds the job, by name' '
		wait_until "mount -o remount,ro $NODE/state/log" 20 &&
		push_make "head -c 1048576 /dev/zero >\$@; : sealed" &&
		test_expect_code 75 hornero wait $job --timeout 300 &&
		attempt_field reason >reason &&
		test_grep "$unwritable: .*Read-only file system; .hornero doctor" reason &&
		why_says $job held &&
		doctor_says "bad .*$NODE/state/log" &&
		mount -o remount,rw "$NODE/state/log" &&
		hornero retry $job &&
		hornero wait "$HELLO_UUID" --timeout 300
	'
else
	test_skip 'a full state_dir/log' 'only root mounts a small one'
fi

# Red with the word of libgit2 taken for "no such ref", and without blame_alternates() in
# agent/sandboxed/checkout/checkout.c.
test_expect_success 'a broken alternates file holds the job, by name' '
	mkdir "$HELLO_REPO/objects/info/alternates" &&
	push_make "head -c 1048576 /dev/zero >\$@; : alternates" &&
	test_expect_code 75 hornero wait $job --timeout 300 &&
	attempt_field reason >reason &&
	borrows="$HELLO_REPO/objects/info/alternates makes the repository borrow.*git repack" &&
	test_grep "$borrows.*cannot open the repository $HELLO_REPO: .*directory" reason &&
	! grep " /repo.git" reason &&
	rmdir "$HELLO_REPO/objects/info/alternates" &&
	hornero retry $job &&
	hornero wait "$HELLO_UUID" --timeout 300
'

test_expect_success 'with garbage in HEAD the ref is built, and wait names the repository' '
	hornero pause "$HELLO_UUID" &&
	push_make "head -c 1048576 /dev/zero >\$@; : head" &&
	echo garbage >"$HELLO_REPO/HEAD" &&
	hornero resume "$HELLO_UUID" &&
	job_ends published &&
	{ hornero wait "$HELLO_UUID" --timeout 5 >out 2>&1 || :; } &&
	test_grep "git cannot read the repository .*fsck" out &&
	! grep -i "nothing has been pushed" out &&
	echo "ref: refs/heads/main" >"$HELLO_REPO/HEAD"
'

# A stand-in for systemd, which takes the connection and then finds no user to start the publisher
# as.
dead_publisher () {
	systemd-socket-activate --accept --inetd --seqpacket -l "$NODE/dead" /bin/false \
		2>/dev/null &
	dead=$!
	test_cleanup "kill $dead 2>/dev/null; wait $dead; :"
	wait_until "test -S $NODE/dead" 10
}

# Red without died() in agent/hornerod/publication.c start().
test_expect_success 'a publisher that dies before it is asked anything is named' '
	node_stop &&
	dead_publisher &&
	node_set publish_socket "$NODE/dead" &&
	node_set failpoint publisher-reached:stop &&
	node_start &&
	hello_push other &&
	hornerod_says failpoint.point=publisher-reached 120 &&
	wait_until "! pgrep -P $dead" 20 &&
	kill -CONT "$node_pid" &&
	hornerod_says "event=publisher-died job=$job " &&
	why_says $job "the publisher at $NODE/dead ended without an answer" &&
	node_crash &&
	node_set failpoint ""
'

# Red without died() in on_answer() there.
test_expect_success 'a publisher that systemd cannot start is named, and wait ends' '
	node_start &&
	test_expect_code 75 hornero wait $job --timeout 150 2>err &&
	publisher="the publisher at $NODE/dead" &&
	waits="waits, and nobody needs to act: tried again by itself" &&
	test_grep "$waits: $publisher ended without an answer" err &&
	waits="is built and not published yet" &&
	test_grep "$waits: $publisher .*User= of its unit does not exist" err
'

# Root may read every file; a link to itself stands in for one that nobody may. Red without the look
# of doctor_agent().
test_expect_success 'an agent.lock that cannot be read: hornerod and doctor name it' '
	node_stop &&
	lock=$NODE/state/run/agent.lock &&
	rm "$lock" &&
	ln -s agent.lock "$lock" &&
	doctor_says "bad .*cannot read $lock to find out whether hornerod runs: " &&
	test_expect_code 78 hornerod --foreground 2>err &&
	test_grep "cannot open $lock" err
'

test_done
