#!/bin/sh
# hornerod finds its control groups without configuration. Hierarchies are taken away from it in a
# mount namespace of its own.
test_description='control groups: found at the start, weights at the lowest, no build without'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/groups.sh"
test_requires jq jq

if test "$(id -u)" -ne 0 || test ! -d /sys/fs/cgroup/cpu || ! unshare -m true 2>/dev/null
then
	test_skip 'which control groups' 'cgroup v1 and root only; t/9200-cgroup-v2.t has the other'
	test_done
fi

# without UMOUNT COMMAND…: where those hierarchies are not
without () {
	without__umount=$1
	shift
	unshare -m sh -c "$without__umount"' && exec "$@"' sh "$@"
}
# start_without UMOUNT: as node_start
start_without () {
	: >"$NODE/hornerod.log"
	unshare -m sh -c "$1"' && exec hornerod --foreground' >>"$NODE/hornerod.log" 2>&1 \
		</dev/null &
	node_pid=$!
	wait_until "grep -q ^READY $NODE/hornerod.log" 20
}
# A machine may have the same hierarchy mounted twice, for the root of a container.
umount_all='/proc/mounts | xargs -r -n 1 umount'
no_memory='awk "\$3 == \"cgroup\" && \$4 ~ /,memory/ { print \$2 }" '$umount_all
no_unified='awk "\$3 == \"cgroup2\" { print \$2 }" '$umount_all
none_at_all='awk "\$3 ~ /^cgroup/ { print \$2 }" '$umount_all

# set_to CONTROLLER FILE VALUE: at the top; a file that the kernel does not have is fine
set_to () {
	set_to__file=/sys/fs/cgroup/$1/$NODE_TOP/$2
	test ! -e "$set_to__file" ||
	test "$(cat "$set_to__file")" = "$3"
}

test_expect_success 'hybrid: the controllers of v1 count, whatever is mounted beside them' '
	node_init &&
	node_start &&
	test_grep "event=limits cgroup=v1" "$NODE/hornerod.log"
'

test_expect_success 'all builds together have the lowest weights, and no swap beyond their memory' '
	group_is_last "" &&
	set_to blkio blkio.weight 10 &&
	set_to blkio blkio.bfq.weight 1 &&
	set_to memory memory.memsw.limit_in_bytes \
		"$(cat "/sys/fs/cgroup/memory/$NODE_TOP/memory.limit_in_bytes")" &&
	node_stop
'

test_expect_success 'v1 alone: the same' '
	start_without "$no_unified" &&
	test_grep "event=limits cgroup=v1" "$NODE/hornerod.log" &&
	node_stop
'

test_expect_success 'hornerod refuses without a controller, names it and the way out' '
	test_expect_code 78 without "$no_memory" timeout 120 hornerod --foreground 2>err &&
	test_grep "the cgroup controller memory is unavailable.*isolation: none" err &&
	{ without "$no_memory" hornero doctor >out || :; } &&
	test_grep "no cgroup controller memory is mounted" out &&
	test_grep "isolation: none" out
'

test_expect_success 'nor without any' '
	test_expect_code 78 without "$none_at_all" timeout 120 hornerod --foreground 2>err &&
	test_grep "no cgroup hierarchy is mounted.*isolation: none" err
'

test_expect_success 'nor with groups that nobody handed to its user' '
	mkdir -p apart/instances/_base &&
	sed "s,$NODE/,$TRASH/apart/,; /^build_user:/d" "$HORNERO_CONF" >apart/hornero.yaml &&
	printf "%s\n" "hornero_user: $node_hornero" "queue_group: $node_group" \
		>>apart/hornero.yaml &&
	hornero -c apart/hornero.yaml init >out &&
	test_expect_code 78 node_as $node_hornero hornerod -c "$TRASH/apart/hornero.yaml" \
		--foreground 2>err &&
	test_grep "no right to use the cgroup .*; as root: hornerod -c .* --prepare" err
'

test_expect_success 'a push there is not built, and each command says so' '
	node_hello_repo &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	test_grep "job 1 queued" push.out &&
	test_grep "hornerod does not run: nothing is built until it is started" push.out &&
	test_expect_code 78 without "$no_memory" timeout 120 hornerod --foreground 2>err &&
	why_says 1 "hornerod does not run.*hornero doctor" &&
	why_says "$HELLO_UUID" "hornerod does not run.*hornero doctor" &&
	test_expect_code 75 hornero wait 1 --timeout 0 2>err &&
	test_grep "hornerod does not run" err &&
	hornero queue >out &&
	test_grep "agent: not running" out &&
	test ! -e "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'isolation: none builds there, and says so in every listing' '
	echo "isolation: none" >>"$HORNERO_CONF" &&
	start_without "$none_at_all" &&
	test_grep "event=no-limits" "$NODE/hornerod.log" &&
	job_ends published 1 &&
	for word in queue "queue --all" "show 1" "image list" "image show $HELLO_UUID" cache init
	do
		hornero $word >out &&
		test_grep "isolation: none" out &&
		hornero $word --json >out 2>err &&
		jq . out >/dev/null &&
		cat err out >both &&
		test_grep "isolation: none|\"isolation\": \"none\"" both || return 1
	done &&
	{ hornero doctor >out || :; } &&
	test_grep "isolation: none" out &&
	node_stop
'

test_done
