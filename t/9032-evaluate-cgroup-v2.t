#!/bin/sh
# Long: the node that ./evaluate sets up, without OpenStack, in a guest.
test_description='the node of ./evaluate with cgroup v2 alone, as on a machine with systemd'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/setup.sh"
. "$HORNERO_SRC/t/lib/guest.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
guest_requires

test_expect_success 'a guest starts, runs the test and ends' '
	src=$HORNERO_SRC &&
	guest_make &&
	mkdir "$guest__over/hornero/sources" &&
	copy_sources "$guest__over/hornero/sources" &&
	echo here t/systemd/evaluate.t >tests &&
	guest_run 1500 tests
'

test_expect_success 'a push is built within the limits' '
	guest_said here/evaluate
'

test_done
