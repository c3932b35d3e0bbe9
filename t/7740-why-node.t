#!/bin/sh
# `hornero why` without an argument: how many images are warm, one line for each thing that keeps
# images from being warm, and an answer while the configuration, the queue or hornerod is broken.
test_description='hornero why: the node as a whole'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires jq jq
test "$(id -u)" -eq 0 || test_skip_all 'mounting small filesystems needs root'

B=22222222-2222-4222-8222-222222222222

# all CODE WARM IMAGES: the exit code, and what is counted. The lines are in out.
all () {
	test_expect_code $1 hornero why >out 2>err &&
	test_grep "^$2 of $3 images\\{0,1\\} \\(is\\|are\\) warm.$" out
}

test_expect_success 'no image yet, and one that waits for its first push' '
	mkdir -p "$NODE/instances" &&
	mount -t tmpfs -o size=64m,nr_inodes=4000,mode=0755 hornero-small "$NODE/instances" &&
	test_cleanup "umount \"$NODE/instances\"" &&
	node_init "store_floor: 8M" &&
	test_expect_code 1 hornero why >out &&
	test_grep "There is no image yet: .hornero image add" out &&
	test_grep "hornerod does not run: .systemctl start hornerod" out &&
	node_hello_repo other $B &&
	node_make_repo &&
	node_start &&
	node_swept &&
	test_expect_code 1 hornero why >out &&
	test_grep "^0 of 2 images are warm.$" out &&
	test "$(grep -c "nothing has been pushed to refs/heads/main" out)" -eq 2 &&
	test "$(wc -l <out)" -eq 3
'

test_expect_success 'all is warm: exit 0, no line' '
	hello_pushed one &&
	hornero image remove $B &&
	hornero why >out &&
	echo "1 of 1 image is warm." >want &&
	test_cmp want out &&
	hornero why --json >out &&
	jq -e ".images == 1 and .warm == 1 and .reasons == [] and .also == []" out
'

# Red where is_said_once() in cli/whyall.c is always false.
test_expect_success 'one cause of two images is one line' '
	hornero image add $B hello &&
	hornero image set $B builder=make &&
	hornero wait $B --timeout 60 &&
	hornero pause &&
	hello_push two &&
	wait_until "hornero why | grep -q \"images that wait: 2\"" 60 &&
	test_expect_code 1 hornero why >out &&
	test_grep "^0 of 2 images are warm.$" out &&
	test "$(wc -l <out)" -eq 2 &&
	because pause "" "Nothing starts for now .images that wait: 2.: paused by" &&
	test "$command" = "hornero resume" &&
	mend &&
	hornero wait $HELLO_UUID --timeout 60 && hornero wait $B --timeout 60 &&
	hornero why
'

test_expect_success 'a pause of one image is its own line' '
	hornero pause $B &&
	hello_push three &&
	hornero wait $HELLO_UUID --timeout 60 &&
	because pause "" "Job [0-9]* waits, as all builds of its image do" &&
	test_expect_code 1 hornero why >out &&
	test_grep "^1 of 2 images are warm.$" out &&
	mend && hornero wait $B --timeout 60
'

# ring: an idle hornerod looks at the disks once a minute.
ring () {
	hornero image set $B name=b
}

test_expect_success 'disk: which filesystem, and the command that frees it' '
	head -c 56M /dev/zero >"$NODE/instances/somebody-else" &&
	ring &&
	because disk "" "disk: .* free on $NODE/instances.*, the floor is 8.0 MiB .store_floor" &&
	test "$command" = "hornero gc" &&
	hello_push four &&
	because disk $job "the floor is 8.0 MiB" &&
	same_words $job &&
	rm "$NODE/instances/somebody-else" &&
	{ mend >out || cat out; } &&
	job_ends published
'

test_expect_success 'disk: no inodes are left' '
	mkdir "$NODE/instances/many" &&
	(cd "$NODE/instances/many" && seq 4000 | xargs touch 2>/dev/null; :) &&
	ring &&
	because disk "" "[0-9]* of 4000 inodes free on $NODE/instances.*the floor is" &&
	rm -r "$NODE/instances/many" &&
	ring &&
	wait_until "hornero why" 60
'

# Red without cli_conf_good() in cli/whyall.c.
test_expect_success 'configuration: the last good one answers' '
	hornero config check --keep &&
	cp "$HORNERO_CONF" kept &&
	echo "wrokers: 2" >>"$HORNERO_CONF" &&
	because configuration "" "hornero.yaml:[0-9]*:1: .*wrokers" &&
	test "$command" = "hornero config check" &&
	test_expect_code 78 mend 2>err &&
	test_expect_code 1 hornero why >out &&
	test_grep "^2 of 2 images are warm.$" out &&
	test_expect_code 78 hornero why $B &&
	cp kept "$HORNERO_CONF" &&
	hornero why
'

test_expect_success 'queue: damaged, and of a newer hornero' '
	node_stop &&
	cp "$NODE/state/queue/queue.db" good.db &&
	rm -f "$NODE/state/queue"/queue.db-* &&
	sqlite3 "$NODE/state/queue/queue.db" "PRAGMA user_version = 999" &&
	because queue "" "The queue cannot be used .images that wait: 0.: .*999" &&
	because agent-off "" "hornerod does not run" &&
	rm -f "$NODE/state/queue"/queue.db* &&
	head -c 65536 /dev/urandom >"$NODE/state/queue/queue.db" &&
	test_expect_code 1 hornero why >out 2>err &&
	test_grep "The queue cannot be used .*is damaged.*hornerod moves it aside" out &&
	test_grep "^2 of 2 images are warm.$" out &&
	because agent-off "" "hornerod does not run" &&
	mend &&
	wait_until "hornero why" 60
'

test_expect_success 'a key sees its own images, and no other' '
	ssh-keygen -q -t ed25519 -N "" -f id &&
	hornero key add --read elsewhere stranger id.pub &&
	hornero --key stranger why >out &&
	test_grep "There is no image yet" out &&
	ssh-keygen -q -t ed25519 -N "" -f id2 &&
	hornero key add --read hello reader id2.pub &&
	hornero --key reader why --json >out &&
	jq -e ".images == 2 and .warm == 2" out
'

test_done
