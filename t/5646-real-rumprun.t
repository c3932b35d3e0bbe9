#!/bin/sh
# The shipped rumprun builder with rumprun itself, installed below HORNERO_FRAMEWORKS/rumprun.
test_description='rumprun itself: a program boots, with its configuration; three pushed together'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/framework.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
framework_here rumprun || test_skip_all 'no rumprun in HORNERO_FRAMEWORKS/rumprun (HACKING.md)'
test_requires qemu-system-x86_64 qemu-system-x86
test_requires gcc gcc
test_requires grub-mkimage grub-common
test_requires jq jq
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'

node_patience=400

# program I WORD: the work tree of image I is a program that says WORD, and what its configuration
# has as its argument.
program () {
	framework_image $1 &&
	cat >"$HELLO_WORK/app.c" <<-\END &&
	#include <stdio.h>

	extern const char words[];

	int main(int argc, char **argv)
	{
		printf("%s, %s\n", words, argc > 1 ? argv[1] : "no argument");
		return 0;
	}
	END
	printf "app: app.o words.o\n\t\$(CC) -o \$@ app.o words.o\n" >"$HELLO_WORK/Makefile" &&
	echo "const char words[] = \"rumprun says $2\";" >"$HELLO_WORK/words.c" &&
	echo "{ \"cmdline\": \"app argument\" }" >"$HELLO_WORK/rumprun.json" &&
	echo "expect: \"^rumprun says $2, \"" >"$HELLO_WORK/.hornero.yaml"
}

# compiled FILE.c: the job's build compiled it.
compiled () {
	hornero log "$job" >log &&
	grep -q "^x86_64-rumprun-netbsd-gcc .* $1\$" log
}

# Red without kernel_modules in rumprun.yaml: "no argument".
test_expect_success 'the shipped file takes a program and its configuration; it has booted' '
	framework_node rumprun &&
	program 1 one &&
	push_built_by rumprun &&
	framework_booted "rumprun says one, argument" &&
	compiled app.c
'

# Red without strip in rumprun.yaml: 22 MB.
test_expect_success 'the disk has no symbols' '
	test "$(stat -c %s "$(node_warm_path "$HELLO_UUID")")" -lt 8000000
'

test_expect_success 'one line changed: only that file is compiled, and the new line is said' '
	program 1 two &&
	push_built_by rumprun &&
	framework_booted "rumprun says two, argument" &&
	compiled words.c &&
	! compiled app.c
'

test_expect_success 'another configuration alone: it is on the disk' '
	echo "{ \"cmdline\": \"app other\" }" >"$HELLO_WORK/rumprun.json" &&
	push_built_by rumprun &&
	framework_booted "rumprun says two, other"
'

test_expect_success 'a revert is served without a build' '
	program 1 one &&
	push_built_by rumprun &&
	hornero show "$job" --json | jq -e .reused &&
	grep -aq "rumprun says one" "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'a source that does not compile: the log has the line of the compiler' '
	echo "int broken = ;" >>"$HELLO_WORK/words.c" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test_grep "^words.c:2:14: error: expected expression" log &&
	grep -aq "rumprun says one" "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'three pushed together: each disk has its own words' '
	framework_at_once program "rumprun says"
'

test_expect_success 'examples/rumprun-hello boots' '
	framework_example rumprun
'

test_done
