#!/bin/sh
# The profiles of etc/apparmor with a real kernel's AppArmor, in a guest.
test_description='AppArmor profiles in enforce'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/guest.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
guest_requires
PATH=$PATH:/sbin:/usr/sbin
test_requires apparmor_parser apparmor

test_expect_success 'a guest starts, runs the tests and ends' '
	guest_make &&
	guest_kernel_options="apparmor=1 security=apparmor" &&
	echo "here t/systemd/apparmor.t" >tests &&
	guest_run 900 tests
'

test_expect_success 'door, publisher and hornero-serve within their profiles' '
	guest_said here/apparmor
'

test_done
