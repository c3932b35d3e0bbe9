#!/bin/sh
# Units, users and sockets under a running systemd, in a guest that has one: where the tests run
# another program may be process 1.
test_description='the node that README.md sets up, and ./try, under systemd with cgroup v2 alone'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/setup.sh"
. "$HORNERO_SRC/t/lib/guest.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
guest_whole_requires

test_expect_success 'built and installed with the paths of README.md' '
	src=$HORNERO_SRC scratch=$TRASH/aside && mkdir aside over &&
	(build_aside --prefix=/usr --sysconfdir=/etc --localstatedir=/var) &&
	make -s -C aside/build install DESTDIR="$TRASH/over" >install.log 2>&1 || { cat install.log; return 1; }
'

test_expect_success 'a guest starts, runs the tests and ends' '
	mkdir -p over/hornero/build over/etc/systemd/system over/etc/tmpfiles.d &&
	(cd "$HORNERO_SRC" && tar -cf - t/lib t/systemd examples/hello) | tar -C over/hornero -xf - &&
	mv aside/src over/hornero/sources && mv over/hornero/t/systemd/hornero-test.* over/etc/systemd/system/ &&
	: >over/etc/fstab && : >over/etc/tmpfiles.d/tmp.conf && guest_whole_make over &&
	guest_whole_run 1500 systemd.unit=hornero-test.target systemd.firstboot=off systemd.show_status=0 ||
	{ cat virtiofsd.log && tail -n 50 serial && return 1; }
'

test_expect_success 'the quick start of README.md' '
	guest_said node
'

test_expect_success './try of a user, with limits in a scope of his' '
	guest_said try
'

test_done
