#!/bin/sh
# Runs in the guest of t/9300-systemd.t, as root; ./try itself runs as an ordinary user who has
# logged in.
test_description='./try as a user of systemd'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

test_expect_success 'a user, and his systemd' '
	systemctl start dbus.socket systemd-logind &&
	useradd --create-home pepa &&
	uid=$(id -u pepa) &&
	systemctl start user@$uid &&
	test -d /run/user/$uid
'

test_expect_success './try runs to its end' '
	setpriv --reuid pepa --regid pepa --init-groups -- \
		env HOME=/home/pepa XDG_RUNTIME_DIR=/run/user/$uid TMPDIR=/home/pepa CFLAGS=-O0 \
		"$HORNERO_SRC/sources/try" --no-install >said 2>&1 ||
	{ cat said; return 1; }
'

test_expect_success 'its builds had limits, and what was pushed ran' '
	test_grep "Limits: 10 % .* by cgroups" said &&
	test "$(grep -c "The pushed tree is what runs" said)" -eq 3 ||
	{ cat said; return 1; }
'

test_expect_success 'nothing is left of it' '
	test -z "$(ls /home/pepa)" &&
	test -z "$(find /sys/fs/cgroup -name "hornero-try-*")" &&
	test -z "$(systemctl --user --machine=pepa@ --no-legend list-units "run-*.scope")"
'

test_done
