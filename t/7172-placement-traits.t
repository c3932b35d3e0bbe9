#!/bin/sh
# hornero-glance beside a stand-in for Placement (t/tools/placement_standin.py).
test_description='placement_traits: the node has a trait in Placement for each warm image'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/rollout.sh"
test_requires jq jq
test_requires python3 python3

# traits_are TRAIT…: of the provider.
traits_are () {
	printf '%s\n' "$@" | sort >wanted &&
	jq -r ".providers[].traits[]" "$GLANCE/placement.json" | sort >have &&
	test_cmp wanted have || { tail -n 5 glance.log; return 1; }
}

traits_state_is () {
	state_and_reason "$NODE/state/glance/placement.json" >state &&
	grep -E -q -e "^$1: .*$2" state || { cat state; return 1; }
}

test_expect_success 'without placement_traits Placement is not asked' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	provider "$(hostname)" HW_CPU_X86_SSE CUSTOM_OTHER &&
	node_start &&
	node_hello_repo &&
	trait=CUSTOM_HORNERO_$(echo $HELLO_UUID | tr a-f- A-F_) &&
	hello_pushed one &&
	glance_once &&
	traits_are HW_CPU_X86_SSE CUSTOM_OTHER &&
	test_must_fail grep placement "$GLANCE/requests"
'

test_expect_success 'a warm image: its trait beside those of others, once' '
	node_set placement_traits yes &&
	why_says "$HELLO_UUID" "Placement does not have its trait $trait yet" &&
	{ hornero doctor >out || :; } &&
	test_grep "placement_traits is yes, and no trait is set" out &&
	test_grep "hornero-glance does not run, .* and placement_traits is yes" out &&
	glance_once &&
	traits_are HW_CPU_X86_SSE CUSTOM_OTHER $trait &&
	traits_state_is set &&
	why_says "$HELLO_UUID" "Nova.s scheduler finds it on this node by the trait $trait" &&
	glance_once &&
	test "$(glance_asked PUT "/placement/.*")" -eq 0
'

# Red where the state of the file was not asked for.
test_expect_success 'the file goes: so does the trait, at once; it is back with the file' '
	file=$(node_warm_path $HELLO_UUID) &&
	glance_daemon &&
	wait_until "grep -q event=ready daemon.log" 120 &&
	wait_until "traits_state_is set" 120 &&
	node_freeze &&
	mv "$file" "$NODE/away" &&
	wait_until "traits_are HW_CPU_X86_SSE CUSTOM_OTHER" 120 &&
	mv "$NODE/away" "$file" &&
	node_thaw &&
	wait_until "traits_are HW_CPU_X86_SSE CUSTOM_OTHER $trait" 120 &&
	glance_daemon_ends
'

# Red where the answer 409 was an error.
test_expect_success 'others change the provider meanwhile: the generation is read again' '
	provider "$(hostname)" CUSTOM_OTHER CUSTOM_HORNERO_GONE &&
	echo 2 >"$GLANCE/race" &&
	glance_once &&
	traits_are CUSTOM_OTHER $trait &&
	provider "$(hostname)" CUSTOM_OTHER &&
	echo 1000 >"$GLANCE/race" &&
	glance_waits &&
	traits_state_is waiting "Placement answers 409" &&
	rm "$GLANCE/race" &&
	glance_once &&
	traits_are CUSTOM_OTHER $trait
'

test_expect_success 'errors: no such provider, no right, no answer; doctor and why say so' '
	node_set placement_provider other.example &&
	glance_waits &&
	traits_state_is refused "no resource provider other.example; see placement_provider" &&
	test_must_fail hornero doctor >out &&
	test_grep "bad.*Placement does not have the traits .*other.example" out &&
	why_says "$HELLO_UUID" "Placement does not have its trait $trait .refused.: " &&
	provider other.example HW_A &&
	glance_fails "PUT /placement/traits/.* 403" &&
	glance_waits &&
	traits_state_is refused "Placement answers 403" &&
	glance_fails "GET /placement/.* 503" &&
	glance_waits &&
	traits_state_is waiting "Placement answers 503" &&
	glance_fails &&
	glance_once &&
	traits_are HW_A $trait
'

# Red where image_wants_release() was not asked.
test_expect_success 'an image with releases is warm if its release is, too' '
	hornero image set "$HELLO_UUID" releases=always &&
	hello_pushed two &&
	glance_once &&
	traits_are HW_A $trait &&
	node_freeze &&
	mv "$(image_field release_file)" "$NODE/away" &&
	glance_once &&
	traits_are HW_A &&
	mv "$NODE/away" "$(image_field release_file)" &&
	node_thaw &&
	glance_once &&
	traits_are HW_A $trait
'

test_expect_success 'killed before the change: the next run makes it' '
	provider other.example HW_B &&
	node_set failpoint traits-before-set &&
	{ timeout 60 hornero-glance --once >>glance.log 2>&1; test $? -eq 137; } &&
	node_set failpoint &&
	traits_are HW_B &&
	glance_once &&
	traits_are HW_B $trait
'

test_expect_success 'an image that is removed, and placement_traits: no, take traits away' '
	provider other.example HW_A $trait CUSTOM_HORNERO_OLD &&
	glance_once &&
	traits_are HW_A $trait &&
	node_set placement_traits &&
	glance_once &&
	traits_are HW_A &&
	test ! -e "$NODE/state/glance/placement.json" &&
	glance_once &&
	test_must_fail grep placement "$GLANCE/requests"
'

test_done
