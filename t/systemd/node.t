#!/bin/sh
# Runs in the guest of t/9300-systemd.t, as root.
test_description='the units of hornero under systemd'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
uuid=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
warm=/var/lib/nova/instances/_base/$(printf %s $uuid | sha1sum | cut -d ' ' -f 1)
unit=/sys/fs/cgroup/hornero.slice/hornerod.service

# When a test fails, what the units said.
journal () {
	journalctl --no-pager -o short-monotonic -n 40 -u 'hornero*'
	return 1
}

# said UNIT: its journal is in the file `said`.
said () {
	journalctl --sync &&
	journalctl --no-pager -u "$1" >said
}

as_git () {
	setpriv --reuid git --regid git --init-groups -- env HOME=/var/tmp/pusher "$@"
}

# The operator.
as_carla () {
	setpriv --reuid carla --regid carla --init-groups -- "$@"
}

push () {
	as_git git -C /var/tmp/pusher push -q origin main 2>push.out || { cat push.out; return 1; }
	job=$(sed -n 's/.*hornero: job \([0-9]*\) queued.*/\1/p' push.out)
	test -n "$job" || { cat push.out; return 1; }
}

test_expect_success 'process 1 is systemd, with cgroup v2 alone' '
	test "$(cat /proc/1/comm)" = systemd &&
	test -e /sys/fs/cgroup/cgroup.controllers
'

test_expect_success 'Nova is there: its user, its instances' '
	{ getent passwd nova || useradd --system --home-dir /var/lib/nova nova; } &&
	install -d -o nova -g nova /var/lib/nova /var/lib/nova/instances \
		/var/lib/nova/instances/_base
'

test_expect_success 'users and groups, a configuration, hornero init' '
	systemd-sysusers &&
	id git &&
	id hornero &&
	useradd carla &&
	usermod -aG hornero-queue carla &&
	cat >/etc/hornero/hornero.yaml <<-END &&
	git_user: git
	hornero_user: hornero
	queue_group: hornero-queue
	publish_socket: /run/hornero-publish.socket
	compile_core_limit: 50
	compile_mem_limit: 500
	store_floor: 0
	cache_floor: 0
	END
	hornero init
'

test_expect_success 'a wrong configuration ends the start, and is not tried again' '
	cp /etc/hornero/hornero.yaml good &&
	echo "compile_core_limits: 50" >>/etc/hornero/hornero.yaml &&
	test_must_fail systemctl start hornerod &&
	cp good /etc/hornero/hornero.yaml &&
	test "$(systemctl show -P SubState hornerod)" = failed &&
	said hornerod &&
	test_grep "hornero.yaml:[0-9]+:[0-9]+: .*compile_core_limits" said || journal
'

test_expect_success 'systemctl enable --now, as README.md has it' '
	systemctl enable --now hornero-publish.socket hornerod hornero-door hornero-gc.timer &&
	systemctl is-active hornero-publish.socket hornerod hornero-door hornero-gc.timer || journal
'

test_expect_success 'it says that it is ready, is watched, and runs as hornero' '
	test "$(systemctl show -P Type hornerod)" = notify &&
	test "$(systemctl show -P WatchdogUSec hornerod)" = 30s &&
	pid=$(systemctl show -P MainPID hornerod) &&
	test "$(stat -c %U /proc/$pid)" = hornero &&
	test_grep "hornerod.service/agent$" /proc/$pid/cgroup || journal
'

test_expect_success 'the limits of builds are in its delegated group' '
	test "$(systemctl show -P Delegate hornerod)" = yes &&
	test "$(cat $unit/hornero/cpu.max)" = "$((50 * $(nproc) * 1000)) 100000" &&
	test "$(cat $unit/hornero/memory.max)" -le 500000000
'

# Red without: Wants=hornero-yield.service in hornerod.service, ReadWritePaths= in
# hornero-yield.service, the last yield_to_others in agent/yield/main.c.
test_expect_success 'hornero-yield: other work comes first, and builds get what it leaves' '
	wait_until "systemctl is-active hornero-yield" 30 &&
	test ! -e ${unit%/*}/hornero-yield.service &&
	wait_until "test \"\$(cat ${unit%/*}/cpu.idle)\" = 1" 120 &&
	test "$(cat $unit/hornero/cpu.idle)" = 0 &&
	test "$(cat $unit/hornero/cpu.weight)" -lt 100 &&
	systemctl stop hornero-yield &&
	test "$(cat ${unit%/*}/cpu.idle) $(cat ${unit%/*}/cpu.weight)" = "0 5" &&
	systemctl start hornero-yield &&
	systemctl is-active hornerod || journal
'

test_expect_success 'hornero-yield may write two files, and nothing else' '
	pid=$(systemctl show -P MainPID hornero-yield) &&
	test_grep "^CapEff:.0*$" /proc/$pid/status &&
	test_grep "^CapBnd:.0*$" /proc/$pid/status &&
	test_must_fail nsenter -t $pid -m touch /etc/hornero/touched &&
	test_must_fail nsenter -t $pid -m sh -c "echo 5 >$unit/hornero/cpu.weight" &&
	test_must_fail nsenter -t $pid -m sh -c "echo max >${unit%/*}/cpu.max" &&
	nsenter -t $pid -m sh -c "echo 0 >${unit%/*}/cpu.idle"
'

test_expect_success 'a push by git is built and published through the socket' '
	repo=$(hornero repo create hello | tail -n 1) &&
	as_carla hornero image add $uuid hello &&
	install -d -o git -g git /var/tmp/pusher &&
	cp -R /hornero/examples/hello/. /var/tmp/pusher/ &&
	chown -R git:git /var/tmp/pusher &&
	as_git git init -q -b main /var/tmp/pusher &&
	as_git git -C /var/tmp/pusher add -A &&
	as_git git -C /var/tmp/pusher commit -q -m hello &&
	as_git git -C /var/tmp/pusher remote add origin "$repo" &&
	push &&
	hornero wait $job --timeout 120 ||
	{ hornero log $job; hornero why $uuid; journal; }
'

# come KEY: what the door answers a client with this key.
come () {
	cat >ssh_config <<-END &&
	IdentityFile $PWD/$1
	IdentitiesOnly yes
	BatchMode yes
	StrictHostKeyChecking accept-new
	UserKnownHostsFile $PWD/known
	END
	GIT_SSH_COMMAND="ssh -F $PWD/ssh_config" git ls-remote ssh://git@127.0.0.1:2222/hello
}

test_expect_success 'hornero-door lets a key in, and nobody else' '
	ssh-keygen -q -t ed25519 -N "" -f key &&
	hornero key add ann key.pub --read hello &&
	ssh-keygen -q -t ed25519 -N "" -f other &&
	come key >refs &&
	test_grep refs/heads/main refs &&
	test_expect_code 128 come other 2>words &&
	test_grep "Permission denied" words &&
	door=$(systemctl show -P MainPID hornero-door) &&
	test "$(stat -c %U /proc/$door)" = git || journal
'

test_expect_success 'hornero-mirror has a repository follow another one through the door, as git' '
	copy=$(hornero repo create copy | tail -n 1) &&
	access=/var/lib/hornero/mirror/access &&
	ssh-keygen -q -t ed25519 -N "" -f mirror &&
	hornero key add mirror mirror.pub --read hello &&
	install -o git -g git -m 0600 mirror $access/key &&
	install -o git -g git -m 0644 known $access/known_hosts &&
	hornero repo mirror copy ssh://git@127.0.0.1:2222/hello &&
	systemctl start hornero-mirror &&
	hornero repo fetch copy --timeout 120 &&
	as_git git --git-dir="$repo" rev-parse main >want &&
	as_git git --git-dir="$copy" rev-parse main >got &&
	test_cmp want got &&
	pid=$(systemctl show -P MainPID hornero-mirror) &&
	test "$(stat -c %U /proc/$pid)" = git &&
	test_grep "^CapBnd:.0*$" /proc/$pid/status &&
	systemctl reload hornero-mirror &&
	wait_until "said hornero-mirror && grep -q event=reloaded said" 60 &&
	test "$(systemctl show -P MainPID hornero-mirror)" = "$pid" &&
	systemctl stop hornero-mirror &&
	test "$(systemctl show -P Result hornero-mirror)" = success || journal
'

test_expect_success 'the warm file is whole and nova'\''s' '
	test "$(stat -c "%U %a %s" "$warm")" = "nova 644 1048576"
'

test_expect_success 'hornero-serve, off until an address is set, serves that file as its own user' '
	test_must_fail systemctl is-enabled hornero-serve &&
	test_must_fail systemctl start hornero-serve &&
	echo "serve_listen: 127.0.0.1:8080" >>/etc/hornero/hornero.yaml &&
	digest=$(sha256sum <$warm | cut -d " " -f 1) &&
	systemctl start hornero-serve &&
	curl -sf -o served http://127.0.0.1:8080/sha256/$digest &&
	cmp served $warm &&
	pid=$(systemctl show -P MainPID hornero-serve) &&
	test "$(ps -o uid= -p $pid | tr -d " ")" = "$(id -u hornero-serve)" &&
	test_grep "^Seccomp:.2" /proc/$pid/status &&
	systemctl stop hornero-serve || journal
'

# glance_waits: for Keystone, by its own record.
glance_waits () {
	cat /var/lib/hornero/glance/*.json >record 2>/dev/null &&
	jq -e '.state == "waiting" and (.reason | contains("POST http://127.0.0.1:9/v3"))' record
}

test_expect_success 'hornero-glance, with credentials of its own, waits while Keystone is away' '
	test_must_fail systemctl is-enabled hornero-glance &&
	cat >clouds.yaml <<-END &&
	clouds:
	  node:
	    auth:
	      auth_url: http://127.0.0.1:9/v3
	      application_credential_id: cred
	      application_credential_secret: s3cret
	END
	install -o hornero-glance -g hornero-glance -m 0600 clouds.yaml /etc/hornero/clouds.yaml &&
	as_carla hornero image set $uuid releases=registered &&
	systemctl start hornero-glance &&
	wait_until glance_waits 120 &&
	pid=$(systemctl show -P MainPID hornero-glance) &&
	test "$(ps -o uid= -p $pid | tr -d " ")" = "$(id -u hornero-glance)" &&
	test_grep "^CapBnd:.0*$" /proc/$pid/status &&
	systemctl reload hornero-glance &&
	wait_until "said hornero-glance && grep -q event=reloaded said" 60 &&
	! grep s3cret said &&
	test "$(systemctl show -P MainPID hornero-glance)" = "$pid" &&
	systemctl stop hornero-glance &&
	test "$(systemctl show -P Result hornero-glance)" = success || journal
'

test_expect_success 'the timers'\'' services do their work: figures, and old images' '
	systemctl start hornero-metrics hornero-rebuild &&
	test_grep "hornero_images" /var/lib/hornero/metrics/hornero.prom &&
	said hornero-rebuild &&
	test_must_fail grep -i "not implemented" said &&
	said hornero-metrics &&
	test_must_fail grep -i "not implemented" said || journal
'

# Red without the drop-in of hornero-generator.
test_expect_success 'hornero-notify has the audit log for events.d, with notify_audit' '
	mkdir -p /etc/hornero/events.d &&
	say=/etc/hornero/events.d/10-say &&
	printf "#!/bin/sh\ntest \$HORNERO_EVENT != audit || { cat; echo; }\n" >$say &&
	chmod 0755 $say &&
	echo "notify_audit: yes" >>/etc/hornero/hornero.yaml &&
	systemctl daemon-reload &&
	systemctl start hornero-notify &&
	wait_until "said hornero-notify && grep -q event=notify-audit-begins said" 60 &&
	hornero image set $uuid name=told &&
	wait_until "said hornero-notify && grep -q \"record.*name=told\" said" 60 &&
	systemctl stop hornero-notify &&
	sed -i "/^notify_audit/d" /etc/hornero/hornero.yaml &&
	systemctl daemon-reload || journal
'

test_expect_success 'the publisher was a service of its own, and is gone' '
	said "hornero-publish@*" &&
	test_grep "hornero-publish" said &&
	wait_until "! systemctl --no-legend list-units \"hornero-publish@*\" | grep -q ." 20
'

test_expect_success 'the journal has fields of what a service says' '
	wait_until "journalctl -q -u hornerod HORNERO_EVENT=published HORNERO_JOB=1 >found &&
		grep -q event=published found" 60 || journal
'

test_expect_success 'systemctl reload of a wrong configuration fails, and nothing changes' '
	pid=$(systemctl show -P MainPID hornerod) &&
	cp /etc/hornero/hornero.yaml good &&
	echo "compile_core_limits: 50" >>/etc/hornero/hornero.yaml &&
	test_must_fail systemctl reload hornerod &&
	cp good /etc/hornero/hornero.yaml &&
	systemctl is-active hornerod &&
	test "$(systemctl show -P MainPID hornerod)" = "$pid" &&
	said hornerod &&
	test_grep "compile_core_limits" said || journal
'

# Red where ExecReload only sends the signal: the limit is still the old one.
test_expect_success 'systemctl reload reads the configuration again, and waits for that' '
	sed -i "s/^compile_core_limit:.*/compile_core_limit: 20/" /etc/hornero/hornero.yaml &&
	systemctl reload hornerod &&
	test "$(cat $unit/hornero/cpu.max)" = "$((20 * $(nproc) * 1000)) 100000" &&
	test "$(systemctl show -P MainPID hornerod)" = "$pid" &&
	systemctl is-active hornerod || journal
'

none_left () {
	for file in HEAD.lock refs/heads/main.lock objects/tmp_objdir-incoming-dead
	do
		test ! -e "$repo/$file" || return 1
	done
}

# hornerod's user may not write there, so its own sweep removes nothing. Red without:
# Wants=hornero-clear.service in hornerod.service.
test_expect_success 'a start of hornerod removes, as git, what a push left that died' '
	systemctl stop hornerod &&
	test "$(stat -c "%U" "$repo")" = git &&
	as_git touch "$repo/HEAD.lock" "$repo/refs/heads/main.lock" &&
	as_git mkdir -p "$repo/objects/tmp_objdir-incoming-dead/aa" &&
	systemctl start hornerod &&
	wait_until none_left 30 &&
	wait_until "test \"\$(systemctl show -P ActiveState hornero-clear)\" = inactive" 30 &&
	test "$(systemctl show -P Result hornero-clear)" = success &&
	said hornero-clear &&
	test_grep "event=removed file=refs/heads/main.lock left by a process that died" said ||
	journal
'

test_expect_success 'a stop in the middle of a build leaves no process, no group; the job waits' '
	printf "hornero.raw:\n\tsetsid sleep 1001 & sleep 1000\n" >/var/tmp/pusher/Makefile &&
	as_git git -C /var/tmp/pusher commit -q -a -m lasting &&
	push &&
	wait_until "pgrep -x sleep -a | grep -q \"sleep 1000\"" 60 &&
	systemctl is-active hornero-yield &&
	wait_until "test \"\$(cat ${unit%/*}/cpu.idle)\" = 1" 120 &&
	systemctl stop hornerod &&
	test_must_fail systemctl is-active hornero-yield &&
	! pgrep -f "^sleep 100[01]" &&
	test ! -e $unit &&
	test "$(systemctl show -P Result hornerod)" = success &&
	hornero show $job --json | jq -e ".state == \"queued\"" || journal
'

test_expect_success 'the watchdog kills a hornerod that hangs, with its builds; systemd starts it' '
	mkdir -p /run/systemd/system/hornerod.service.d &&
	printf "[Service]\nWatchdogSec=5\n" >/run/systemd/system/hornerod.service.d/test.conf &&
	systemctl daemon-reload &&
	systemctl start hornerod &&
	wait_until "pgrep -x sleep -a | grep -q \"sleep 1000\"" 60 &&
	pid=$(systemctl show -P MainPID hornerod) &&
	kill -STOP $pid &&
	wait_until "test \"\$(systemctl show -P NRestarts hornerod)\" = 1" 60 &&
	wait_until "systemctl is-active hornerod && systemctl is-active hornero-yield" 60 &&
	said hornerod &&
	test_grep "[Ww]atchdog timeout" said || journal
'

test_expect_success 'what hung is cancelled, and it builds on' '
	as_carla hornero cancel $job &&
	wait_until "! pgrep -f \"^sleep 100[01]\"" 60 &&
	cp /hornero/examples/hello/Makefile /var/tmp/pusher/Makefile &&
	echo again >/var/tmp/pusher/greeting &&
	as_git git -C /var/tmp/pusher commit -q -a -m good &&
	push &&
	hornero wait $job --timeout 120 || { hornero queue --all; hornero why $uuid; journal; }
'

test_expect_success 'the gc timer waits, and its service packs as git' '
	systemctl list-timers --no-pager hornero-gc.timer | grep hornero-gc.service &&
	systemctl start hornero-gc.service &&
	test "$(systemctl show -P Result hornero-gc.service)" = success &&
	test "$(as_git git --git-dir="$repo" count-objects | cut -d " " -f 1)" -eq 0 || journal
'

test_expect_success 'stop all: nothing is left' '
	systemctl disable --now hornero-publish.socket hornerod hornero-gc.timer &&
	test ! -e $unit &&
	! pgrep -u hornero &&
	! pgrep -x hornero-yield &&
	test -z "$(systemctl --no-legend --failed list-units "hornero*")" || journal
'

test_done
