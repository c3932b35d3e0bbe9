#!/bin/sh
# Floors on small filesystems: nothing starts below one, every listing says so, and jobs go on by
# themselves.
test_description='below a floor nothing is built or published, until there is room again'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test "$(id -u)" -eq 0 || test_skip_all 'mounting small filesystems needs root'

small () {
	mkdir -p "$1" &&
	mount -t tmpfs -o size="$2",mode=0755 hornero-small "$1" &&
	test_cleanup "umount '$1'"
}

# push_text TEXT MIB. Sets job.
push_text () {
	push_make "yes $1 | head -c $2M >\$@"
}

# fill DIR MIB: somebody else's file
fill () {
	head -c "$2M" /dev/zero >"$1/somebody-else"
}

artifacts () {
	ls "$NODE/instances/hornero/artifact" | grep -c raw
}

test_expect_success 'the store is on the filesystem of instances_path where nothing else is said' '
	small "$NODE/instances" 32m &&
	node_init "store_floor: 8M" "cache_floor: 4M" "reserved_host_disk_mb: 2" &&
	test -d "$NODE/instances/hornero/artifact" &&
	test "$(stat -c %d "$NODE/instances/hornero")" = "$(stat -c %d "$NODE/instances/_base")"
'

test_expect_success 'above the floor it builds' '
	node_start &&
	node_hello_repo &&
	push_text one 1 &&
	hornero wait "$job" --timeout 300 &&
	test_grep ! "disk:" push.out
'

test_expect_success 'below it the push hears so, and the job, why and wait say so' '
	fill "$NODE/instances" 20 &&
	push_text two 1 &&
	floor="the floor is 10.0 MiB .store_floor and reserved_host_disk_mb" &&
	nothing="nothing is built before there is room" &&
	test_grep "$nothing: disk: .* free on .*, $floor" push.out &&
	wait_until "job_waits_for disk \"the floor is\"" 30 &&
	job_state_is queued &&
	why_says "$job" "waits, as all builds of this node do: disk: .*hornero gc" &&
	test_expect_code 75 hornero wait "$job" --timeout 1 2>err &&
	test_grep "waits, and nobody needs to act: disk:" err &&
	test_grep "still queued" err &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 1 2>err &&
	test_grep "waits, and nobody needs to act: disk:" err &&
	test_grep "event=paused reason=.disk:" "$NODE/hornerod.log" &&
	hornero queue >out &&
	test_grep "nothing starts for now: disk: .*the floor is" out
'

test_expect_success 'when there is room again it goes on by itself' '
	{ hornero wait "$job" --timeout 60 & waiting=$!; } &&
	rm "$NODE/instances/somebody-else" &&
	wait $waiting &&
	test "$(job_field waiting_for)" = "" &&
	test_grep "event=resumed" "$NODE/hornerod.log"
'

test_expect_success 'a collection makes the room where it can, before a push waits' '
	push_text three 3 &&
	hornero wait "$job" --timeout 300 &&
	push_text four 1 &&
	hornero wait "$job" --timeout 300 &&
	push_text five 1 &&
	hornero wait "$job" --timeout 300 &&
	before=$(artifacts) &&
	test "$before" -ge 4 &&
	free=$(df --output=avail -B 1M "$NODE/instances" | tail -n 1) &&
	fill "$NODE/instances" $((free - 9)) &&
	push_text six 1 &&
	job_reaches published "$job" 60 &&
	test "$(artifacts)" -lt "$before" &&
	test_grep "event=collected what=artifact .*below store_floor" "$NODE/hornerod.log" &&
	rm "$NODE/instances/somebody-else"
'

test_expect_success 'a built job waits below the cache'\''s floor, and is published by itself' '
	small "$NODE/instances/_base" 32m &&
	chmod 755 "$NODE/instances/_base" &&
	push_make "$gate" "yes seven | head -c 1M >\$@" &&
	gate_reached &&
	fill "$NODE/instances/_base" 30 &&
	gate_open &&
	job_reaches built &&
	wait_until "job_waits_for disk cache_floor" 30 &&
	job_state_is built &&
	test_expect_code 75 hornero wait "$job" --timeout 1 2>err &&
	test_grep "waits, and nobody needs to act: disk: .*cache_floor" err &&
	test_grep "still built" err &&
	rm "$NODE/instances/_base/somebody-else" &&
	hornero wait "$job" --timeout 300
'

test_expect_success 'few inodes are a full disk, too' '
	mount -o remount,nr_inodes=1000 "$NODE/instances" &&
	mkdir "$NODE/instances/many" &&
	(
		cd "$NODE/instances/many" &&
		seq $(($(df --output=iavail "$NODE/instances" | tail -n 1) - 10)) | xargs touch
	) &&
	push_text inodes 1 &&
	: "hornerod, too, makes and removes files" &&
	few="disk: [0-9]{1,2} of [0-9]* inodes free on .*" &&
	test_grep "$nothing: $few, the floor is 2 % .store_floor" push.out &&
	test_expect_code 2 hornero doctor >out &&
	test_grep "${few}nothing is built" out &&
	wait_until "job_waits_for disk \"inodes free\"" 30 &&
	rm -r "$NODE/instances/many" &&
	job_reaches published "$job" 60
'

test_expect_success 'a restart forgets what jobs waited for' '
	{ fill "$NODE/instances" 30 || :; } &&
	push_text eight 1 &&
	wait_until "job_waits_for disk store_floor" 30 &&
	node_stop &&
	rm "$NODE/instances/somebody-else" &&
	node_start &&
	job_reaches published "$job" 60 &&
	node_stop
'
test_done
