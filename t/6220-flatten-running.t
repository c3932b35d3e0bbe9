#!/bin/sh
# Running instances on the real libvirt and QEMU, through the front. The image is examples/hello,
# which says its greeting at each boot, with a pattern of the greeting behind it. The guest's writes
# are qemu-io's, by the running QEMU at the guest's own device. A QEMU is ended by kill -9 wherever
# bytes are compared: what counts is on the disk.
test_description='in_use with running domains: push, defer, flatten and restart lose no byte'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/flatten.sh"
. "$HORNERO_SRC/t/lib/libvirt.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires libvirtd libvirt-daemon
test_requires virsh libvirt-clients
test_requires qemu-system-x86_64 qemu-system-x86

push_greeting () {
	echo "$1" >"$HELLO_WORK/greeting" &&
	git -C "$HELLO_WORK" commit -q -a -m "$1" &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out || { cat push.out; return 1; }
	push_job
}

# The greeting stands behind the kernel, again and again.
warm_is () {
	test "$(tail -c 4194304 "$warm" | head -n 2 | tail -n 1)" = "$1"
}

# instance NAME: made and booted; $expected is what its guest sees from then on.
instance () {
	name=$1 &&
	disk=$NODE/instances/$name/disk &&
	expected=$TRASH/$name.expected &&
	mkdir "$NODE/instances/$name" &&
	echo "{\"$disk\": \"qcow2\"}" >"$disk.info" &&
	qemu-img create -q -f qcow2 -F raw -b "$warm" "$disk" 20M &&
	libvirt_domain "$name" "$disk" &&
	boot "$2" &&
	write 0xaa 3M 200k &&
	write 0xbb 5000k 4k &&
	write 0xcc 19M 64k &&
	libvirt_device "$name" flush &&
	flatten_see "$disk" "$expected" &&
	flatten_is_backed "$disk"
}

write () {
	libvirt_device "$name" "write -P $1 $2 $3"
}

boot () {
	rm -f "$LIBVIRT/$name.serial" &&
	virsh start "$name" &&
	wait_until "grep -q '^$1, tree' $LIBVIRT/$name.serial" 30
}

# whole GREETING: its QEMU is killed, nothing of it is lost, and it boots again as it was.
whole () {
	kept &&
	boot "$1"
}

kept () {
	libvirt_kill "$name" &&
	same_bytes
}

same_bytes () {
	flatten_see "$disk" seen &&
	cmp "$expected" seen
}

no_block_job () {
	virsh qemu-monitor-command "$name" '{"execute":"query-block-jobs"}' >jobs &&
	grep -q '"return":\[\]' jobs
}

publisher_of () {
	for child in $(flatten_of "$1")
	do
		grep -q hornero-publish "/proc/$child/comm" &&
		echo "$child"
	done
}

waits_for () {
	words=$1
	wait_until 'job_field waiting_for | grep -E -e "$words"' 90 ||
	{ hornero show $job; return 1; }
}

# Also where it has gone on since.
has_waited_for () {
	words=$1
	wait_until 'hornero show "$job" --json | grep -E -e "$words"' 90 ||
	{ hornero show $job; return 1; }
}

gone () {
	virsh destroy "$name"
	virsh undefine "$name" &&
	rm -r "$NODE/instances/$name"
}

test_expect_success 'a libvirt, a node, an image that is warm' '
	libvirt_start &&
	node_init "libvirt_uri: $LIBVIRT_URI" "flatten_rate: 0" &&
	node_start &&
	node_hello_repo &&
	sed -i "/objcopy/a\\	yes \"\$\$(cat greeting)\" | head -c 15728640 >>\$@" \
		"$HELLO_WORK/Makefile" &&
	push_greeting first &&
	hornero wait $job --timeout 120 &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	warm_is first
'

test_expect_success 'defer: a running domain keeps its bytes, and its end publishes the push' '
	instance one first &&
	push_greeting second &&
	test_expect_code 75 hornero wait $job --timeout 120 2>err &&
	test_grep "instance one stands on the present bytes" err &&
	warm_is first &&
	whole first &&
	warm_is first &&
	libvirt_kill one &&
	why_says $job "instance one" &&
	gone &&
	hornero wait "$HELLO_UUID" --timeout 1 2>/dev/null
	wait_until "hornero wait $job --timeout 5" 30 &&
	warm_is second
'

# Red without fill() in pull.c: QEMU has the tables of the pulled bytes in memory when it is killed.
test_expect_success 'flatten: it is pulled while it runs, and a killed QEMU loses nothing' '
	hornero image set "$HELLO_UUID" in_use=flatten &&
	instance two second &&
	push_greeting third &&
	hornero wait $job --timeout 120 &&
	warm_is third &&
	test_must_fail flatten_is_backed "$disk" &&
	whole second &&
	virsh dumpxml two >xml &&
	test_grep "<backingStore/>" xml &&
	no_block_job &&
	test_grep "event=flattened way=pull .*disk=$disk" "$NODE/hornerod.log" &&
	gone
'

test_expect_success 'why and queue say how far it is; a cancel leaves no job and the old base' '
	instance three third &&
	node_set flatten_rate 1 &&
	push_greeting fourth &&
	waits_for "^flattening instance three: [0-9]+ % of 16.0 MiB" &&
	because flattening $job "flattening instance three: [0-9]+ %" &&
	hornero queue >out &&
	test_grep "flattening" out &&
	hornero cancel $job &&
	wait_until no_block_job 20 &&
	warm_is third &&
	flatten_is_backed "$disk"
'

# hornero-flatten is about to write its progress, to nobody then. Red without the death signal in
# flattening.c, and if SIGPIPE ends hornero-flatten. hornerod stands still, so that no next attempt
# ends the job.
test_expect_success 'the publisher is killed: its block job is ended all the same' '
	node_set failpoint flatten-looked:stop &&
	push_greeting unheard &&
	hornerod_says failpoint.point=flatten-looked 120 &&
	test_must_fail no_block_job &&
	node_set failpoint &&
	kill -STOP $node_pid &&
	test_cleanup "kill -CONT $node_pid 2>/dev/null || :" &&
	publisher=$(publisher_of $node_pid) &&
	flatten=$(flatten_of $publisher) &&
	kill -KILL $publisher &&
	kill -CONT $flatten &&
	wait_until no_block_job 40 &&
	kill -CONT $node_pid &&
	hornero cancel $job &&
	wait_until no_block_job 40 &&
	warm_is third &&
	flatten_is_backed "$disk"
'

test_expect_success 'a domain that stands still is flattened, too, and wait waits for it' '
	virsh suspend three &&
	node_set flatten_rate 8 &&
	push_greeting fifth &&
	hornero wait $job --timeout 120 &&
	has_waited_for "flattening instance three: [1-9]" &&
	warm_is fifth &&
	kept &&
	gone &&
	now=fifth
'

# The other two kills are for the long tests: each takes two boots.
points=flatten-filled
test "$HORNERO_TEST_LONG" != 1 || points='flatten-copying flatten-filled flatten-pulled'
for point in $points
do
	test_expect_success "hornero-flatten dies at $point, then the QEMU: the next one goes on" '
		rate=0 &&
		{ test $point != flatten-copying || rate=1; } &&
		node_set flatten_rate $rate &&
		instance "$point" "$now" &&
		node_set failpoint $point &&
		push_greeting "at $point" &&
		has_waited_for "hornero-flatten died: signal 9" &&
		kept &&
		node_set failpoint &&
		node_set flatten_rate 0 &&
		wait_until "hornero wait $job --timeout 5" 120 &&
		warm_is "at $point" &&
		same_bytes &&
		test_must_fail flatten_is_backed "$disk" &&
		boot "$now" &&
		kept &&
		gone &&
		now="at $point"
	'
done

test_expect_success 'a foreign block job is left alone, and waited for' '
	instance busy "$now" &&
	virsh blockpull busy vda --bandwidth 65536 --bytes &&
	push_greeting busy &&
	waits_for "instance busy .*a block job that is not ours is at work on it" &&
	virsh blockjob busy vda >out &&
	test_grep "64.000 KiB" out &&
	virsh blockjob busy vda --bandwidth 1000 &&
	wait_until "hornero wait $job --timeout 5" 120 &&
	warm_is busy &&
	libvirt_device busy flush &&
	kept &&
	gone &&
	now=busy
'

test_expect_success 'a saved domain is left alone; restored with its own disk, it is flattened' '
	instance saved "$now" &&
	virsh managedsave saved &&
	push_greeting saved &&
	waits_for "instance saved .*its domain was saved" &&
	same_bytes &&
	flatten_is_backed "$disk" &&
	virsh start saved &&
	wait_until "hornero wait $job --timeout 5" 120 &&
	warm_is saved &&
	kept &&
	gone &&
	now=saved
'

test_expect_success 'it stops' 'node_stop'

test_done
