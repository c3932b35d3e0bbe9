#!/bin/sh
# kill -9 at each step of hornero-glance; the stand-in is t/tools/glance-standin.py.
test_description='hornero-glance dies at each step: the next run repeats nothing and ends right'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
test_requires jq jq
test_requires python3 python3

# dies_at FAILPOINT
dies_at () {
	node_set failpoint "$1" &&
	timeout 60 hornero-glance --once >>glance.log 2>&1
	test $? -eq 137 || { echo "no death at $1"; return 1; }
	node_set failpoint
}

# done_once METHOD PATH-REGEX STATUS TIMES
done_once () {
	test "$(grep -c -E "^$1 $2 $3\$" "$GLANCE/requests")" -eq $4 ||
	{ cat "$GLANCE/requests"; return 1; }
}

test_expect_success 'a node, and a first release' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" releases=registered &&
	hello_pushed first &&
	glance_once
'

# Red without untag() in take_shown().
for point in glance-before-create glance-created glance-before-data glance-data-given \
	glance-before-tag glance-tagged glance-before-record glance-before-untag glance-untagged \
	glance-before-action glance-acted
do
	test_expect_success "killed at $point" '
		before=$(glance_release) &&
		hello_pushed "$point" &&
		: >"$GLANCE/requests" &&
		dies_at "$point" &&
		{ glance_current_is "$before" || glance_current_is "$(glance_release)" ||
			glance_current_is "$before" "$(glance_release)"; } &&
		hornero-glance --once >>glance.log 2>&1 &&
		release=$(glance_release) &&
		glance_has status active &&
		glance_has status deactivated "$before" &&
		glance_current_is "$release" &&
		glance_state_is registered &&
		glance_state_is retired "" "$before" &&
		cmp "$GLANCE/data/$release" \
			"$NODE/instances/hornero/artifact/$(image_field digest).raw" &&
		done_once POST /v2/images 201 1 &&
		done_once PUT "/v2/images/$release/file" 204 1 &&
		done_once POST "/v2/images/$before/actions/deactivate" 204 1 &&
		done_once PUT "/v2/images/$release/tags/.*" 204 1 &&
		done_once DELETE "/v2/images/$before/tags/.*" 204 1 &&
		test -z "$(ls -A "$NODE/state/glance" | grep tmp)"
	'
done

test_expect_success 'the connection of an upload breaks' '
	hello_pushed upload &&
	glance_fails "PUT .*/file 0" &&
	glance_waits &&
	glance_state_is waiting "no answer to PUT" &&
	glance_fails &&
	glance_once &&
	glance_has status active
'

test_expect_success 'all records are lost: they are made from what Glance shows' '
	rm "$NODE/state/glance"/*.json &&
	glance_once &&
	glance_state_is registered &&
	test "$(grep -c -v "^GET\|/auth/tokens" "$GLANCE/requests")" -eq 0
'

test_expect_success 'a damaged record is written again' '
	echo "{" >"$NODE/state/glance/$(glance_release).json" &&
	glance_once &&
	glance_state_is registered &&
	test_grep "event=registration-refused" glance.log
'

test_done
