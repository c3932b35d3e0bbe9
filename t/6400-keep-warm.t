#!/bin/sh
# keep_warm: always, never, or a time after the last use or push. Time is moved by mtimes and by the
# times in records, never by waiting.
test_description='kept warm: touched before Nova'\''s ageing, let go after, back from the store'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
. "$HORNERO_SRC/t/lib/nova.sh"
. "$HORNERO_SRC/t/lib/why.sh"

age () {
	nova age "$NODE/instances" &&
	test_grep '^aged' nova.log
}

# long_ago FILE MEMBER SECONDS: the record's time, so many seconds ago. Not by jq, which rounds
# nanoseconds.
long_ago () {
	sed "s/\"$2\": [0-9]*/\"$2\": $(($(date +%s) - $3))000/" "$1" >record.new &&
	cat record.new >"$1"
}

# used: how many seconds ago
used () {
	echo $(($(date +%s) - $(sed -n 's/.*"used_ms": \([0-9]*\)[0-9]\{3\},*/\1/p' "$kept")))
}

seconds_old () {
	echo $(($(date +%s) - $(stat -c %Y "$1")))
}

wish () {
	hornero image set "$HELLO_UUID" "keep_warm=$1" >/dev/null
}

test_expect_success 'an image is warm, and kept always' '
	node_init "cache_grace: 1h" "sweep_interval: 10h" &&
	node_start &&
	node_hello_repo &&
	hello_pushed one &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	record=$NODE/instances/hornero/warm/$HELLO_UUID.json &&
	kept=$NODE/instances/hornero/kept/$HELLO_UUID.json &&
	node_stop &&
	hornero cache --json | jq -e ".[0].keep_warm == \"always\" and .[0].kept_until_ms == null"
'

test_expect_success 'older than half of Nova'\''s age it is touched, and Nova keeps it' '
	touch -d "11 hours ago" "$warm" &&
	keep &&
	test $(seconds_old "$warm") -gt 3600 &&
	touch -d "23 hours ago" "$warm" &&
	touch "$NODE/instances/_base/.hornero-left" && # by a publisher that was killed
	keep &&
	test $(seconds_old "$warm") -lt 600 &&
	test ! -e "$NODE/instances/_base/.hornero-left" &&
	age &&
	test -e "$warm"
'

test_expect_success 'a broken image file lets nothing go; Nova may take a removed image' '
	image=$(echo "$NODE"/*/images.d/"$HELLO_UUID.yaml") &&
	cp "$image" image.good &&
	echo "keep_warm: [" >"$image" &&
	touch -d "23 hours ago" "$warm" &&
	keep &&
	test $(seconds_old "$warm") -lt 600 &&
	rm "$image" &&
	touch -d "23 hours ago" "$warm" &&
	keep &&
	test $(seconds_old "$warm") -gt 3600 &&
	cp image.good "$image" &&
	keep &&
	test $(seconds_old "$warm") -lt 600
'

# Red without the comparison with touched_ns in store/kept.c kept_learn().
test_expect_success 'our own touch does not count as a use; any other mtime does' '
	long_ago "$record" published_ms 324000 &&
	rm "$kept" &&
	touch -d "30 hours ago" "$warm" &&
	keep &&
	test $(used) -gt 107000 &&
	test $(seconds_old "$warm") -lt 600 &&
	then=$(($(date +%s) - 72000)) &&
	sed "s/\"touched_ns\": [0-9]*/\"touched_ns\": ${then}123456789/" "$kept" >new &&
	cat new >"$kept" &&
	touch -d "@$then.123456789" "$warm" &&
	keep &&
	test $(used) -gt 107000 &&
	test $(seconds_old "$warm") -lt 600 &&
	touch -d "20 hours ago" "$warm" &&
	keep &&
	test $(used) -lt 73000
'

test_expect_success 'keep_warm: 2d: touched so that Nova takes it 2 days after its last use' '
	wish 2d &&
	rm "$kept" &&
	long_ago "$record" published_ms 108000 &&
	touch -d "30 hours ago" "$warm" &&
	keep &&
	test $(seconds_old "$warm") -gt 21000 &&
	test $(seconds_old "$warm") -lt 22000 &&
	age &&
	test -e "$warm" &&
	hornero cache --json | jq -e "(.[0].kept_until_ms / 1000 - now) | . > 64000 and . < 65000"
'

test_expect_success 'then it is let go: Nova takes it, why says so, and no sweep brings it back' '
	rm "$kept" &&
	long_ago "$record" published_ms 216000 &&
	touch -d "60 hours ago" "$warm" &&
	keep &&
	test $(seconds_old "$warm") -gt 86400 &&
	age &&
	test_must_fail test -e "$warm" &&
	keep &&
	hornero sweep >out &&
	test_grep "let go" out &&
	because let-go "$HELLO_UUID" "no longer kept warm, as its keep_warm .2d" &&
	why_says "$HELLO_UUID" "Nova ages out"
'

test_expect_success 'a longer wish brings it back, after the grace only' '
	wish always &&
	hornero sweep >out &&
	test_grep "gone" out &&
	test_must_fail grep "queued:" out &&
	why_says "$HELLO_UUID" "comes back from the store" &&
	keep &&
	long_ago "$kept" gone_ms 3500 &&
	keep &&
	hornero sweep >out &&
	test_must_fail grep "job" out &&
	long_ago "$kept" gone_ms 3600 &&
	test_expect_code 1 keep &&
	hornero sweep >out &&
	test_grep "its file is gone" out
'

test_expect_success 'it comes from the store, without a build, and that is no use' '
	before=$(used) &&
	node_start &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	test -e "$warm" &&
	hornero queue --all --json | jq -e "max_by(.job).reused" &&
	node_stop &&
	touch -d "13 hours ago" "$warm" &&
	keep &&
	test $(used) -ge $before &&
	test $(seconds_old "$warm") -lt 600
'

test_expect_success 'why tells a file that was deleted from one that Nova took' '
	rm "$warm" &&
	keep &&
	why_says "$HELLO_UUID" "someone deleted it: it was too young"
'

test_expect_success 'the agent brings it back by itself when the grace is over' '
	node_set cache_grace 1s &&
	node_set cache_minimum_age 8s &&
	node_start &&
	wait_until "test -e \"$warm\"" 30 &&
	hornero queue --all --json | jq -e "max_by(.job).reused" &&
	node_stop
'

test_expect_success 'keep_warm: never: a push publishes it, and nothing touches it' '
	node_set cache_minimum_age &&
	node_set cache_grace 1h &&
	wish never &&
	touch -d "23 hours ago" "$warm" &&
	keep &&
	test $(seconds_old "$warm") -gt 3600 &&
	touch -d "2 days ago" "$warm" &&
	age &&
	test_must_fail test -e "$warm" &&
	hornero sweep >out &&
	test_grep "let go" out
'

test_expect_success 'a wish that is none is refused with words' '
	test_expect_code 64 hornero image set "$HELLO_UUID" keep_warm=often 2>err &&
	test_grep "always, never, or a time" err
'

test_done
