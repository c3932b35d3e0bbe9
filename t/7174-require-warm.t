#!/bin/sh
test_description='require_warm: the records in Glance require a node that has the image warm'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/rollout.sh"
test_requires jq jq
test_requires python3 python3

# required_is VALUE [ID]: of the current release, or of this record.
required_is () {
	glance_has "\"trait:$trait\"" "$@"
}

test_expect_success 'by default the records are left alone' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	node_start &&
	node_hello_repo &&
	trait=CUSTOM_HORNERO_$(echo $HELLO_UUID | tr a-f- A-F_) &&
	hornero image set "$HELLO_UUID" releases=registered &&
	hello_pushed one &&
	glance_once &&
	required_is ""
'

# Red with a slot that is due without regard to the wish.
test_expect_success 'yes: as a daemon the record of the current release gets it at once' '
	glance_daemon &&
	wait_until "grep -q event=ready daemon.log" 120 &&
	hornero image set "$HELLO_UUID" require_warm=yes &&
	wait_until "required_is required" 120 &&
	glance_daemon_ends &&
	{ hornero doctor >out || :; } &&
	test_grep "bad.*require_warm is yes and placement_traits is no" out
'

test_expect_success 'again: nothing changes' '
	glance_once &&
	test "$(grep -c -v "^GET\|/auth/tokens" "$GLANCE/requests")" -eq 0
'

# Red with a requirement that is written after the bytes.
test_expect_success 'a new release has it before it can be booted' '
	hello_pushed two &&
	glance_fails "PATCH .* 403" &&
	glance_waits &&
	glance_has status queued &&
	glance_state_is refused "Glance answers 403 to PATCH" &&
	glance_fails &&
	glance_once &&
	required_is required &&
	glance_has status active
'

test_expect_success 'killed before the change: the next run makes it' '
	hello_pushed three &&
	node_set failpoint glance-before-require &&
	{ timeout 60 hornero-glance --once >>glance.log 2>&1; test $? -eq 137; } &&
	node_set failpoint &&
	required_is "" &&
	glance_once &&
	required_is required
'

test_expect_success 'a conflict: it looks again' '
	hello_pushed four &&
	glance_fails "once PATCH .* 409" &&
	glance_once &&
	required_is required
'

test_expect_success 'the record of the stable id, too, before its first bytes' '
	hornero-glance >daemon.out 2>daemon.log &
	daemon=$! &&
	test_cleanup "kill $daemon 2>/dev/null; wait $daemon; :" &&
	stable=$(hornero image add hello --glance Shop --ref refs/heads/shop | tail -n 1 |
		grep -o "[0-9a-f-]\{36\}" | head -n 1) &&
	test -n "$stable" &&
	hornero image set "$stable" require_warm=yes &&
	trait=CUSTOM_HORNERO_$(echo $stable | tr a-f- A-F_) &&
	wait_until "required_is required $stable" 120 &&
	glance_has status queued "$stable" &&
	hornero image set "$stable" require_warm=no &&
	wait_until "required_is \"\" $stable" 120 &&
	glance_daemon_ends &&
	trait=CUSTOM_HORNERO_$(echo $HELLO_UUID | tr a-f- A-F_)
'

# Red without the traits in is_ready().
test_expect_success 'on_warm: rebuild waits for the trait: Nova would find no host' '
	provider "$(hostname)" &&
	servers "$A $HELLO_UUID" &&
	node_set placement_traits yes &&
	hornero image set "$HELLO_UUID" on_warm=rebuild &&
	glance_fails "GET /placement/.* 503" &&
	glance_waits &&
	rollout_is waiting "Placement does not have its trait .require_warm." &&
	rebuilt_are &&
	glance_fails &&
	glance_once &&
	rollout_is done &&
	rebuilt_are "$A $(glance_release) 1"
'

test_expect_success 'leave: it stays; no: it goes; a key may not set it' '
	hornero image set "$HELLO_UUID" require_warm=leave &&
	glance_once &&
	required_is required &&
	hornero image set "$HELLO_UUID" require_warm=no &&
	glance_once &&
	required_is "" &&
	ssh-keygen -q -t ed25519 -N "" -C her -f id &&
	hornero key add her id.pub --write "*" --admin "*" &&
	test_must_fail hornero --key her image set "$HELLO_UUID" require_warm=yes 2>err &&
	test_grep "require_warm is set on the node itself" err
'

test_done
