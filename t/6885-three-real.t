#!/bin/sh
# Long: starts Keystone and Glance. They are Debian's packages keystone and glance-api.
. "${HORNERO_SRC:-.}/t/lib/nodes.sh"
test_description='three nodes beside the real Keystone and Glance; a location with wrong bytes'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/serve.sh"
. "$HORNERO_SRC/t/lib/openstack.sh"
os_requires
nodes_requires

three_glance () {
	HORNERO_CONF=$TRASH/none &&
	: >"$HORNERO_CONF" &&
	NODE=$TRASH &&
	os_start 8080 &&
	os_cloud
}

# lie: once Glance has the record, the first node serves other bytes of that length in their place.
lie () {
	hornero wait "$HELLO_UUID" --timeout 120 >wait.out &&
	release=$(image_field release) &&
	wait_until "os_shows \".status == \\\"active\\\"\" $release" 120 &&
	os_shows ".locations[0].url == \"http://$first:8080/sha256/$(image_field digest)\"" \
		"$release" &&
	kill $nodes_server && { wait $nodes_server; :; } &&
	mkdir -p lies/sha256 &&
	head -c 1048576 /dev/urandom >"lies/sha256/$(image_field digest)" || return 1
	nodes_in 1 python3 -u -m http.server 8080 --bind $first --directory "$TRASH/lies" \
		>liar.log 2>&1 </dev/null &
	liar=$!
	test_cleanup "kill $liar 2>/dev/null; wait $liar; :"
	wait_until "grep -q Serving liar.log" 120
}

three_more () {
	test_expect_success 'a location with other bytes, by Glance too: each node builds' '
		os_hosts="10.78.0.254,$first" &&
		os_glance &&
		push lie 1048576 lie &&
		for n in 2 3
		do
			node_at $n && is_warm lie && nodes_built &&
			test_grep "event=share-refused .*node=node1 " "$NODE/share.log" ||
				return 1
		done &&
		cat liar.log "$NODE/share.log" &&
		test "$(grep -c "GET /sha256/.* 200" liar.log)" -ge 4
	'

	test_expect_success 'the first node serves its own bytes again, and Glance has copies' '
		kill $(pgrep -f "http.server 8080 --bind $first") &&
		node_at 1 &&
		nodes_serve &&
		os_hosts=10.78.0.254 &&
		os_glance
	'
}

. "$HORNERO_SRC/t/lib/three-nodes.sh"

test_done
