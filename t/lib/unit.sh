# unit.sh: for node.sh, where HORNERO_TEST_UNIT says so: in a guest whose process 1 is systemd
# (t/systemd/start) the node of every test is the one of the installed units. hornerod.service runs
# hornerod as hornero with Delegate=yes, hornero-publish.socket starts the publisher as nova, git
# and the operator are who they are on a node.
#
# Two things are not as installed, by drop-ins of the guest (t/lib/guest.sh): where their words go,
# and that nobody mends a death that a test has made. Units have a /tmp of their own: TMPDIR must be
# elsewhere.

unit=hornerod.service
unit_log=/run/hornero-test.log
unit_file=$(systemctl show -P FragmentPath $unit)
unit_conf=$(sed -n 's/^ConditionPathExists=//p' "$unit_file")
unit_program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit_file")
systemd-sysusers && { getent passwd nova || useradd --system nova; } >/dev/null || exit 1
node_git=$(id -u git) node_hornero=$(id -u hornero) node_nova=$(id -u nova)
node_group=$(getent group hornero-queue | cut -d : -f 3)
node_publish=/run/hornero-publish.socket
node_users

# The configuration is there; everything else is the units'.
unit_init () {
	ln -sf "$HORNERO_CONF" "$unit_conf" &&
	ln -sf "$NODE/hornerod.log" $unit_log &&
	test_cleanup "systemctl stop $unit hornero-publish.socket; rm $unit_log" &&
	systemctl start hornero-publish.socket
}

# As node_start. systemd itself would not start it more than five times in ten seconds.
unit_start () {
	systemctl reset-failed $unit 2>/dev/null
	if systemctl start $unit
	then
		unit_group=$(systemctl show -P ControlGroup $unit) &&
		unit_group=${unit_group#/} &&
		node_pid=$(systemctl show -P MainPID $unit) &&
		wait_until "grep -q ^READY '$NODE/hornerod.log'" 30
	else
		cat >&2 "$NODE/hornerod.log"
		return "$(systemctl show -P ExecMainStatus $unit)"
	fi
}

# unit_end TERM|KILL: the unit is stopped, or its main process is killed.
unit_end () {
	if test "$1" = TERM
	then
		systemctl stop $unit &&
		test "$(systemctl show -P Result $unit)" = success
	else
		kill -KILL "$node__was" &&
		wait_until "systemctl is-failed $unit" 30
	fi
}
