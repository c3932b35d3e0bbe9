#!/bin/sh
# A whole node on one small filesystem: whoever fills it is ended at store_floor and gives the room
# back, at every stage; who is not to blame waits.
test_description='a push that fills the disk is ended at the floor, and the others go on'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires mkfs.ext4 e2fsprogs
test "$(id -u)" -eq 0 || test_skip_all 'mounting small filesystems needs root'

OTHER=33333333-3333-4333-8333-333333333333

# push_files: what is in the hello work clone. Sets job.
push_files () {
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m "$1" &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out || { cat push.out; return 1; }
	push_job
}

# by_pusher PATTERN: show.json has a job that failed at once, by its pusher's fault, with this in
# its reason.
by_pusher () {
	jq -e --arg pattern "$1" '
		.state == "failed" and
		(.attempts | length) == 1 and
		.attempts[0].class == "pusher" and
		.attempts[0].cause == "disk" and
		(.attempts[0].reason | test($pattern))' show.json
}

# filled PATTERN: so did $job, and what it wrote is gone.
filled () {
	test_expect_code 1 hornero wait "$job" --timeout 120 &&
	hornero show "$job" --json >show.json &&
	by_pusher "$1" || { cat show.json; return 1; }
	test -z "$(ls -A "$NODE/unikernels/$HELLO_UUID")" &&
	test -z "$(ls -A "$NODE/instances/hornero/stage")" &&
	free_mib &&
	test "$free" -gt 40
}

free_mib () {
	free=$(df --output=avail -B 1M "$NODE" | tail -n 1)
}

other_goes_on () {
	(
		HELLO_UUID=$OTHER HELLO_WORK=$TRASH/work-other &&
		push_make "echo $1 >\$@; truncate -s 64K \$@" &&
		hornero wait "$job" --timeout 300
	)
}

test_expect_success 'a node on a filesystem of 100 MiB and 3000 inodes' '
	mkdir -p "$NODE" &&
	truncate -s 100M disk &&
	mkfs.ext4 -q -m 0 -O ^has_journal -N 3000 disk &&
	mount -o loop disk "$NODE" &&
	test_cleanup "umount \"$NODE\"" &&
	node_init "store_floor: 20M" "workers: 1" "cache_floor: 0" &&
	node_start &&
	node_hello_repo other $OTHER &&
	node_hello_repo &&
	other_goes_on first
'

test_expect_success 'the checkout: a push of a few KiB that holds 90 MB of zeros' '
	for n in 1 2 3 4 5 6 7 8 9
	do
		{ echo $n && head -c 10000000 /dev/zero; } >"$HELLO_WORK/zeros$n" || return 1
	done &&
	push_files zeros &&
	filled "^the checkout filled the disk: it took .* MiB since the attempt began" &&
	other_goes_on second
'

test_expect_success 'the builder: faster than anybody looks' '
	git -C "$HELLO_WORK" rm -q "zeros*" &&
	push_make "fallocate -l 80M ../cache/x" &&
	filled "^make filled the disk: it took .* MiB" &&
	other_goes_on third
'

test_expect_success 'where it cannot be counted, too' '
	push_make "mkdir -p ../cache/$(printf "%0400d" 0 | sed "s,0,d/,g")" \
		"head -c 90000000 /dev/zero >../cache/$(printf "%0400d" 0 | sed "s,0,d/,g")x" &&
	filled "^make filled the disk" &&
	other_goes_on fourth
'

test_expect_success 'where the files have no name any more, too' '
	fill="while head -c 1000000 /dev/zero >&3; do echo; done" &&
	push_make "exec 3>../cache/x; rm ../cache/x; $fill; sleep 60" &&
	filled "^make filled the disk" &&
	other_goes_on fifth
'

test_expect_success 'the check: an artifact that is copied, and fits only once' '
	push_make "head -c 50000000 /dev/urandom >\$@" "ln -f \$@ second" &&
	filled "^the check of the artifact filled the disk: it took .* MiB" &&
	other_goes_on sixth
'

test_expect_success 'inodes: empty files' '
	fill="while : >../cache/d/\$\$i; do i=\$\$((i + 1)); done" &&
	push_make "mkdir ../cache/d; i=0; $fill; echo out of inodes" &&
	took="it took [0-9]* inodes since the attempt began" &&
	filled "^make filled the disk: $took, and less than [0-9]* inodes were free" &&
	test "$(df --output=iavail "$NODE" | tail -n 1)" -gt 1000 &&
	other_goes_on seventh
'

# waits_for_disk: $job is queued again, by nobody's fault.
waits_for_disk () {
	hornero show "$job" --json | jq -e '
		.state == "queued" and
		.attempts[0].class == "nobody" and
		.attempts[0].cause == "disk"'
}

test_expect_success 'a disk that others fill is nobody'\''s fault: the job waits, and goes on' '
	push_make "$gate" "truncate -s 64K \$@" &&
	gate_reached &&
	free_mib &&
	head -c $((free - 10))M /dev/zero >"$NODE/somebody-else" &&
	wait_until waits_for_disk 30 &&
	job_field "attempts[0].reason" >out &&
	test_grep "^less than 20.0 MiB are free on .*store_floor.; make was ended" out &&
	rm -f "$NODE/unikernels/$HELLO_UUID/cache/here" &&
	rm "$NODE/somebody-else" &&
	wait_until "test -e $NODE/unikernels/$HELLO_UUID/cache/here" 60 &&
	gate_open &&
	wait_until "hornero wait $job --timeout 10" 60
'

test_expect_success 'the node stops' '
	node_stop
'
test_done
