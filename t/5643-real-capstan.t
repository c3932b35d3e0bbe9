#!/bin/sh
# The shipped capstan-compose and capstan builders with capstan and OSv themselves, installed below
# HORNERO_FRAMEWORKS/capstan.
test_description='capstan itself: OSv boots, by compose and by build; three pushed together'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/framework.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
framework_here capstan ||
	test_skip_all 'no capstan and OSv in HORNERO_FRAMEWORKS/capstan (HACKING.md)'
base=$HORNERO_FRAMEWORKS/capstan/root/repository/cloudius/osv-base/osv-base.qemu
test_requires qemu-system-x86_64 qemu-system-x86
test_requires qemu-nbd qemu-utils
test_requires gcc gcc
test_requires jq jq

# program I WORD: the work tree of image I is examples/osv-rofs, and its program says WORD.
program () {
	framework_image $1 &&
	cp -R "$HORNERO_SRC/examples/osv-rofs/." "$HELLO_WORK" &&
	echo "osv says $2" >"$HELLO_WORK/greeting" &&
	echo "expect: \"^osv says $2, tree \"" >"$HELLO_WORK/.hornero.yaml"
}

# booted WORD: the boot check of the job saw the line of that program and of the pushed tree.
booted () {
	framework_booted "osv says $1, tree $(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}")"
}

# no_guest: no QEMU of a build is left, and no server of its disk.
no_guest () {
	! ps -e -o args= | grep -F hornero.qemu | grep -v grep
}

test_expect_success 'compose: the example is warm and has booted' '
	framework_node capstan-compose capstan &&
	program 1 one &&
	push_built_by capstan-compose &&
	booted one
'

# Red without make in capstan-compose.yaml.
test_expect_success 'compose: one line changed, and the new line is said' '
	program 1 two &&
	push_built_by capstan-compose &&
	booted two
'

test_expect_success 'compose: a revert is served without a build' '
	program 1 one &&
	push_built_by capstan-compose &&
	hornero show "$job" --json | jq -e .reused
'

test_expect_success 'compose: the image has what .capstanignore does not name, and no more' '
	grep -aq libenviron.so "$(node_warm_path "$HELLO_UUID")" &&
	! grep -aq "int main" "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'compose: a package that the node does not have is named' '
	echo "require: [hornero.absent]" >>"$HELLO_WORK/meta/package.yaml" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test_grep hornero.absent log &&
	program 1 one
'

# Red without --unshare-net in the sandbox: each has its command line written by a server on port
# 10809.
test_expect_success 'compose: three pushed together, each with its own words' '
	framework_at_once program "osv says" &&
	no_guest
'

test -e "$base" || {
	test_skip 'build: a Capstanfile' "no $base"
	test_done
}

# capstanfile I WORD: the work tree of image I has the same program, and a Capstanfile.
capstanfile () {
	program $1 $2 &&
	rm -rf "$HELLO_WORK/meta" &&
	cat >"$HELLO_WORK/Capstanfile" <<-\END
	base: cloudius/osv-base
	cmdline: /hello
	build: make
	files:
	  /hello: hello
	END
}

test_expect_success 'build: a Capstanfile; it is warm and has booted' '
	capstanfile 1 one &&
	push_built_by capstan &&
	booted one &&
	no_guest
'

test_expect_success 'build: one line changed, and the new line is said' '
	capstanfile 1 two &&
	push_built_by capstan &&
	booted two
'

test_expect_success 'build: three pushed together, each with its own words, and no guest is left' '
	framework_at_once capstanfile "osv says" &&
	no_guest
'

# The image is there when the guest that fills it runs.
test_expect_success 'build: killed beside its guest: no part of an image is taken, no guest left' '
	capstanfile 1 killed &&
	before=$(sha256sum "$(node_warm_path "$HELLO_UUID")") &&
	framework_push &&
	wait_until "pgrep -f file=/build/cache/capstan/repository/hornero/hornero.qemu" 100 &&
	hornero cancel "$job" &&
	wait_until "job_state_is cancelled" 60 &&
	wait_until no_guest 20 &&
	test "$(sha256sum "$(node_warm_path "$HELLO_UUID")")" = "$before" &&
	grep -aq "osv says at-once-1" "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'build: the next push takes nothing from it' '
	capstanfile 1 after &&
	push_built_by capstan &&
	booted after
'

test_done
