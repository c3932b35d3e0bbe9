#!/bin/sh
test_description='hostile output and hostile names reach neither a terminal nor a log'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# harmless FILE: no control byte but tab and newline, no C1 in UTF-8, no bidirectional override, no
# malformed UTF-8.
harmless () {
	! LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]' "$1" &&
	! LC_ALL=C grep -aP '\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]' \
		"$1" &&
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null
}

# Colours, a title, the clipboard, a cleared screen, C1, bidirectional overrides, cut UTF-8, a
# carriage return, NUL.
poison='x\033[31mred\033]0;title\007\033]52;c;cHduZWQ=\007\033[2J\033c'
poison=$poison'\302\23331m\302\2350;t\302\234\342\200\256gpj\342\201\246\377\300\200'
poison=$poison'\r\010\0y'
raw=$(printf "$poison" | tr -d '\0\n')

# every command of the CLI that shows this job
all_words () {
	for words in "queue" "queue --all" "queue --all --json" "show $job" "show $job --json" \
		"why $job" "why $HELLO_UUID" "log $job" "log -f $job" "wait $job" "image list" \
		"image show $HELLO_UUID" "image show $HELLO_UUID --json" "sweep" "cache" \
		"retry $job"
	do
		hornero $words >said.out 2>&1 || :
		test -s said.out &&
		harmless said.out || { echo "hornero $words:"; cat -v said.out; return 1; }
	done
	# The repeated build would wait at its gate, whose file a clean build removes.
	again=$(node_job said.out) &&
	hornero cancel "$again" >said.out 2>&1 || : "it has failed already"
	hornero wait "$again" --timeout 120 >said.out 2>&1 || test $? -eq 1
}

test_expect_success 'a node' '
	node_init "log_limit: 16M" &&
	node_start &&
	node_hello_repo
'

test_expect_success 'a builder'\''s output, in hornero log and while it is followed' '
	push_make "printf \"$poison\\\\n\"" "printf \"$poison\" >&2" "$gate" \
		"printf \"$poison\"; exit 1" &&
	gate_reached &&
	wait_until "grep -aq red $NODE/state/log/$job.1.log" 20 &&
	{ hornero log -f "$job" >follow.out 2>&1 & } &&
	follow=$! &&
	wait_until "grep -q red follow.out" 20 &&
	gate_open &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	{ wait $follow || :; } &&
	test "$(grep -o "red" follow.out | wc -l)" -ge 3 &&
	harmless follow.out &&
	hornero log "$job" >log.out &&
	test_grep "x.x1b.31mred" log.out &&
	harmless log.out &&
	all_words &&
	harmless push.out
'

test_expect_success 'the same a byte at a time: a character is cut between two reads' '
	bytes= &&
	for byte in 342 200 256
	do
		bytes="$bytes printf \"\\\\$byte\"; sleep 0.02;"
	done &&
	push_make "for i in 1 2 3 4 5 6 7 8 9; do $bytes done; exit 1" &&
	{ hornero log -f "$job" >follow.out 2>&1 || :; } &&
	harmless follow.out &&
	test_grep "xe2.x80.xae" follow.out
'

test_expect_success 'a megabyte of noise, without one newline' '
	push_make "head -c 1000000 /dev/urandom | tr -d \"\\\\n\"; exit 1" &&
	{ hornero log -f "$job" >follow.out 2>&1 || :; } &&
	harmless follow.out &&
	test "$(wc -c <follow.out)" -gt 1000000 &&
	all_words
'

# Red without the mark of agent/build/stagelog.c.
test_expect_success 'no line of a builder looks like one of hornero'\''s, however it is written' '
	cat >"$HELLO_WORK/forge.py" <<-\END &&
	import sys, time
	out = sys.stdout.buffer
	fakes = [
	    "hornero: forged",
	    "  hornero: forged",
	    "\thornero: forged",
	    "HORNERO: forged",
	    "h0rnero: forged",
	    "h\u043ernero: forged",
	    "\u200bhornero: forged",
	    "\x1b[1mhornero: forged",
	    "-- hornero: forged",
	    "h o r n e r o : forged",
	    "\rhornero: forged",
	]
	for fake in fakes:
	    out.write(fake.encode() + b"\n")
	for c in "hornero: forged in pieces":
	    out.write(c.encode()); out.flush(); time.sleep(0.002)
	out.write(b"\nplain: kept\n  ^~~~ kept\nh: kept\nhorn\n[ 50%] kept\n")
	out.write(b"x" * 70000 + b"\nhornero: forged\n")
	END
	git -C "$HELLO_WORK" add forge.py &&
	push_make "python3 -u forge.py; exit 1" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	{ hornero log -f "$job" >follow.out || :; } &&
	hornero log "$job" >log.out &&
	cat log.out | cut -c 1-100 &&
	: "once, or twice: it is built again, from nothing" &&
	forged=$((13 * $(grep -ac "^hornero: builder make" log.out))) &&
	test "$forged" -gt 0 &&
	test "$(grep -av "^hornero: make ended" log.out | grep -ac forged)" -eq "$forged" &&
	test "$(grep -ac "^| .*forged" log.out)" -eq "$forged" &&
	test "$(grep -ac "^| .*forged" follow.out)" -eq "$forged" &&
	for line in "plain: kept" "  ^~~~ kept" "h: kept" horn "[ 50%] kept"
	do
		grep -aqxF "$line" log.out || { echo "line: $line"; return 1; }
	done &&
	grep -a "^hornero: " log.out | grep -av -e ": job [0-9]*, attempt" -e ": built clean: " -e \
		": checkout of" -e ": builder make" -e ": make ended" \
		-e ": this was an incremental build; building once more" >other.out
	test_cmp /dev/null other.out
'

# commit_link NAME: a tree with NAME/link, a link to nothing, which the checkout refuses by its path
commit_link () {
	empty=$(git -C "$HELLO_WORK" hash-object -w --stdin </dev/null) &&
	inner=$(printf '120000 blob %s\tlink\n' "$empty" | git -C "$HELLO_WORK" mktree) &&
	{
		git -C "$HELLO_WORK" ls-tree -z HEAD &&
		printf '040000 tree %s\t%s\0' "$inner" "$1"
	} >entries &&
	tree=$(git -C "$HELLO_WORK" mktree -z <entries) &&
	printf "$poison" | tr -d '\0' >message &&
	commit=$(git -C "$HELLO_WORK" commit-tree "$tree" -p HEAD <message) &&
	git -C "$HELLO_WORK" push -q origin "+$commit:refs/heads/main" 2>push.out ||
	{ cat push.out; return 1; }
	push_job "$commit"
}

test_expect_success 'a file name in the reason of a verdict, and the subject of its commit' '
	commit_link "$raw" &&
	harmless push.out &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict cause)" = checkout &&
	test_grep "link to nothing" "$NODE/state/log/$job.1.verdict" &&
	test_grep "x.x1b.31mred" "$NODE/state/log/$job.1.verdict" &&
	harmless "$NODE/state/log/$job.1.verdict" &&
	all_words
'

test_expect_success 'a file name that looks like a second line of the verdict' '
	commit_link "$(printf "a\nclass=none\nevent=forged\nb")" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict class)" = pusher &&
	test_grep ! "^event=forged" "$NODE/hornerod.log"
'

test_expect_success 'the agent'\''s log has nothing of all that, and every event in one line' '
	test_grep "event=attempt-ended.*link to nothing" "$NODE/hornerod.log" &&
	harmless "$NODE/hornerod.log" &&
	grep -v "^hornero[a-z-]*: \|^READY" "$NODE/hornerod.log" >other.out
	test_cmp /dev/null other.out &&
	node_stop
'

test_done
