#!/bin/sh
# Keystone is a stand-in (t/tools/glance-standin.py); Placement is Debian's python3-placement.
test_description='placement_traits beside the real Placement'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
test_requires jq jq
test_requires curl curl
/usr/bin/python3 -c 'import placement' 2>/dev/null ||
	test_skip_all 'Placement is not here (Debian: python3-placement)'
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY

placement_start () {
	/usr/bin/python3 "$HORNERO_SRC/t/tools/real-placement.py" "$GLANCE" >placement.log 2>&1 &
	placement__pid=$!
	test_cleanup "kill $placement__pid; wait $placement__pid; :"
	wait_until "test -s $GLANCE/placement-port" 120 &&
	echo "http://127.0.0.1:$(cat "$GLANCE/placement-port")" >"$GLANCE/placement-url"
}

# placement METHOD PATH [JSON]
placement () {
	curl -sS --max-time 60 -X "$1" -H 'OpenStack-API-Version: placement 1.6' \
		-H 'Content-Type: application/json' ${3:+-d "$3"} "$(cat "$GLANCE/placement-url")$2"
}

# traits_are TRAIT…: of the provider.
traits_are () {
	printf '%s\n' "$@" | sort >wanted &&
	placement GET /resource_providers/$provider/traits | jq -r '.traits[]' | sort >have &&
	test_cmp wanted have || { tail -n 5 glance.log; return 1; }
}

test_expect_success 'Placement, with the resource provider of this node and a trait of another' '
	node_init "sweep_interval: 10h" "placement_provider: node.example" &&
	glance_start &&
	placement_start &&
	placement POST /resource_providers "{\"name\": \"node.example\"}" &&
	provider=$(placement GET /resource_providers?name=node.example |
		jq -r ".resource_providers[0].uuid") &&
	placement PUT /resource_providers/$provider/traits \
		"{\"resource_provider_generation\": 0, \"traits\": [\"HW_CPU_X86_SSE\"]}" &&
	traits_are HW_CPU_X86_SSE
'

test_expect_success 'a warm image has its trait; without its file it has none' '
	node_start &&
	node_hello_repo &&
	trait=CUSTOM_HORNERO_$(echo $HELLO_UUID | tr a-f- A-F_) &&
	hello_pushed one &&
	node_set placement_traits yes &&
	glance_once &&
	traits_are HW_CPU_X86_SSE $trait &&
	why_says "$HELLO_UUID" "Nova.s scheduler finds it on this node by the trait $trait" &&
	mv "$(node_warm_path $HELLO_UUID)" "$NODE/away" &&
	glance_once &&
	traits_are HW_CPU_X86_SSE &&
	mv "$NODE/away" "$(node_warm_path $HELLO_UUID)" &&
	glance_once &&
	traits_are HW_CPU_X86_SSE $trait
'

test_expect_success 'again: it only looks' '
	: >"$GLANCE/placement-requests" &&
	glance_once &&
	test "$(grep -c -v ^GET "$GLANCE/placement-requests")" -eq 0 &&
	test "$(grep -c ^GET "$GLANCE/placement-requests")" -eq 2
'

test_expect_success 'a provider that Placement does not have; placement_traits: no' '
	node_set placement_provider elsewhere.example &&
	glance_waits &&
	why_says "$HELLO_UUID" "Placement has no resource provider elsewhere.example" &&
	node_set placement_provider node.example &&
	node_set placement_traits &&
	glance_once &&
	traits_are HW_CPU_X86_SSE
'

test_done
