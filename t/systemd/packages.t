#!/bin/sh
# Runs in the guest of t/lib/debian.sh, as root: Debian with all that the packages depend on, but
# without them.
test_description='the packages on a machine of their own'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
debs=/hornero/debs
state=/var/lib/hornero
uuid=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
warm=/var/lib/nova/instances/_base/$(printf %s $uuid | sha1sum | cut -d ' ' -f 1)
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
PATH=$PATH:/usr/sbin:/sbin

journal () {
	journalctl --no-pager -o short-monotonic -n 60 -u 'hornero*'
	return 1
}

# apt COMMAND…: without questions about changed files.
apt () {
	apt-get -q -y --allow-downgrades -o Dpkg::Options::=--force-confdef \
		-o Dpkg::Options::=--force-confold "$@" >apt.log 2>&1 </dev/null
	set -- $?
	cat apt.log
	return $1
}

# packages DIR: their files.
packages () {
	ls $1/hornero_*.deb $1/hornero-door_*.deb $1/hornero-glance_*.deb
}

as_git () {
	setpriv --reuid git --regid git --init-groups -- env HOME=/var/tmp/pusher "$@"
}

none_failed () {
	systemctl --no-legend --plain --failed list-units "hornero*" >failed &&
	test_cmp /dev/null failed
}

test__uptime
begun=$test__now
test_expect_success 'apt installs them; nothing runs and nothing fails' '
	apt install $(packages $debs) $debs/hornero-doc_*.deb &&
	none_failed &&
	! pgrep -x "hornero.*" &&
	test "$(stat -c "%U %a" $state)" = "hornero 755" &&
	test ! -e /etc/hornero/hornero.yaml &&
	for unit in hornero-serve hornero-glance hornero-share hornero-notify
	do
		test_must_fail systemctl is-enabled $unit || return 1
	done
'

test_expect_success 'cron'\''s line does nothing yet' '
	sh -c "$(sed -n "s/.*	hornero	//p" /etc/cron.d/hornero)" >out 2>&1 &&
	test_cmp /dev/null out
'

test_expect_success 'the autopkgtest: the quick start of README.md' '
	sh /hornero/tests.debian/quick-start >quick.log 2>&1 || { cat quick.log; journal; }
'

test__uptime
echo "# the first hour: from apt install to the first warm image $((test__now - begun)) s, emulated"

# But for the clock, which nothing sets in this guest, and its memory, which is less than a node's.
test_expect_success 'doctor has nothing to say about a node of the quick start' '
	sysctl -q -w fs.epoll.max_user_watches=20000000 &&
	{ hornero doctor --json >doctor || :; } &&
	jq -r ".[] | select(.state != \"ok\") | .finding" doctor >found &&
	cat found &&
	sed -i "/the clock is not synchronised/d" found &&
	test_cmp /dev/null found
'

new=/usr/local/share/upgraded # what the build waits for
test_expect_success 'a build is under way' '
	install -d -o git -g git /var/tmp/pusher &&
	as_git git clone -q $state/git/spark.git /var/tmp/pusher/work &&
	printf "boot.o: wait\nwait:\n\tuntil test -e $new; do sleep 1; done\n" |
		as_git tee -a /var/tmp/pusher/work/Makefile &&
	as_git git -C /var/tmp/pusher/work -c user.name=a -c user.email=a@b commit -q -a -m wait &&
	as_git git -C /var/tmp/pusher/work push -q origin HEAD 2>words || { cat words; false; } &&
	job=$(sed -n "s/.*hornero: job \([0-9]*\) .*/\1/p" words | head -n 1) &&
	test -n "$job" &&
	wait_until "hornero log $job | grep -q until" 120 || journal
'

pid_of () {
	systemctl show -P MainPID $1
}

runs_what_is_installed () {
	test "$(readlink /proc/$pid/exe)" = /usr/sbin/hornerod
}

test_expect_success 'an upgrade keeps the build, and an edited builder' '
	pid=$(pid_of hornerod) &&
	door=$(pid_of hornero-door) &&
	echo "# of the operator" >>/etc/hornero/builders.d/make.yaml &&
	rm -r $state/audit && # which an older version did not have
	apt install $(packages /hornero/newer) &&
	test "$(stat -c "%U %a" $state/audit)" = "hornero 2770" &&
	test "$(dpkg-query -W -f "\${Version}" hornero)" = 99.1 &&
	test "$(pid_of hornerod)" = "$pid" &&
	wait_until runs_what_is_installed 30 &&
	test "$(hornero show $job --json | jq -r .state)" = running &&
	: >$new &&
	hornero wait $job --timeout 300 &&
	test "$(hornero show $job --json | jq ".attempts | length")" = 1 &&
	test "$(pid_of hornero-door)" != "$door" &&
	test_grep "of the operator" /etc/hornero/builders.d/make.yaml &&
	test_must_fail grep "another version" /etc/hornero/builders.d/make.yaml &&
	test_grep "another version" /etc/hornero/builders.d/solo5.yaml &&
	none_failed || { hornero show $job; hornero log $job; journal; }
'

test_expect_success 'an older package that cannot read the queue is refused, with words' '
	sync -f $state &&
	test_must_fail apt install $(packages /hornero/older) &&
	test_grep "cannot replace 99.1 by this version: $state/queue/queue.db has" apt.log &&
	test "$(dpkg-query -W -f "\${db:Status-Status} \${Version}" hornero)" = "installed 99.1" &&
	test "$(pid_of hornerod)" = "$pid" &&
	systemctl is-active hornerod hornero-door hornero-publish.socket &&
	none_failed || journal
'

test_expect_success 'once the queue is away, it may be installed' '
	apt-get -q -y -f install >mended 2>&1 </dev/null || { cat mended; false; } &&
	systemctl stop hornerod hornero-door &&
	mkdir away &&
	mv $state/queue/queue.db* away/ &&
	apt install $(packages /hornero/older) &&
	systemctl start hornerod hornero-door &&
	none_failed || journal
'

test_expect_success 'a removal stops all, and leaves the configuration' '
	apt remove hornero hornero-door hornero-glance &&
	! pgrep -u hornero &&
	! pgrep -x "hornero.*" &&
	test -f /etc/hornero/hornero.yaml &&
	sh -c "$(sed -n "s/.*	hornero	//p" /etc/cron.d/hornero)" >out 2>&1 &&
	test_cmp /dev/null out &&
	none_failed
'

test_expect_success 'a purge leaves Nova'\''s files, and the repositories' '
	apt purge hornero hornero-door hornero-glance &&
	test_grep "the repositories stay: $state/git" apt.log &&
	test "$(ls $state)" = git &&
	as_git git -C $state/git/spark.git rev-parse HEAD &&
	test -f "$warm" &&
	test "$(ls /var/lib/nova/instances)" = "_base
locks" &&
	test ! -e /etc/hornero
'

test_expect_success 'a purge whose operator said yes beforehand removes the repositories, too' '
	apt install $(packages $debs) &&
	echo hornero hornero/purge-repositories boolean true | debconf-set-selections &&
	apt purge hornero hornero-door hornero-glance &&
	test ! -e $state &&
	test -f "$warm"
'

test_done
