#!/bin/sh
# As t/9405-debian.t, with the libraries and the systemd of Debian 13.
test_description='the packages of Debian 13: built, installed, upgraded, refused, purged'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/setup.sh"
. "$HORNERO_SRC/t/lib/guest.sh"
. "$HORNERO_SRC/t/lib/debian.sh"
debian_requires

test_expect_success 'dpkg-buildpackage makes them' '
	debian_build trixie &&
	for package in hornero hornero-door hornero-glance hornero-doc hornero-dbgsym
	do
		ls debs/${package}_*.deb || return 1
	done
'

test_expect_success 'lintian has nothing to say' '
	cat lintian &&
	test_cmp /dev/null lintian
'

test_expect_success 'a guest starts, runs the tests and ends' '
	debian_others &&
	debian_guest trixie
'

test_expect_success 'install, quick start, upgrade, downgrade, purge' '
	guest_said here/packages
'

test_done
