#!/bin/sh
# Build once: three nodes, each in namespaces of its own, and a stand-in for Glance. The first node
# builds a push; the others take its bytes. t/6865-share-faults.t has what goes wrong.
. "${HORNERO_SRC:-.}/t/lib/nodes.sh"
test_description='share: an artifact of another node instead of a build'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/serve.sh"
nodes_requires

test_expect_success 'three nodes, one Glance' '
	nodes_glance &&
	nodes_work &&
	nodes_hello 1 && nodes_serve &&
	nodes_hello 2 &&
	nodes_hello 3
'

test_expect_success 'one push, one build, three warm; the bytes come from the node that built' '
	nodes_commit one &&
	nodes_push 1 && job_ends published && nodes_built &&
	digest=$(image_field digest) &&
	nodes_register &&
	glance_has hornero_built clean &&
	glance_has hornero_url "http://10.78.0.1:8080/sha256/$digest" &&
	: >"$GLANCE/requests" &&
	for n in 2 3
	do
		nodes_push $n && job_ends published &&
		test_must_fail nodes_built &&
		test "$(image_field digest)" = "$digest" &&
		test "$(job_field built)" = shared &&
		warm_text_is one || return 1
	done &&
	test "$(glance_asked GET ".*/file")" -eq 0
'

test_expect_success 'why, image show, the manifest, the log and doctor say where they come from' '
	node_at 3 &&
	from="node1, http://10.78.0.1:8080/sha256/$digest" &&
	why_says "$HELLO_UUID" "Another node built its artifact; .* took the bytes from $from" &&
	test "$(image_field artifact.shared_from)" = "$from" &&
	test "$(image_field built)" = shared &&
	hornero log "$job" >out &&
	test_grep "taken from node1, http://10.78.0.1:8080" out &&
	jq -e ".built == \"shared\" and .build_ms == 0" \
		"$NODE/instances/hornero/artifact/$digest.json" &&
	test_grep "event=share-found .*from=node1" "$NODE/share.log" &&
	wait_until "test ! -e \"$NODE/state/glance/shared/$HELLO_UUID.raw\"" 120
'

test_expect_success 'it answers the next push of the same content, also for another image' '
	other=11111111-1111-4111-8111-111111111111 &&
	hornero image add $other hello --name other &&
	hornero image set $other builder=make &&
	hornero sweep &&
	queue_settles &&
	test "$(image_field digest $other)" = "$digest" &&
	test ! -e "$NODE/unikernels/$other/cache/built" &&
	test "$(grep -c event=share-found "$NODE/share.log")" -eq 1 &&
	hornero image remove $other
'

test_expect_success 'the node is away: the bytes come from Glance' '
	nodes_commit two &&
	nodes_push 1 -o clean && job_ends published &&
	nodes_register &&
	kill $nodes_server && { wait $nodes_server; :; } &&
	nodes_push 2 && job_ends published &&
	test_must_fail nodes_built &&
	warm_text_is two &&
	why_says "$HELLO_UUID" "took the bytes from node1, by Glance" &&
	test_grep "event=share-refused .*node=node1 reason=.*no answer" "$NODE/share.log"
'

# Red without the loop of find() in agent/build/build_shared.c.
test_expect_success 'share_wait: the push comes first, the record later' '
	node_at 2 &&
	node_set share_wait 5m &&
	node_reload &&
	nodes_commit three &&
	nodes_push 2 &&
	waiting=$job &&
	wait_until "hornero log $waiting | grep -q \"no node has registered this\"" 120 &&
	nodes_push 1 -o clean && job_ends published &&
	nodes_register &&
	node_at 2 &&
	job=$waiting && job_ends published &&
	test_must_fail nodes_built &&
	test "$(job_field built)" = shared &&
	warm_text_is three
'

test_expect_success 'cancel ends such a wait; nothing is left' '
	nodes_commit four &&
	nodes_push 2 &&
	wait_until "hornero log $job | grep -q \"no node has registered this\"" 120 &&
	hornero cancel "$job" &&
	job_ends cancelled &&
	node_set share_wait 0 &&
	node_reload
'

# Red without watching_begin() of STORE/clean: the record says so an hour later.
test_expect_success 'an incremental build is not shared until a clean one has confirmed it' '
	node_at 1 &&
	node_set confirm idle &&
	node_reload &&
	nodes_registrar &&
	hornero image set "$HELLO_UUID" confirm=never && # until node 2 has looked
	nodes_commit five &&
	nodes_push 1 && job_ends published &&
	test "$(job_field built)" = incremental &&
	wait_until "glance_has status active" 120 &&
	nodes_push 2 && job_ends published && nodes_built &&
	why_says "$HELLO_UUID" "could not be taken: node1 has it by an incremental build" &&
	node_at 1 &&
	hornero image set "$HELLO_UUID" confirm= &&
	wait_until "glance_has hornero_built clean" 120 &&
	nodes_push 3 && job_ends published &&
	test_must_fail nodes_built &&
	test "$(job_field built)" = shared
'

# is_offered: others may take the current release. The record has its properties before its bytes.
is_offered () {
	glance_has hornero_built clean && glance_has status active
}

# git pushes to node 2 first.
test_expect_success 'one git push to two push URLs: node 1 builds, node 2 waits for its bytes' '
	node_at 2 &&
	node_set share_wait 5m &&
	node_reload &&
	git -C "$HELLO_WORK" remote set-url --add --push origin "$HELLO_REPO" &&
	node_at 1 &&
	git -C "$HELLO_WORK" remote set-url --add --push origin "$HELLO_REPO" &&
	nodes_commit fanned &&
	git -C "$HELLO_WORK" push -q origin main &&
	wait_until node__queued 30 && job_ends published && nodes_built &&
	node_at 2 &&
	wait_until node__queued 30 && job_ends published &&
	test_must_fail nodes_built &&
	test "$(job_field built)" = shared &&
	warm_text_is fanned &&
	node_set share_wait 0 &&
	node_reload
'

test_expect_success 'another builder file: another key, and the log says so' '
	node_at 3 &&
	echo "# of this node" >>"$NODE/builders.d/make.yaml" &&
	nodes_commit six &&
	nodes_push 1 -o clean && job_ends published &&
	wait_until is_offered 120 &&
	nodes_push 3 && job_ends published && nodes_built &&
	hornero log "$job" >out &&
	test_grep "node1 has this commit under another content key: its builder file differs" out
'

test_expect_success 'share=no of the image; -o clean; no hornero-glance --share: each builds' '
	node_at 2 &&
	hornero image set "$HELLO_UUID" share=no &&
	nodes_push 2 && job_ends published && nodes_built &&
	test "$(job_field built)" != shared &&
	hornero image set "$HELLO_UUID" share= &&
	nodes_commit seven &&
	nodes_push 1 -o clean && job_ends published &&
	wait_until is_offered 120 &&
	nodes_push 2 -o clean && job_ends published && nodes_built &&
	node_at 3 &&
	kill $nodes_sharer && { wait $nodes_sharer; :; } &&
	nodes_push 3 && job_ends published && nodes_built &&
	hornero log "$job" >out &&
	test_grep "hornero-glance --share. does not run: systemctl enable" out &&
	test_must_fail hornero doctor >out &&
	test_grep "hornero-glance --share. does not run, and 1 images take artifacts" out
'

test_done
