#!/bin/sh
# Build once, when something lies, dies or is slow: each costs a bounded wait, and then the node
# builds. The nodes are those of t/6860-share.t.
. "${HORNERO_SRC:-.}/t/lib/nodes.sh"
test_description='share: wrong records, lying servers, deaths'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/serve.sh"
nodes_requires
n=0

# offered: the next commit is built by node 1 and registered; its release is in $release. Older
# records that a test has edited are refused.
offered () {
	n=$((n + 1)) &&
	nodes_commit "text$n" &&
	nodes_push 1 -o clean && job_ends published &&
	{ nodes_register || :; } >registered.out &&
	release=$(glance_release) &&
	glance_has hornero_built clean
}

# edited JQ: the record of $release.
edited () {
	jq --arg id "$release" ".[\$id] |= ($1)" "$GLANCE/images.json" >new &&
	mv new "$GLANCE/images.json"
}

liar_start () {
	python3 "$HORNERO_SRC/t/tools/lying-http.py" 10.78.0.254 liar >liar/log 2>&1 </dev/null &
	liar_pid=$!
	test_cleanup "kill $liar_pid; wait $liar_pid; :"
	wait_until "test -s liar/port" 20
}

# liar PATH: the record names this URL of the lying server; Glance has lost the bytes.
liar () {
	edited ".hornero_url = \"http://10.78.0.254:$(cat liar/port)/$1\"" &&
	rm -f "$GLANCE/data/$release"
}

# builds_itself: node 2 builds the commit, and has nothing of another node.
builds_itself () {
	nodes_push 2 && job_ends published &&
	nodes_built &&
	test "$(job_field built)" != shared &&
	warm_text_is "$nodes__text" &&
	nothing_is_left
}

# sharer_reload: `hornero-glance --share` of this node has read its configuration again.
sharer_reload () {
	reloads=$(grep -c event=reloaded "$NODE/share.log")
	kill -HUP $nodes_sharer &&
	wait_until "test \$(grep -c event=reloaded \"$NODE/share.log\") -gt $reloads" 120
}

nothing_is_left () {
	wait_until "test -z \"\$(find \"$NODE/state/glance/shared\" -name \"*.raw*\")\"" 120 &&
	ls "$NODE/instances/hornero/stage" >staged &&
	test_cmp /dev/null staged
}

# refused PATTERN: node 2's job and its hornero-glance say so.
refused () {
	hornero log "$job" >out &&
	test_grep "no artifact of another node: node1: .*$1" out &&
	test_grep "event=share-refused .*$1" "$NODE/share.log" &&
	why_says "$HELLO_UUID" "since that of another node could not be taken: node1: "
}

test_expect_success 'two nodes, one Glance, and a server that lies' '
	nodes_glance &&
	nodes_work &&
	nodes_hello 1 && nodes_serve &&
	nodes_hello 2 &&
	mkdir liar &&
	liar_start
'

# Red without strcmp() of the digests in judge() of glance/sharing.c: then the check of
# agent/build/build_store.c says so.
test_expect_success 'other bytes of the right length' '
	offered && liar wrong/1048576 && builds_itself &&
	refused "has other bytes than the record says: its SHA-256 is"
'

test_expect_success 'an end before its end' '
	offered && liar short/1048576 && builds_itself &&
	refused "bytes (remaining to read|missing)"
'

# Red without the limit in on_save() of glance/http.c: the transfer ends by share_timeout.
test_expect_success 'no end' '
	offered && liar endless/1 && builds_itself &&
	refused "it has more bytes than its record says" &&
	wait_until "grep -qx left liar/asked" 120
'

# Red with CURLOPT_FOLLOWLOCATION.
test_expect_success 'redirects: to a file, to this machine' '
	: >liar/asked &&
	for where in file loopback
	do
		offered && liar $where && builds_itself &&
		refused "answers 302" || return 1
	done &&
	test_must_fail grep -q right liar/asked
'

# Red without CURLOPT_OPENSOCKETFUNCTION.
test_expect_success 'URLs of this machine and of the link; other protocols' '
	for url in "http://127.0.0.1:8080/x" "http://[::ffff:127.0.0.1]:8080/x" "http://0:8080/x" \
		"http://169.254.169.254/latest" "http://[fe80::1]/x"
	do
		offered && liar x &&
		edited ".hornero_url = \"$url\"" &&
		builds_itself &&
		refused "its address is of this machine or of one link alone" || return 1
	done &&
	offered && liar x &&
	edited ".hornero_url = \"file://$GLANCE/data/$release\"" &&
	builds_itself &&
	refused "Protocol .*file" &&
	offered && liar gone && builds_itself && refused "answers 404"
'

test_expect_success 'slow and silent: share_timeout' '
	node_at 2 &&
	node_set share_timeout 2s &&
	node_reload &&
	sharer_reload &&
	for how in slow silent
	do
		offered && liar $how/1048576 && builds_itself &&
		refused "imed out" || return 1
	done &&
	node_set share_timeout &&
	node_reload &&
	sharer_reload
'

# Red without the comparison of owners in glance/sharedrecord.c.
test_expect_success 'records that do not count: owner, key, incremental, format, id, size, status' '
	for change in ".owner = \"2222\"" ".hornero_key = \"\(.hornero_key)x\"" \
		".hornero_built = \"incremental\"" ".disk_format = \"qcow2\"" \
		".hornero_sha256 = (\"0\" * 64)" ".hornero_image = \"x\"" ".size = 0" \
		".size = 1e15" ".status = \"deactivated\""
	do
		offered && edited "$change" && builds_itself &&
		hornero log "$job" >out &&
		test_grep "no artifact of another node: " out || return 1
	done
'

test_expect_success 'Glance says no, or nothing: the node builds' '
	offered &&
	glance_fails "GET /v2/images[?].* 403" &&
	builds_itself &&
	hornero log "$job" >out &&
	test_grep "no artifact of another node: Glance answers 403" out &&
	glance_fails &&
	offered &&
	glance_fails "GET /v2/images[?].* 0" &&
	builds_itself &&
	hornero log "$job" >out &&
	test_grep "no artifact of another node: no answer" out &&
	glance_fails
'

# transfer_begins: node 2 gets a push, and hornero-glance has some bytes of it, of many.
transfer_begins () {
	offered && liar slow/1048576 &&
	nodes_push 2 &&
	wait_until "test -s \"$NODE/state/glance/shared/$HELLO_UUID.raw.tmp\"" 120
}

test_expect_success 'the node that built it dies in mid-transfer' '
	transfer_begins &&
	kill -KILL $liar_pid && { wait $liar_pid; :; } &&
	job_ends published && nodes_built && nothing_is_left &&
	refused "(transfer closed with|bytes missing)" &&
	rm liar/port &&
	liar_start
'

test_expect_success 'hornero-glance --share dies in mid-transfer; the next one clears up' '
	transfer_begins &&
	kill -KILL $nodes_sharer && { wait $nodes_sharer; :; } &&
	job_ends published && nodes_built &&
	hornero log "$job" >out &&
	test_grep "hornero-glance --share. does not run" out &&
	nodes_share &&
	nothing_is_left
'

test_expect_success 'the job is cancelled, or hornerod dies, in mid-transfer' '
	: >liar/asked &&
	transfer_begins &&
	hornero cancel "$job" &&
	job_ends cancelled &&
	wait_until "grep -qx left liar/asked" 120 &&
	nothing_is_left &&
	transfer_begins &&
	node_kill9 &&
	nothing_is_left &&
	edited ".status = \"deactivated\"" &&
	node_start &&
	job_ends published && nodes_built && warm_text_is "$nodes__text"
'

test_expect_success 'hornero-glance --share dies before it names the bytes, before it answers' '
	for point in share-before-rename share-before-answer
	do
		offered &&
		node_at 2 &&
		kill $nodes_sharer && { wait $nodes_sharer; :; } &&
		node_set failpoint $point &&
		nodes_share &&
		nodes_push 2 && job_ends published && nodes_built &&
		node_set failpoint &&
		nodes_share &&
		nothing_is_left || return 1
	done
'

test_expect_success 'after all that, a good record is taken' '
	offered &&
	nodes_push 2 && job_ends published &&
	test_must_fail nodes_built &&
	test "$(job_field built)" = shared && nothing_is_left
'

test_done
