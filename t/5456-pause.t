#!/bin/sh
# A pause is a person's wish: nothing but `hornero resume` ends it. A pause under pressure:
# t/5455-pausing.t.
test_description='hornero pause and resume, of an image and of the node'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires ssh-keygen openssh-client
group_possible || test_skip_all 'no control group here: nothing can be frozen'

other=7c9e6679-7425-40de-944b-e07fc1f90ae7
me=$(id -un)
waiting='until test -e ../cache/go; do sleep 0.05; done; head -c 1048576 /dev/zero >$@'

# frozen JOB: in v1's words or in v2's
frozen () {
	for group in $(node_cgroups | grep "/$1\.1$")
	do
		! cat "$group/freezer.state" "$group/cgroup.events" 2>/dev/null | grep -q -e \
			"^FROZEN" -e "^frozen 1" || return 0
	done
	return 1
}

# queued UUID: a job of that image is
queued () {
	hornero queue --json |
		jq -e --arg image "$1" "any(.[]; .image == \$image and .state == \"queued\")"
}

# push_other TEXT: to the other image. Sets job.
push_other () {
	echo "$1" >>"$TRASH/work-other/greeting" &&
	git -C "$TRASH/work-other" commit -q -a -m "$1" &&
	git -C "$TRASH/work-other" push -q origin main 2>push.out &&
	push_job "$(git -C "$TRASH/work-other" rev-parse HEAD)"
}

test_expect_success 'a node with a build under way' '
	node_init "workers: 2" "compile_core_limit: 50" &&
	node_hello_repo other $other &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=make &&
	node_start &&
	node_swept &&
	push_make "$waiting" &&
	test "$job" = 1 &&
	log_says 1 "builder make"
'

test_expect_success 'pause UUID freezes it, and everybody who asks is told who, and what ends it' '
	by="paused by $me; .hornero resume $HELLO_UUID. ends that" &&
	hornero pause "$HELLO_UUID" >out &&
	test_grep "running builds stand still" out &&
	wait_until "frozen 1" 20 &&
	why_says 1 "Job 1 stands still, and its timeouts do not count: $by" &&
	why_says "$HELLO_UUID" "$by" &&
	test_expect_code 75 hornero wait 1 2>err &&
	test_grep "$by" err &&
	test_expect_code 75 hornero wait "$HELLO_UUID" 2>err &&
	test_grep "$by" err &&
	test_expect_code 1 hornero log -f 1 >out &&
	test_grep "$by" out &&
	hornero queue >out &&
	test_grep "running .*$by" out &&
	test_grep ! "nothing starts" out &&
	hornero queue --json | jq -r ".[0].waiting_for" >out &&
	test_grep "$by" out &&
	hornero show 1 >out &&
	test_grep "$by" out &&
	hornero image list >out &&
	test_grep "$HELLO_UUID .*$by" out &&
	hornero image list --json | jq -r ".[] | \"\(.image) \(.paused_by)\"" | sort >out &&
	printf "%s\n" "$HELLO_UUID $me" "$other null" >want &&
	test_cmp want out &&
	hornero image show "$HELLO_UUID" >out &&
	test_grep "$by" out &&
	{ hornero doctor || :; } >out &&
	test_grep "$by" out &&
	hornero pause "$HELLO_UUID" >out &&
	test_grep "paused already, by $me" out
'

test_expect_success 'a push to it waits and is told so; other images are built' '
	push_make "$waiting; : again" &&
	test_grep "hello is not built for now: $by" push.out &&
	push_other one &&
	test_grep ! "not built|nothing is built" push.out &&
	hornero wait $job --timeout 120 &&
	job_state_is running 1 &&
	job_state_is queued 2
'

test_expect_success 'a reload changes nothing' '
	node_reload &&
	frozen 1 &&
	job_state_is running 1
'

test_expect_success 'nor does a restart, nor the loss of the database: nothing of it starts' '
	node_stop &&
	rm "$NODE"/state/queue/queue.db* &&
	node_start &&
	push_other two &&
	hornero wait $job --timeout 120 &&
	wait_until "queued $HELLO_UUID" 20 &&
	push_other three &&
	hornero wait $job --timeout 120 &&
	why_says "$HELLO_UUID" "waits, as all builds of its image do: $by" &&
	! node_cgroups | grep "/make/[0-9]"
'

test_expect_success 'resume UUID lets it go on' '
	hornero resume "$HELLO_UUID" >out &&
	test_grep "builds continue" out &&
	wait_until "touch $NODE/unikernels/$HELLO_UUID/cache/go" 20 &&
	hornero wait "$HELLO_UUID" --timeout 120 &&
	hornero resume "$HELLO_UUID" >out &&
	test_grep "was not paused" out &&
	test_expect_code 78 hornero pause $(echo $other | tr 7 8) 2>err &&
	test_grep "no image" err
'

test_expect_success 'a build that was frozen at a reload goes on at the next resume' '
	rm "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	push_make "$waiting; : frozen" &&
	frozen=$job &&
	log_says $frozen "builder make" &&
	hornero pause "$HELLO_UUID" &&
	wait_until "frozen $frozen" 20 &&
	: >"$NODE/hornerod.log" &&
	node_reload &&
	hornero resume "$HELLO_UUID" &&
	touch "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	hornero wait $frozen --timeout 120
'

test_expect_success 'pause: nothing starts on the whole node, and what runs stands still' '
	rm "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	push_make "$waiting; : node" &&
	running=$job &&
	log_says $running "builder make" &&
	hornero pause >out &&
	test_grep "this node: nothing is built until .hornero resume." out &&
	wait_until "frozen $running" 20 &&
	push_other four &&
	by="paused by $me on all of this node; .hornero resume. ends that" &&
	test_grep "nothing is built for now: $by" push.out &&
	why_says $job "as all builds of this node do: paused by $me" &&
	test_expect_code 75 hornero wait $job 2>err &&
	test_grep "hornero resume" err &&
	for word in queue "image list" "image show $other"
	do
		hornero $word >out &&
		test_grep "nothing starts for now: paused by $me" out &&
		hornero $word --json >out 2>err &&
		jq . out >/dev/null &&
		test_grep "nothing starts for now: paused by $me" err || return 1
	done
'

test_expect_success 'a start does not end that, resume does; what is paused by itself stays so' '
	node_stop &&
	node_start &&
	hornero pause $other &&
	hornero resume >out &&
	test_grep "start again" out &&
	test_grep "1 image is still paused" out &&
	wait_until "touch $NODE/unikernels/$HELLO_UUID/cache/go" 20 &&
	hornero wait $running --timeout 120 &&
	job_state_is queued $job &&
	hornero resume $other &&
	hornero wait $job --timeout 120 &&
	hornero resume >out &&
	test_grep "neither paused nor drained" out
'

test_expect_success 'whatever such a file says reaches no terminal' '
	printf "\033[2Jeve\n" >"$NODE/state/pause/$other" &&
	push_other five &&
	cat push.out >out &&
	for word in queue "image list" "image show $other" "why $other" doctor
	do
		{ hornero $word || :; } >>out
	done &&
	test "$(grep -c "x1b\[2Jeve" out)" -ge 6 &&
	! grep -q "$(printf "\033")" out &&
	hornero resume $other &&
	hornero wait $job --timeout 120
'

test_expect_success 'without its directory the wish is refused, with the way out' '
	mv "$NODE/state/pause" aside &&
	test_expect_code 78 hornero pause 2>err &&
	test_grep "hornero init" err &&
	mv aside "$NODE/state/pause"
'

test_expect_success 'a frozen build is cancelled; removing an image ends its pause' '
	rm "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	push_make "$waiting; : cancel" &&
	log_says $job "builder make" &&
	hornero pause "$HELLO_UUID" &&
	wait_until "frozen $job" 20 &&
	hornero cancel $job &&
	job_reaches cancelled $job 20 &&
	node_cgroups_gone &&
	hornero image remove "$HELLO_UUID" &&
	find "$NODE/state/pause" -type f >left &&
	test_cmp /dev/null left
'

test_expect_success 'a key pauses what it may write, and nothing else' '
	ssh-keygen -q -t ed25519 -N "" -f id &&
	hornero key add anna id.pub --write other &&
	hornero --key anna pause $other &&
	why_says $other "paused by anna; .hornero resume $other" &&
	test_expect_code 64 hornero --key anna pause 2>err &&
	test_grep "about the whole node.*admin" err &&
	test_expect_code 64 hornero --key anna resume 2>err &&
	hornero --key anna resume $other &&
	node_stop
'

# Red without steer_end_of_image() in cli/image.c.
test_expect_success 'an image that is removed has no open job, and no build' '
	node_start &&
	hornero image add "$HELLO_UUID" hello --builder make &&
	wait_until "hornero queue --state running --json | grep -q $HELLO_UUID" 20 &&
	push_make "$waiting; : waits" &&
	job_state_is queued &&
	hornero image remove "$HELLO_UUID" &&
	job_state_is cancelled &&
	wait_until "! hornero queue --state running --json | grep -q $HELLO_UUID" 20
'

test_done
