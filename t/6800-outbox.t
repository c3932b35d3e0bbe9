#!/bin/sh
# The outbox: the releases that are to be registered in Glance. No hornero-glance runs here.
test_description='releases: registered: SHA-512 in the manifest, a file of the outbox'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

STORE=$NODE/instances/hornero
OUTBOX=$STORE/outbox

# manifest_field NAME: of the artifact that is warm.
manifest_field () {
	jq -r ".$1 // empty" "$STORE/artifact/$(image_field digest).json"
}

# its_file: the file of the outbox for the current release.
its_file () {
	echo "$OUTBOX/$(image_field release).json"
}

# out_is FIELD VALUE: now.
out_is () {
	jq -e --arg value "$2" "(.$1 | tostring) == \$value" "$(its_file)" ||
	{ cat "$(its_file)"; return 1; }
}

test_expect_success 'never and always: no SHA-512, no outbox' '
	node_init "sweep_interval: 10h" &&
	node_start &&
	node_hello_repo &&
	hello_pushed never &&
	hornero image set "$HELLO_UUID" releases=always &&
	hello_pushed always &&
	test -z "$(manifest_field sha512)" &&
	test ! -e "$OUTBOX"
'

# Red without hand_out() in hornero-sweep: no job would be queued for it.
test_expect_success 'registered: the sweep hands out what is warm already' '
	hornero image set "$HELLO_UUID" releases=registered &&
	wait_until "test -e \"$(its_file)\"" 30 &&
	out_is job "$job" &&
	out_is visibility shared &&
	out_is project ""
'

# Red with sha256_fd() alone in build_store.c.
test_expect_success 'a push: both digests in the manifest, its release in the outbox' '
	hornero image set "$HELLO_UUID" glance_visibility=public glance_project=af12 &&
	hello_pushed one &&
	digest=$(image_field digest) &&
	test "$(manifest_field sha512)" = "$(sha512sum <"$STORE/artifact/$digest.raw" |
		cut -d " " -f 1)" &&
	test "$(manifest_field digest)" = "$(sha256sum <"$STORE/artifact/$digest.raw" |
		cut -d " " -f 1)" &&
	out_is image "$HELLO_UUID" &&
	out_is digest "$digest" &&
	out_is repo hello &&
	out_is ref refs/heads/main &&
	out_is commit "$(git -C "$HELLO_WORK" rev-parse HEAD)" &&
	out_is job "$job" &&
	out_is visibility public &&
	out_is project af12 &&
	first=$(its_file)
'

test_expect_success 'the next push has a file of its own; a rollback writes the first again' '
	hello_pushed two &&
	test "$(its_file)" != "$first" &&
	test "$(ls "$OUTBOX" | wc -l)" -eq 3 &&
	hornero rollback "$HELLO_UUID" &&
	queue_settles &&
	test "$(its_file)" = "$first" &&
	test "$(jq .job "$first")" -gt "$job"
'

test_expect_success 'a removed and a damaged file are written again by a sweep' '
	cp "$first" was &&
	rm -r "$OUTBOX" &&
	hornero sweep &&
	test_cmp was "$first" &&
	echo "{" >"$first" &&
	hornero sweep &&
	test_cmp was "$first"
'

# Red without hand_out() where record_release() finds its record.
test_expect_success 'killed between record and outbox: the next start hands it out' '
	hornero rollback "$HELLO_UUID" --undo &&
	queue_settles &&
	node_set failpoint agent-before-outbox &&
	node_reload &&
	hello_push three &&
	wait_until "! kill -0 $node_pid" 30 &&
	node_crash &&
	node_set failpoint &&
	node_start &&
	job_reaches published &&
	out_is job "$job" &&
	test "$(ls -A "$OUTBOX" | grep -c tmp)" -eq 0
'

test_expect_success 'with a key neither visibility nor project can be chosen' '
	ssh-keygen -q -t ed25519 -N "" -f key &&
	hornero key add her --admin "*" <key.pub &&
	test_must_fail hornero --key her image set "$HELLO_UUID" glance_visibility=public 2>err &&
	test_grep "glance_visibility is set on the node itself" err
'

test_done
