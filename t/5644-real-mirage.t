#!/bin/sh
# The shipped mirage builder with MirageOS itself, installed below HORNERO_FRAMEWORKS/mirage, and
# the Solo5 of HORNERO_FRAMEWORKS/solo5.
test_description='MirageOS itself: the example boots, incremental builds, three pushed together'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/framework.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
framework_here mirage ||
	test_skip_all 'no MirageOS, or no Solo5, in HORNERO_FRAMEWORKS (HACKING.md)'
test_requires qemu-system-x86_64 qemu-system-x86
test_requires ocamlfind ocaml-findlib
test_requires grub-mkimage grub-common
test_requires jq jq
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'

# The first build compiles the libraries of the duniverse.
node_patience=400

# program I WORD: the work tree of image I is the example with its duniverse, and says WORD.
program () {
	framework_image $1 &&
	cp -R "$HORNERO_SRC/examples/mirage-hello/." "$HELLO_WORK" &&
	framework_sources mirage "$HELLO_WORK" &&
	echo "mirage says $2" >"$HELLO_WORK/greeting" &&
	echo "expect: \"^mirage says $2, tree \"" >>"$HELLO_WORK/.hornero.yaml"
}

test_expect_success 'the example with its duniverse is warm and has booted' '
	framework_node mirage &&
	framework_example mirage
'

# Red with `dune clean` in mirage.yaml.
test_expect_success 'one line changed: the libraries stay, and the new line is said' '
	lwt=$NODE/unikernels/$HELLO_UUID/src/_build/solo5/duniverse/lwt/src/core/lwt.a &&
	before=$(stat -c "%i %y" "$lwt") &&
	echo "good evening from hornero" >"$HELLO_WORK/greeting" &&
	sed -i "s/\^hello from/^good evening from/" "$HELLO_WORK/.hornero.yaml" &&
	push_built_by mirage &&
	framework_booted "good evening from hornero, tree " &&
	test "$(stat -c "%i %y" "$lwt")" = "$before"
'

test_expect_success 'a source that does not compile: the log has the line of the compiler' '
	echo "let broken = 1 + true" >>"$HELLO_WORK/unikernel.ml" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test_grep "^Error: This expression has type bool" log &&
	grep -aq "good evening from hornero" "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'three pushed together: each disk has its own words' '
	framework_at_once program "mirage says"
'

test_expect_success 'a revert is served without a build' '
	program 1 other &&
	push_built_by mirage &&
	program 1 at-once-1 &&
	push_built_by mirage &&
	hornero show "$job" --json | jq -e .reused &&
	grep -aq "mirage says at-once-1" "$(node_warm_path "$HELLO_UUID")"
'

test_done
