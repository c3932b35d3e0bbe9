#!/bin/sh
# The groups of builds on cgroup v2, in a guest that has nothing else: on the machine that runs the
# tests v1 may be all there is.
test_description='builds in cgroup v2: as root, and as a user in a delegated group'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/guest.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
guest_requires

test_expect_success 'a guest starts, runs the tests and ends' '
	guest_make && guest_run t/v2/start 600 || { tail -n 50 serial; return 1; }
'

test_expect_success 'as root, with nothing delegated' '
	guest_said root
'

test_expect_success 'as a user, in a group that was delegated' '
	guest_said user
'

test_done
