#!/bin/sh
test_description='the man page against the table of words'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

PAGE=$HORNERO_SRC/doc/hornero.1

# Each word with its arguments, as --help lists them, and the options of one word.
lines () {
	hornero --help | grep '^  hornero ' | cut -c 11-40 | sed 's/ *$//'
}
words () {
	lines | sed 's/ *[A-Z[].*//'
}
options () {
	hornero $1 --help | grep -o -e '^  *\(-., \)*--[a-z-]*' | grep -o -e '--[a-z-]*' | grep -v \
		-e '^--conf$' -e '^--help$'
}

# The page as plain text: \- is -, fonts are gone.
test_expect_success 'the page as text' '
	sed -e "s/\\\\-/-/g" -e "s/\\\\f[BIRP]//g" "$PAGE" >page &&
	lines >lines &&
	words >words &&
	test "$(wc -l <words)" -ge 17
'

test_expect_success 'the page has a section for each word, with its arguments, and no other' '
	sed -n "s/^\.SS hornero //p" page | sed "s/ *\[--json\]//" | sort >got &&
	sort lines >want &&
	test_cmp want got
'

# section WORD: its part of the page.
section () {
	awk -v head=".SS hornero $1" \
		'index($0, ".S") == 1 { on = $0 == head || index($0, head " ") == 1 } on' page
}

test_expect_success 'the options of every word are in its section, and no other' '
	while read -r word
	do
		options "$word" | sort >want &&
		section "$word" | grep -e "^\.SS" -e "^\.B" | grep -o -e "--[a-z-]*" | sort -u \
			>got &&
		section "$word" | awk "/^\.TP/ { getline; print } /^\.SS/" | grep -o -e \
			"--[a-z-]*" | sort -u >got &&
		test_cmp want got || { echo "of: $word"; return 1; }
	done <words
'

test_expect_success 'the exit codes of --help are on the page' '
	for code in 0 1 64 65 70 75 78
	do
		test_grep "^\.B $code$" page || return 1
	done
'

test_expect_success 'man formats it, and every other page, without a warning' '
	if command -v man >/dev/null && command -v groff >/dev/null
	then
		for each in "$HORNERO_SRC"/doc/*.[1578]
		do
			LC_ALL=C.UTF-8 MANROFFSEQ= man --warnings -l "$each" >/dev/null 2>err &&
			test ! -s err || { echo "$each"; cat err; return 1; }
		done
	fi
'

test_expect_success 'its examples run' '
	mkdir -p node &&
	cat >node/hornero.yaml <<-END &&
	repo_root: $TRASH/node/git
	repo_base: $TRASH/node/unikernels
	state_dir: $TRASH/node/state
	instances_path: $TRASH/node/instances
	libexec_dir: $HORNERO_BUILD
	END
	HORNERO_CONF=$TRASH/node/hornero.yaml &&
	export HORNERO_CONF &&
	sed -n "/^\.SH EXAMPLES/,/^\.fi/p" page | grep "^hornero" | grep -v "openstack" >examples &&
	test "$(wc -l <examples)" -ge 4 &&
	command -v jq || sed -i "s/ | jq.*//" examples &&
	sh -e examples
'

# Red where a message names a word that is not there, as `hornero image fetch`.
test_expect_success 'a command that a message tells users to type is a word of hornero' '
	for room in agent cli conf db door hooks
	do
		grep -hoP "\x60hornero \K[a-z]+( [a-z]+)?" "$HORNERO_SRC/$room"/*.c
	done | sort -u >hints &&
	test "$(wc -l <hints)" -gt 20 &&
	while read -r hint
	do
		hornero help $hint >help.out 2>&1 ||
		{ echo "in a message: hornero $hint"; return 1; }
	done <hints
'

test_done
