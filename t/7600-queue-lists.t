#!/bin/sh
test_description='hornero queue: its limit, its filters, and the names of images'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires sqlite3 sqlite3
test_requires ssh-keygen openssh-client

U=00000000-0000-4000-8000-000000000001
V=00000000-0000-4000-8000-000000000002
W=00000000-0000-4000-8000-000000000003

# states: the job numbers of a JSON listing, on one line.
jobs () {
	jq -r '[.[].job] | @text' "$1"
}

cut='There are more jobs than these'

# 1 published, 2 failed, 3 held, 4 in its back-off, 5 cancelled, 6 built, 7 running, 8 superseded,
# 9 queued; then 30 more that were published long ago.
test_expect_success 'a node with jobs in every state, and a history' '
	cli_node "keys_file: $TRASH/keys" &&
	hornero init &&
	queue=$TRASH/state/queue/queue.db &&
	"$HORNERO_BUILD/t/tools/seed" hornero.yaml &&
	sqlite3 $queue "SELECT group_concat(char(34) || name || char(34))
		FROM pragma_table_info(\"jobs\") WHERE name NOT IN (\"id\", \"repo\", \"pushed_by\",
		\"created_ms\", \"ended_ms\")" >columns &&
	sqlite3 $queue "
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
		INSERT INTO jobs (id, repo, pushed_by, created_ms, ended_ms, $(cat columns))
		SELECT 100 + i, \"old\", \"bob\", created_ms - 864000000, ended_ms - 864000000 + i,
		$(cat columns) FROM jobs, n WHERE jobs.id = 1"
'

# Red without USUAL_ENDED; red where note_cut() comes before another note.
test_expect_success 'open jobs and the last 20 that ended; the last line says that there are more' '
	hornero queue >out &&
	test "$(grep -c "^ *[0-9]" out)" -eq 25 &&
	tail -n 1 out >last &&
	test_grep "^$cut 25: .hornero queue --limit N. lists more, .hornero queue --all." last &&
	hornero queue --json >out.json 2>err &&
	test "$(jq length out.json)" -eq 25 &&
	tail -n 1 err >last &&
	test_grep "^$cut 25:" last &&
	hornero queue --all >out 2>err &&
	test "$(grep -c "^ *[0-9]" out)" -eq 39 &&
	test_must_fail grep -h "$cut" out err
'

# Red without `left` in queue_row().
test_expect_success '--limit: open jobs first, then as many ended ones as there is room for' '
	hornero queue --limit 3 --json >out.json 2>err &&
	test "$(jobs out.json)" = "[7,6,9]" &&
	test_grep "^$cut 3:" err &&
	hornero queue -n 38 --json >out.json 2>err &&
	test "$(jq length out.json)" -eq 38 &&
	test_grep "^$cut 38:" err &&
	hornero queue --limit 39 --json >out.json 2>err &&
	test "$(jq length out.json)" -eq 39 &&
	test_must_fail grep "$cut" err &&
	hornero queue --all --limit 30 --json >out.json 2>err &&
	test "$(jq length out.json)" -eq 30 &&
	test_grep "^$cut 30:" err &&
	for bad in 0 -1 many 1000000001
	do
		test_expect_code 64 hornero queue --limit $bad 2>err &&
		test_grep "limit.*$bad.*a number from 1 to" err || return 1
	done
'

# Red without MATCHES, for open and for ended jobs.
test_expect_success 'filters: state, repository, image, the one who pushed, and all together' '
	while read -r options
	do
		hornero queue --json $options >out.json 2>err &&
		echo "$options: $(jobs out.json)" || return 1
	done >got <<-END &&
	--state failed
	--state held,running
	--state superseded,queued,published --repo team/hello
	--image $U
	--image $V --state failed
	--image $V --state held
	--repo old --limit 2
	--pushed-by bob --limit 1
	--all --pushed-by bob --state queued
	--since 9d
	--since 9d --state published
	END
	cat >want <<-END &&
	--state failed: [2]
	--state held,running: [7,3]
	--state superseded,queued,published --repo team/hello: [9,4,8,1]
	--image $U: [130,129,128,127,126,125,124,123,122,121,120,119]
	--image $V --state failed: [2]
	--image $V --state held: []
	--repo old --limit 2: [130,129]
	--pushed-by bob --limit 1: [130]
	--all --pushed-by bob --state queued: []
	--since 9d: [7,6,9,4,3,8,5,2,1]
	--since 9d --state published: [1]
	END
	sed -i "s/\(image $U: \)\[1,/\1[/; s/119,.*/119]/" got &&
	test_cmp want got &&
	hornero queue --state held --image $V >out &&
	test_grep "^No job matches" out
'

test_expect_success 'a wrong filter: 64, and what is right' '
	test_expect_code 64 hornero queue --state queued,faild 2>err &&
	test_grep "\"faild\" is not a state of a job; the states are queued, running" err &&
	test_expect_code 64 hornero queue --image nobody 2>err &&
	test_grep "no image is named \"nobody\".*hornero image list" err &&
	test_expect_code 64 hornero queue --since yesterday 2>err &&
	test_grep "\"yesterday\" is not a time" err
'

# Red without names_shown() in cli/queue.c.
test_expect_success 'images by name, in the listing and in --image' '
	mkdir -p git/team/hello.git &&
	hornero image add $U team/hello --name web &&
	hornero image add $V team/hello --name twin &&
	hornero image add $W team/hello --name twin &&
	hornero queue --image web --json >out.json 2>err &&
	jq -e "all(.[]; .image == \"$U\" and .name == \"web\")" out.json &&
	hornero queue --since 1h >out &&
	test_grep "^ *1  published  *web  " out &&
	test_grep "^ *2  failed  *twin .00000000.  " out &&
	test_must_fail grep $U out &&
	test_expect_code 64 hornero queue --image twin 2>err &&
	test_grep "2 images are named \"twin\"" err
'

# Red without cli_images() in names_load(): the name of a hidden image is shown.
test_expect_success 'a key sees only its part, filtered and counted' '
	ssh-keygen -q -t ed25519 -N "" -f id &&
	hornero key add alice id.pub --read old &&
	hornero --key alice queue --json >out.json 2>err &&
	test "$(jq length out.json)" -eq 20 &&
	test_grep "^$cut 20:" err &&
	jq -e "all(.[]; .repo == \"old\" and .name == \"\")" out.json &&
	hornero --key alice queue --repo team/hello >out &&
	test_grep "^No job matches" out &&
	test_expect_code 64 hornero --key alice queue --image web
'

test_done
