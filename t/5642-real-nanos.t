#!/bin/sh
# The shipped nanos builder with ops and Nanos themselves, installed below HORNERO_FRAMEWORKS/nanos.
test_description='Nanos itself: a program boots, wrong configurations, three pushed together'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/framework.sh"
. "$HORNERO_SRC/t/lib/inspect.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
nanos=$HORNERO_FRAMEWORKS/nanos
framework_here nanos ||
	test_skip_all 'no ops and Nanos in HORNERO_FRAMEWORKS/nanos (HACKING.md)'
test_requires qemu-system-x86_64 qemu-system-x86
test_requires gcc gcc
test_requires jq jq

# program I WORD [CFLAGS]: the work tree of image I is a program that says WORD.
program () {
	framework_image $1 &&
	echo "{}" >"$HELLO_WORK/ops.json" &&
	cat >"$HELLO_WORK/app.c" <<-\END &&
	#include <stdio.h>

	extern const char words[];

	int main(void)
	{
		puts(words);
		return 0;
	}
	END
	printf "app: app.c words.c\n\t\$(CC) %s -o \$@ app.c words.c\n" "${3--static}" \
		>"$HELLO_WORK/Makefile" &&
	echo "const char words[] = \"nanos says $2\";" >"$HELLO_WORK/words.c" &&
	echo "expect: \"^nanos says $2\"" >"$HELLO_WORK/.hornero.yaml"
}

# Red with `ops version` in nanos.yaml: it asks the network, and fails without.
test_expect_success 'the shipped file takes a program; it is warm and has booted' '
	framework_node nanos &&
	program 1 one &&
	push_built_by nanos &&
	framework_booted "nanos says one"
'

test_expect_success 'one line changed: the new line is said' '
	program 1 two &&
	push_built_by nanos &&
	framework_booted "nanos says two"
'

test_expect_success 'a revert is served without a build' '
	program 1 one &&
	push_built_by nanos &&
	hornero show "$job" --json | jq -e .reused &&
	grep -aq "nanos says one" "$(node_warm_path "$HELLO_UUID")"
'

# ops takes the libraries of the sandbox. The program has no other way to libc.
test_expect_success 'a program that needs libraries has them in the image' '
	program 1 dynamic "" &&
	push_built_by nanos &&
	readelf -d "$NODE/unikernels/$HELLO_UUID/src/app" | grep "NEEDED.*libc\.so" &&
	framework_booted "nanos says dynamic"
'

test_expect_success 'a source that does not compile: the log has the line of the compiler' '
	echo "int broken = ;" >>"$HELLO_WORK/words.c" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test_grep "^words.c:2:14: error: expected expression" log &&
	grep -aq "nanos says dynamic" "$(node_warm_path "$HELLO_UUID")"
'

# ops exits 0 for these. Red without the last line of sed in nanos.yaml: the error names no cause.
for wrong in "{" "{\"Nonsense\": 1}"
do
	test_expect_success "a configuration that ops refuses: $wrong" '
		program 1 wrong &&
		echo "$wrong" >"$HELLO_WORK/ops.json" &&
		test_must_fail node_push &&
		hornero why "$HELLO_UUID" >out &&
		test_grep "its last line: ops.json: failed converting configuration file: " out &&
		grep -aq "nanos says dynamic" "$(node_warm_path "$HELLO_UUID")"
	'
done

test_expect_success 'three pushed together: each disk has its own words' '
	framework_at_once program "nanos says"
'

# mkfs is Nanos' own tool. It gets a manifest of its tuples instead of ops.json.
test_expect_success 'the shipped file command, with mkfs' '
	sed -e "s,^argv:.*,argv: [sh\, -ec\, \"make \&\& $nanos/bin/mkfs -b $nanos/boot.img \
-k $nanos/kernel.img hornero.raw <app.manifest\"]," \
		-e "s,^needs:.*,needs: [make\, gcc]," -e "s,^inputs:.*,inputs: [$nanos]," \
		"$HORNERO_SRC/etc/builders.d/command.yaml" >builders/mine.yaml &&
	program 2 mkfs &&
	git -C "$HELLO_WORK" rm -q --cached ops.json &&
	rm "$HELLO_WORK/ops.json" &&
	echo "(children:(app:(contents:(host:app))) program:/app environment:(PWD:/))" \
		>"$HELLO_WORK/app.manifest" &&
	echo "builder: mine" >>"$HELLO_WORK/.hornero.yaml" &&
	push_built_by mine &&
	framework_booted "nanos says mkfs"
'

test_expect_success 'examples/nanos-hello boots' '
	framework_example nanos
'

# The master boot record is the one of boot.img, which mkfs fills in: hornero makes no part of it.
test_inspection "$(node_warm_path "$HELLO_UUID")"

test_done
