#!/bin/sh
# kill -9 at each step of hornero-glance; the stand-in is t/tools/glance-standin.py.
test_description='hornero-glance dies at each step of a stable id: the next run repeats nothing'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
test_requires jq jq
test_requires python3 python3

# done_once METHOD PATH-REGEX STATUS
done_once () {
	test "$(grep -c -E "^$1 $2 $3\$" "$GLANCE/requests")" -eq 1 ||
	{ cat "$GLANCE/requests"; return 1; }
}

# dies: at the failpoint that is set.
dies () {
	timeout 60 hornero-glance --once >>glance.log 2>&1
	test $? -eq 137 && node_set failpoint
}

# bound: what the sweep does once Glance has the record.
bound () {
	hornero sweep &&
	test -e "$NODE/state/images.d/$HELLO_UUID.yaml"
}

test_expect_success 'a node, a repository with a commit' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	glance_artifacts &&
	echo new-locations >"$GLANCE/options" &&
	echo "{}" >"$GLANCE/images.json" &&
	node_start &&
	node_hello_repo &&
	hello_pushed first &&
	: >"$GLANCE/requests"
'

n=0
for point in glance-before-create glance-created glance-before-record
do
	test_expect_success "making the record: killed at $point" '
		n=$((n + 1)) &&
		HELLO_UUID=7d3c94a2-5b1f-4f0e-8a66-c2f9b0e1d48$n &&
		test_expect_code 75 hornero image add $HELLO_UUID hello --glance N --no-wait &&
		wait_until "test -e \"$NODE/instances/hornero/outbox/$HELLO_UUID.stable\"" 120 &&
		: >"$GLANCE/requests" &&
		node_set failpoint $point &&
		dies &&
		hornero sweep &&
		test ! -e "$NODE/state/images.d/$HELLO_UUID.yaml" &&
		glance_once &&
		glance_has status queued $HELLO_UUID &&
		glance_state_is made "" $HELLO_UUID &&
		test "$(jq length "$GLANCE/images.json")" -eq $n &&
		bound
	'
done

# Red with is_described() that compares nothing.
for point in glance-before-describe glance-described glance-before-data glance-data-given \
	glance-before-record
do
	test_expect_success "the first bytes: killed at $point" '
		n=$((n + 1)) &&
		HELLO_UUID=7d3c94a2-5b1f-4f0e-8a66-c2f9b0e1d48$n &&
		test_expect_code 75 hornero image add $HELLO_UUID hello --glance N --no-wait &&
		wait_until "test -e \"$NODE/instances/hornero/outbox/$HELLO_UUID.stable\"" 120 &&
		glance_once &&
		bound &&
		hornero wait $HELLO_UUID --timeout 300 &&
		: >"$GLANCE/requests" &&
		node_set failpoint $point &&
		dies &&
		timeout 60 hornero-glance --once >>glance.log 2>&1 &&
		glance_has status active $HELLO_UUID &&
		glance_has hornero_sha256 "$(image_field digest)" $HELLO_UUID &&
		glance_has min_disk 1 $HELLO_UUID &&
		glance_state_is registered "" $HELLO_UUID &&
		done_once PATCH /v2/images/$HELLO_UUID 200 &&
		done_once POST /v2/images/$HELLO_UUID/locations 200
	'
done

test_expect_success 'the outbox is lost: the sweep writes it again, and nothing changes' '
	rm -r "$NODE/instances/hornero/outbox" &&
	jq -S . "$GLANCE/images.json" >before &&
	hornero sweep &&
	glance_once &&
	jq -S . "$GLANCE/images.json" >after &&
	test_cmp before after &&
	glance_state_is registered "" $HELLO_UUID
'

test_expect_success 'the answers are lost: Glance shows what is there' '
	rm "$NODE/state/glance"/*.json &&
	glance_once &&
	glance_state_is registered "" $HELLO_UUID &&
	jq -S . "$GLANCE/images.json" >after &&
	test_cmp before after
'

test_done
