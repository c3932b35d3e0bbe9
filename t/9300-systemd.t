#!/bin/sh
# The units as installed, step by step, and ./try of a user who has a systemd of his own, in a
# guest. ./try builds there.
test_description='the node that README.md sets up, and ./try, under systemd with cgroup v2 alone'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/setup.sh"
. "$HORNERO_SRC/t/lib/guest.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
guest_requires
test -n "$(find /usr/lib /lib -name pam_systemd.so 2>/dev/null)" ||
	test_skip_all 'users have no systemd here (Debian: libpam-systemd, dbus-user-session)'

test_expect_success 'a guest starts, runs the tests and ends' '
	src=$HORNERO_SRC &&
	guest_make &&
	mkdir "$guest__over/hornero/sources" &&
	copy_sources "$guest__over/hornero/sources" &&
	printf "here t/systemd/%s.t\n" node try >tests &&
	guest_run 1500 tests
'

test_expect_success 'the quick start of README.md' '
	guest_said here/node
'

test_expect_success './try of a user, with limits in a scope of his' '
	guest_said here/try
'

test_done
