#!/bin/sh
# The shipped solo5 builder with Solo5 itself, installed below HORNERO_FRAMEWORKS/solo5.
test_description='Solo5 itself: a program boots, incremental builds, three pushed together'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/framework.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
framework_here solo5 ||
	test_skip_all 'no Solo5 in HORNERO_FRAMEWORKS/solo5 (HACKING.md)'
test_requires qemu-system-x86_64 qemu-system-x86
test_requires gcc gcc
test_requires grub-mkimage grub-common
test_requires jq jq
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'

# program I WORD: the work tree of image I is a program that says WORD.
program () {
	framework_image $1 &&
	cat >"$HELLO_WORK/manifest.json" <<-\END &&
	{ "type": "solo5.manifest", "version": 1, "devices": [ ] }
	END
	cat >"$HELLO_WORK/app.c" <<-\END &&
	#include "solo5.h"

	extern const char words[];

	int solo5_app_main(const struct solo5_start_info *info)
	{
		size_t n = 0;

		(void)info;
		while (words[n])
			n++;
		solo5_console_write(words, n);
		return SOLO5_EXIT_SUCCESS;
	}
	END
	printf "%s\n" "const char words[] = \"solo5 says $2\\n\";" >"$HELLO_WORK/words.c" &&
	printf "%s\n" "expect: \"^solo5 says $2\"" "boot_bus: ide" >"$HELLO_WORK/.hornero.yaml"
}

# compiled: the sources that the job's build compiled, on one line.
compiled () {
	hornero log "$job" | sed -n "s/^CC //p" | sort | xargs
}

test_expect_success 'the shipped file takes a program; it is warm and has booted' '
	framework_node solo5 &&
	hornero builder check solo5 &&
	hornero builder show solo5 >shown &&
	test_grep "^versions: .*version" shown &&
	program 1 one &&
	push_built_by solo5 &&
	test "$(compiled)" = "app.c manifest.c words.c" &&
	framework_booted "solo5 says one"
'

# Red without -nt in solo5.yaml.
test_expect_success 'one line changed: only that file is compiled, and the new line is said' '
	program 1 two &&
	push_built_by solo5 &&
	test "$(compiled)" = words.c &&
	framework_booted "solo5 says two"
'

test_expect_success 'a revert is served without a build' '
	program 1 one &&
	push_built_by solo5 &&
	test -z "$(compiled)" &&
	hornero show "$job" --json | jq -e .reused &&
	grep -aq "solo5 says one" "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'a source that does not compile: the log has the line of the compiler' '
	echo "int broken = ;" >>"$HELLO_WORK/words.c" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test_grep "^words.c:2:14: error: expected expression" log &&
	grep -aq "solo5 says one" "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'three pushed together: each disk has its own words' '
	framework_at_once program "solo5 says"
'

test_expect_success 'examples/solo5-hello boots' '
	framework_example solo5
'

test_done
