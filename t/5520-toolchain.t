#!/bin/sh
# Versions of a builder's tools: known before a push needs them, found anew when a file changes,
# never a reason to hold a job. Red without: toolchain_ask in agent/upkeep/sweep/main.c (1); is_true
# in toolchain_find (2, each push asks); add_file's links (3, 4) and ctime (5); ERR_NOBODY in
# ask_one (6, 7).
test_description='toolchain versions cost a push nothing'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

mkdir builders tools && : >tools/asked && chmod 777 tools && chmod 666 tools/asked || exit 1
# tool FILE VERSION: one that says its version, and counts who asks
tool () {
	printf '#!/bin/sh\necho asked >>%s/tools/asked\necho "cc %s"\n' "$TRASH" "$2" \
		>"$TRASH/tools/$1.new" &&
	chmod 755 "$TRASH/tools/$1.new" &&
	mv "$TRASH/tools/$1.new" "$TRASH/tools/$1"
}
# builder VERSION-COMMAND [LINE], as YAML
builder () {
	printf '%s\n' 'argv: [sh, -c, "cp disk hornero.raw"]' 'artifact: /build/src/hornero.raw' \
		'format: raw' 'version:' "  - $1" ${2:+"$2"} >builders/tool.yaml
}
asked () {
	wc -l <"$TRASH/tools/asked"
}
change () {
	head -c 1048576 /dev/urandom >"$HELLO_WORK/disk" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m "$1" &&
	git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
	push_job
}
push () {
	change "$1" &&
	hornero wait "$job" --timeout 300
}
# rebuild: the key of the same commit
key () {
	job=$(hornero rebuild "$HELLO_UUID" | sed -n 's/.*: job \([0-9]*\) .*/\1/p') &&
	hornero wait "$job" --timeout 300 >/dev/null &&
	hornero image show "$HELLO_UUID" --json | jq -e -r .key
}
sweep () {
	hornero-sweep -c "$HORNERO_CONF" --quiet
}

test_expect_success 'the start finds them, before anything is pushed' '
	tool cc-12 12 &&
	ln -s cc-12 tools/cc &&
	head -c 5000000 /dev/urandom >tools/base &&
	chmod 644 tools/base &&
	builder "[\"$TRASH/tools/cc\", --version]" \
		"inputs: [\"$TRASH/tools/base:/build/cache/base\"]" &&
	node_init "sweep_interval: 1h" "builders_dir: $TRASH/builders" &&
	node_start &&
	wait_until "test -e $NODE/state/toolchain/tool" 30 &&
	test "$(asked)" -ge 1 &&
	test_grep "^version cc 12$" "$NODE/state/toolchain/tool" &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=tool
'

test_expect_success 'a push asks nobody' '
	push first &&
	sweep &&
	before=$(asked) &&
	push second &&
	push third &&
	test "$(asked)" -eq "$before" &&
	key >key.1 &&
	test "$(asked)" -eq "$before"
'

test_expect_success 'another program in its place is asked, and the key is another' '
	tool cc-12 12.1 &&
	before=$(asked) &&
	key >key.2 &&
	test "$(asked)" -gt "$before" &&
	! cmp -s key.1 key.2 &&
	before=$(asked) &&
	key >again &&
	test_cmp key.2 again &&
	test "$(asked)" -eq "$before"
'

test_expect_success 'and so is the one that a link names now' '
	tool cc-13 13 &&
	ln -sfn cc-13 tools/cc &&
	key >key.3 &&
	! cmp -s key.2 key.3 &&
	test_grep "^version cc 13$" "$NODE/state/toolchain/tool" &&
	ln -sfn cc-12 tools/cc &&
	key >again &&
	test_cmp key.2 again
'

test_expect_success 'a changed input is read again, at the same size and with its old mtime' '
	before=$(grep "^input " "$NODE/state/toolchain/tool") &&
	cp -p tools/base old &&
	head -c 5000000 /dev/urandom >tools/base &&
	touch -r old tools/base &&
	key >key.4 &&
	! cmp -s key.2 key.4 &&
	test "$(grep "^input " "$NODE/state/toolchain/tool")" != "$before"
'

test_expect_success 'a command that fails holds no job: it waits, and why quotes the command' '
	builder "[sh, -c, \"echo one >&2; echo no licence today >&2; exit 3\"]" &&
	change failing &&
	why_says $job "gets its next attempt" &&
	asked="version command .sh -c .echo one >&2; echo no licence today >&2; exit 3.." &&
	ended="ended with exit 3 after [0-9]* ms; its last line: no licence today" &&
	why_says $job "$asked $ended" &&
	job_reaches queued
'

test_expect_success 'nor does one that is slow; and when it is mended the job goes on by itself' '
	builder "[sh, -c, \"echo thinking >&2; exec sleep 100\"]" &&
	asked="version command .sh -c .echo thinking >&2; exec sleep 100.." &&
	failed="failed: sh did not end within [0-9]* ms; its last line: thinking" &&
	why_says $job "$asked $failed" 60 &&
	job_reaches queued &&
	builder "[\"$TRASH/tools/cc\", --version]" &&
	hornero wait "$job" --timeout 600
'

test_expect_success 'a lost or damaged record costs one run; and nothing is left aside' '
	key >key.5 &&
	echo nonsense >"$NODE/state/toolchain/tool" &&
	key >again &&
	test_cmp key.5 again &&
	rm -r "$NODE/state/toolchain" &&
	key >again &&
	test_cmp key.5 again &&
	test "$(ls -A "$NODE/state/toolchain")" = tool &&
	node_stop
'

test_done
