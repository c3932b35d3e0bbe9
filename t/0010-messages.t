#!/bin/sh
# All messages of the programs in one file, so that somebody reads them as a whole; what a machine
# can say of plain English is said here. The file itself: sh t/tools/messages, at the top.
test_description='messages: every sentence of the programs is plain'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
test_requires xgettext gettext

messages () {
	(cd "$HORNERO_SRC" && sh t/tools/messages)
}

test_expect_success 'the programs of all rooms speak' '
	messages >all &&
	test "$(wc -l <all)" -gt 700 &&
	for room in agent cli conf db door hooks lib state store
	do
		grep -q "^$room/" all || { echo "nothing from $room"; return 1; }
	done
'

# Red with "Who pushes must …" in any of them.
test_expect_success 'no sentence has a clause as its subject, or a condition like a place' '
	sed "s/^[^ ]*: //" all >texts &&
	begins="^(Who|Whoever|What|Where|Which) [a-z]" &&
	test_grep ! "$begins|[.:;] (whoever|where [a-z]+ (is|are)) " texts
'

test_expect_success 'no word that has to be decoded' '
	test_grep ! "makes no sense|begins anew|without a word|steps? around|does not come to" texts
'

# An error is a part of a line: NAME: ERROR: REASON.
test_expect_success 'an error neither begins with a capital letter nor ends with a full stop' '
	(cd "$HORNERO_SRC" && grep -rnE "err_(set|sys|wrap)\(.*\"[A-Z][a-z]+ [^\"]*\"" \
		agent cli conf db door hooks lib state store --include="*.c") >capitals ||
	test $? -eq 1 &&
	test_cmp /dev/null capitals &&
	(cd "$HORNERO_SRC" && grep -rnE "err_(set|sys|wrap)\(.*[a-z]\.\"[,)]" \
		agent cli conf db door hooks lib state store --include="*.c") >stops ||
	test $? -eq 1 &&
	test_cmp /dev/null stops
'

test_done
