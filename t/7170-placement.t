#!/bin/sh
test_description='hornero cache --placement and doctor: the disk space that Nova must reserve'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires jq jq

# nova LINE…: nova.conf.
nova () {
	printf '%s\n' "$@" >nova.conf
}

# needed: what hornero says that Nova must reserve.
needed () {
	hornero cache --placement --json | jq .reserved_host_disk_mb
}

# doctor_says LEVEL PATTERN: of placement.
doctor_says () {
	hornero doctor --json >doctor.json
	jq -r '.[] | select(.check == "placement") | .state + ": " + .finding' doctor.json >said &&
	grep -E -q -e "^$1: .*$2" said || { cat said; return 1; }
}

test_expect_success 'a node' '
	mkdir builders.d &&
	cli_node "nova_conf: $TRASH/nova.conf" &&
	mkdir -p instances/_base instances/locks &&
	hornero init &&
	hornero cache --placement >out &&
	test_grep "reserved_host_disk_mb should be at least" out &&
	test_grep "reserved_host_disk_mb of Nova is unknown: .*nova.conf: No such file" out &&
	doctor_says ok "not compared"
'

# Red where two names of a file counted twice.
test_expect_success 'allocated bytes of cache and store count, each file once' '
	before=$(needed) &&
	head -c 5242880 /dev/urandom >instances/_base/one &&
	ln instances/_base/one instances/_base/two &&
	truncate -s 1G instances/_base/sparse &&
	head -c 3145728 /dev/urandom >instances/hornero/stage/three &&
	now=$(needed) &&
	test $((now - before)) -ge 8 &&
	test $((now - before)) -le 10 &&
	hornero cache --placement --json >out &&
	jq -e ".parts[] | select(.part == \"cache\") |
		.size_bytes >= 5242880 and .is_counted" out &&
	jq -e ".is_whole and .nova_reserved_host_disk_mb == null" out
'

# Red where the present size counted instead of the budget.
test_expect_success 'a budget counts where it is greater; what is below another part counts once' '
	echo "store_budget: 100M" >>hornero.yaml &&
	test $(needed) -ge 105 &&
	test $(needed) -le 112 &&
	sed -i "s|^repo_root: .*|repo_root: $TRASH/state/git|" hornero.yaml &&
	mkdir -p state/git &&
	head -c 4194304 /dev/urandom >state/git/pack &&
	test $(needed) -ge 109 &&
	test $(needed) -le 116 &&
	hornero cache --placement --json >out &&
	jq -e ".parts[] | select(.part == \"repositories\") | .is_counted | not" out
'

# Red where the value of another section was taken.
test_expect_success 'doctor compares it with nova.conf' '
	nova "[DEFAULT]" "debug = true" "# reserved_host_disk_mb = 9999" "[libvirt]" \
		"reserved_host_disk_mb = 9999" &&
	doctor_says warn "reserved_host_disk_mb is 0, and 1[01][0-9] is needed" &&
	jq -e ".[] | select(.check == \"placement\") | .mend |
		test(\"set reserved_host_disk_mb = 1[01][0-9] in .DEFAULT. of .*/nova.conf\")" \
		doctor.json &&
	nova "[DEFAULT]" "reserved_host_disk_mb=1" "reserved_host_disk_mb : 2000 " &&
	doctor_says ok "Nova reserves 2000 MiB" &&
	hornero cache --placement >out &&
	test_grep "reserved_host_disk_mb in .*/nova.conf is 2000" out &&
	nova "[DEFAULT]" "reserved_host_disk_mb = \$other" &&
	doctor_says ok "not compared with .* its value is no number" &&
	nova "[DEFAULT]" "[libvirt]" "images_type = rbd" &&
	doctor_says ok "does not keep the disks of instances" &&
	printf "x=\\n[\\n]\\n=\\n[]\\n\\001\\n[DEFAULT" >nova.conf &&
	doctor_says warn "reserved_host_disk_mb is 0"
'

test_done
