#!/bin/sh
test_description='the units: how exposed each is, its bounds, and whose user it takes'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
command -v systemd-analyze >/dev/null || test_skip_all 'no systemd-analyze (Debian: systemd)'
systemd-analyze security --help >/dev/null 2>&1 && systemd-analyze --help | grep -q offline ||
	test_skip_all 'systemd-analyze cannot look at files (systemd 250)'

units=$HORNERO_BUILD/etc/systemd

# bound UNIT: the most that it may be exposed, in tenths.
bound () {
	case $1 in
	hornerod.service) echo 57 ;;      # builds need namespaces: bubblewrap
	hornero-mirror.service) echo 50 ;; # fetches do
	*) echo 20 ;;
	esac
}

# exposure UNIT: as systemd-analyze counts it, in tenths.
exposure () {
	systemd-analyze security --no-pager --offline=true "$units/$1" 2>/dev/null |
		sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\) .*/\1\2/p'
}

test_expect_success 'no unit is more exposed than 2.0, apart from those with bubblewrap' '
	for unit in $(cd "$units" && ls *.service)
	do
		is=$(exposure $unit) &&
		test -n "$is" ||
		{ echo "no figure for $unit"; return 1; }
		echo "$unit $is"
		test "$is" -le "$(bound $unit)" || return 1
		test "$(bound $unit)" -eq 20 ||
		grep -q "bubblewrap" "$units/$unit" || return 1
	done
'

test_expect_success 'each unit bounds memory and tasks, dumps no core, and none may gain rights' '
	for unit in $(cd "$units" && ls *.service)
	do
		grep -q "^LimitCORE=0" "$units/$unit" &&
		grep -q "^NoNewPrivileges=yes" "$units/$unit" &&
		grep -q "^TasksMax=" "$units/$unit" &&
		grep -q "^CapabilityBoundingSet=" "$units/$unit" &&
		{ test $unit = hornerod.service || grep -q "^MemoryMax=" "$units/$unit"; } ||
		{ echo "$unit"; return 1; }
	done
'

test_expect_success 'each service that stays has a watchdog, or says why not' '
	for unit in $(cd "$units" && grep -L "^Type=oneshot" *.service)
	do
		test $unit = hornero-publish@.service ||
		grep -q "^WatchdogSec=\|^# Without a watchdog: " "$units/$unit" ||
		{ echo "$unit"; return 1; }
	done
'

test_expect_success 'the start of a service that stays ends when it serves' '
	(cd "$units" && grep -L "^Type=oneshot\|^Type=notify" *.service) >got &&
	printf "%s\n" hornero-publish@.service hornero-yield.service >want &&
	test_cmp want got
'

# Red with the line in hornero-mirror.service: systemd then answers ENOSYS to openat2.
test_expect_success 'no unit whose program opens files by openat2 restricts set-ID bits' '
	for unit in $(cd "$units" && grep -l "^RestrictSUIDSGID=yes" *.service)
	do
		program=$(sed -n "s,^ExecStart=[^ ]*/\\([^ ]*\\).*,\\1,p" "$units/$unit") &&
		case $program in
		hornero-glance | hornero-notify | hornero-serve | hornero-yield) ;;
		*) echo "$unit: $program"; return 1 ;;
		esac
	done
'

# generated LINE…: what the generator makes of them, in ./out.
generated () {
	rm -rf out && mkdir -p out conf/hornero &&
	printf "%s\n" "state_dir: /x" "$@" >conf/hornero/hornero.yaml &&
	sed "s|\"[^\"]*/hornero/hornero.yaml\"|conf/hornero/hornero.yaml|" \
		"$HORNERO_BUILD/etc/hornero-generator" >generator &&
	sh generator out out out
}

test_expect_success 'the units of the repositories run as git_user' '
	generated "git_user: \"forge\"   # its account" &&
	for unit in hornero-gc hornero-clear hornero-door hornero-mirror
	do
		printf "[Service]\nUser=forge\nGroup=\n" >want &&
		test_cmp want out/$unit.service.d/50-git-user.conf || return 1
	done &&
	generated "git_user: 64991" &&
	grep -q "^User=64991$" out/hornero-gc.service.d/50-git-user.conf
'

test_expect_success 'git, nothing, or what is no name changes nothing' '
	for line in "git_user: git" "" "git_user: a b" "git_user: \"x\ny\"" "git_user: -x" \
		"git_user: %n" "git_user: a/b"
	do
		generated "$line" &&
		test -z "$(ls out)" || { echo "$line"; return 1; }
	done
'

# The exposure is that of the unit with the drop-in, as systemd would join them.
test_expect_success 'hornero-notify has queue_group only with notify_audit' '
	generated "queue_group: hornero-queue" &&
	test -z "$(ls out)" &&
	generated "queue_group: hornero-queue" "notify_audit: no" &&
	test -z "$(ls out)" &&
	generated "notify_audit: yes" &&
	test -z "$(ls out)" &&
	generated "notify_audit: yes" "queue_group: a b" &&
	test -z "$(ls out)" &&
	generated "notify_audit: \"yes\" # for the web hook" "queue_group: forge-queue " &&
	printf "[Service]\nSupplementaryGroups=forge-queue\n" >want &&
	test_cmp want out/hornero-notify.service.d/50-notify-audit.conf &&
	test "$(ls out)" = hornero-notify.service.d &&
	cat "$units/hornero-notify.service" want >out/hornero-notify.service &&
	grep -q "^ProtectSystem=strict" out/hornero-notify.service &&
	! grep "^ReadWritePaths=" out/hornero-notify.service &&
	systemd-analyze security --no-pager --offline=true --threshold=20 \
		"$PWD/out/hornero-notify.service" >security
'

test_done
