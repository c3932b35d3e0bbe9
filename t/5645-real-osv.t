#!/bin/sh
# The shipped osv-app and osv builders with OSv's own scripts/build, and the tree of
# HORNERO_FRAMEWORKS/osv.
test_description='OSv itself: an application with the kernel of a tree, and a whole tree'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/framework.sh"
. "$HORNERO_SRC/t/lib/inspect.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
framework_here osv || test_skip_all 'no tree of OSv in HORNERO_FRAMEWORKS/osv (HACKING.md)'
test_requires qemu-system-x86_64 qemu-system-x86
test_requires qemu-nbd qemu-utils
test_requires gcc gcc
test_requires jq jq

# The first build of an image copies the tree.
node_patience=500

# program I WORD: the work tree of image I is the program of examples/osv-rofs, laid out as OSv's
# apps/ are. It says WORD.
program () {
	framework_image $1 &&
	cp "$HORNERO_SRC"/examples/osv-rofs/hello.c "$HORNERO_SRC"/examples/osv-rofs/Makefile \
		"$HELLO_WORK" &&
	printf "\nmodule: hello\n.PHONY: module\n" >>"$HELLO_WORK/Makefile" &&
	printf "%s\n" "from osv.modules import api" "default = api.run('/hello')" \
		>"$HELLO_WORK/module.py" &&
	echo "/hello: \${MODULE_DIR}/hello" >"$HELLO_WORK/usr.manifest" &&
	echo "osv says $2" >"$HELLO_WORK/greeting" &&
	echo "expect: \"^osv says $2, tree \"" >"$HELLO_WORK/.hornero.yaml"
}

# booted WORD: the boot check of the job saw the line of that program and of the pushed tree.
booted () {
	framework_booted "osv says $1, tree $(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}")"
}

# no_object: the build of the job compiled nothing of OSv. (Its make shows no commands.)
no_object () {
	hornero log "$job" >log &&
	! grep -E "^  (AS|CC|CXX|LD|LINK) " log
}

# Red without the times that cp -a keeps in osv-app.yaml.
test_expect_success 'an application is warm and has booted; nothing of the kernel is compiled' '
	framework_node osv-app &&
	hornero builder check osv-app &&
	program 1 one &&
	push_built_by osv-app &&
	booted one &&
	no_object
'

test_expect_success 'one line changed: the copy of the tree stays, and the new line is said' '
	loader=$NODE/unikernels/$HELLO_UUID/cache/osv/build/release.x64/loader.img &&
	before=$(stat -c "%i %y" "$loader") &&
	program 1 two &&
	push_built_by osv-app &&
	booted two &&
	no_object &&
	test "$(stat -c "%i %y" "$loader")" = "$before"
'

test_expect_success 'a revert is served without a build' '
	program 1 one &&
	push_built_by osv-app &&
	hornero show "$job" --json | jq -e .reused
'

test_expect_success 'a source that does not compile: the log has the line of the compiler' '
	echo "int broken = ;" >>"$HELLO_WORK/hello.c" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test_grep "^hello.c:.*: error: expected expression" log &&
	grep -aq "osv says one" "$(node_warm_path "$HELLO_UUID")"
'

test_inspection "$(node_warm_path "$HELLO_UUID")"

test_expect_success 'three pushed together: each disk has its own words' '
	framework_at_once program "osv says"
'

# A directory as a checkout is after a first build, which would compile 1,200 objects. Seven of them
# name their headers by the path of the tree.
test_expect_success 'the shipped file osv, with a whole tree that has its objects' '
	cp "$HORNERO_SRC/etc/builders.d/osv.yaml" builders/ &&
	cp -a "$HORNERO_FRAMEWORKS/osv" tree &&
	find tree/build -name "*.d" -exec grep -q "$HORNERO_FRAMEWORKS/osv/" {} \; \
		-exec sed -i "s,$HORNERO_FRAMEWORKS/osv/,,g" {} + &&
	rm -f tree/build/release.x64/usr.img &&
	program 1 whole &&
	mkdir -p tree/apps/app &&
	cp "$HELLO_WORK"/* tree/apps/app &&
	printf "%s\n" "arguments: [image=app]" "expect: ^osv says whole, tree " \
		>tree/.hornero.yaml &&
	{ hornero builder try osv ./tree >out 2>&1 || { cat out; false; }; } &&
	test_grep "^osv says whole, tree " out &&
	test_grep "^boot: a line matched" out &&
	! grep -E "^  (AS|CC|CXX|LD|LINK) " out
'

test_done
