#!/bin/sh
# The node as it is installed, as far as one machine without systemd can have it: git, hornero, nova
# and an operator are different unprivileged users, the publisher is a socket-activated service of
# its own.
test_description='a node whose git, hornero, nova and operator are unprivileged users'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/flatten.sh"

test "$(id -u)" -eq 0 || test_skip_all 'changing users needs root'
test_requires systemd-socket-activate systemd

node_users
UUID=2b7e1516-28ae-4d2a-abf7-158809cf4f3c

# push TEXT: another greeting, by git, under umask 077.
push () {
	(
		umask 077 &&
		cd work &&
		echo "$1" >greeting &&
		chown $node_git greeting &&
		git commit -q -a -m "$1" &&
		git push "$repo" main
	) 2>>push.out
}

# all_published: every job of the queue is.
all_published () {
	hornero queue --all --json >queue.json &&
	jq -e 'all(.[]; .state == "published")' queue.json
}

test_expect_success 'root makes the node, its groups, the publisher and a repository' '
	node_init "compile_core_limit: 50" "libvirt_uri: test:///default" &&
	repo=$(command hornero repo create hello | tail -n 1) &&
	test "$(stat -c %u "$repo/objects")" = $node_git
'

test_expect_success 'hornero'\''s agent starts without root' '
	node_start &&
	test "$(stat -c %u /proc/$node_pid)" = $node_hornero
'

test_expect_success 'the operator binds an image' '
	hornero image add $UUID hello --name hello &&
	hornero image list
'

test_expect_success 'git pushes, under umask 077; the operator sees it become warm' '
	install -d -o $node_git -g $node_git work &&
	node_copy_hello work &&
	chown -R $node_git:$node_git work &&
	(
		umask 077 &&
		cd work &&
		git init -q -b main &&
		git add -A &&
		git commit -q -m hello &&
		git push "$repo" main
	) 2>push.out || { cat push.out; false; } &&
	HELLO_WORK=$TRASH/work &&
	push_job &&
	hornero wait $UUID --timeout 300 || { cat "$NODE/hornerod.log"; hornero log "$job"; false; }
'

test_expect_success 'the warm file is nova'\''s, whole and readable' '
	warm=$(node_warm_path $UUID) &&
	test "$(stat -c "%u %a %s" "$warm")" = "$node_nova 644 1048576"
'

test_expect_success 'a second push and a revert, the queue written by three users' '
	push "another greeting" &&
	hornero wait $UUID --timeout 300 &&
	hornero rebuild $UUID >rebuild.out &&
	hornero wait "$(node_job rebuild.out)" --timeout 300 &&
	git -C work revert --no-edit HEAD &&
	git -C work push "$repo" main 2>>push.out &&
	hornero wait $UUID --timeout 300 &&
	wait_until all_published 30 &&
	jq -e --arg head "$(git -C work rev-parse HEAD)" \
		"map(select(.commit == \$head)) | any(.reused)" queue.json
'

test_expect_success 'libvirt took the base: it is replaced all the same' '
	chown 64105:64105 "$warm" &&
	push third &&
	hornero wait $UUID --timeout 300
'

# libvirt's test driver has no such domain: the instance is stopped.
test_expect_success 'nova flattens a disk that libvirt owns: its bytes, owner and mode stay' '
	install -d -o $node_nova "$NODE/instances/guest" &&
	disk=$NODE/instances/guest/disk &&
	echo "{\"$disk\": \"qcow2\"}" >"$disk.info" &&
	qemu-img create -q -f qcow2 -F raw -b "$warm" "$disk" 2M &&
	qemu-io -f qcow2 -c "write -P 0xaa 64k 64k" "$disk" >/dev/null &&
	flatten_see "$disk" before &&
	chown 64105:64105 "$disk" &&
	chmod 0600 "$disk" &&
	hornero image set $UUID in_use=flatten &&
	push flat &&
	hornero wait $UUID --timeout 300 &&
	test_must_fail cmp -s -n 1048576 "$warm" before &&
	flatten_see "$disk" after &&
	cmp before after &&
	test_must_fail flatten_is_backed "$disk" &&
	test "$(stat -c "%u %g %a" "$disk")" = "64105 64105 600" &&
	rm -r "$NODE/instances/guest"
'

test_expect_success 'nova touches what is kept warm, on the word of hornero' '
	chown 64105:64105 "$warm" &&
	touch -d "23 hours ago" "$warm" &&
	before=$(stat -c %i "$warm") &&
	node_as $node_hornero "$HORNERO_BUILD/hornero-keep" -c "$HORNERO_CONF" &&
	test $(($(date +%s) - $(stat -c %Y "$warm"))) -lt 600 &&
	test "$(stat -c "%i %u" "$warm")" = "$before 64105"
'

release_is_warm () {
	hornero image show $UUID --json >shown &&
	jq -e '.release_state == "warm"' shown
}

# fs.protected_hardlinks refuses a link to a file of somebody else, but for the publisher's
# capabilities.
test_expect_success 'a release is linked to what libvirt took, and touched where it stands alone' '
	hornero image set $UUID releases=always &&
	wait_until release_is_warm 60 &&
	release=$(hornero image show $UUID --json | jq -r .release_file) &&
	hornero wait $UUID --timeout 300 &&
	test "$(stat -c "%i %u" "$release")" = "$(stat -c %i "$warm") 64105" &&
	rm "$release" &&
	hornero sweep &&
	wait_until "test -e \"$release\"" 60 &&
	hornero wait $UUID --timeout 300 &&
	test "$(stat -c "%i %u %a" "$release")" = "$(stat -c %i "$warm") 64105 644" &&
	mv "$warm" "$TRASH/own" &&
	touch -d "23 hours ago" "$release" &&
	chown 64105:64105 "$release" &&
	{
		node_as $node_hornero "$HORNERO_BUILD/hornero-keep" -c "$HORNERO_CONF" ||
		test $? -eq 1
	} &&
	test $(($(date +%s) - $(stat -c %Y "$release"))) -lt 600 &&
	wait_until "test -e \"$warm\"" 60 &&
	hornero wait $UUID --timeout 300
'

test_expect_success 'the agent cannot lift its own quota' '
	for top in $(find /sys/fs/cgroup -maxdepth 2 -type d -name "$NODE_TOP")
	do
		test "$(stat -c %u "$top")" = $node_hornero || return 1
		for file in cpu.cfs_quota_us memory.limit_in_bytes cpu.max memory.max
		do
			test ! -e "$top/$file" ||
			test_must_fail node_as $node_hornero sh -c "echo -1 >$top/$file" || return 1
		done
	done &&
	test -n "$top"
'

# limits CORE MEM: of hornero.yaml, read anew
limits () {
	sed -i "/^compile_[cm]/d" "$HORNERO_CONF" &&
	printf "%s\n" "compile_core_limit: $1" "compile_mem_limit: $2" >>"$HORNERO_CONF" &&
	: >"$NODE/hornerod.log" &&
	kill -HUP $node_pid &&
	wait_until "grep -q event=reloaded \"$NODE/hornerod.log\"" 20
}
# built: another push, and what its manifest says of the limits in `limits`
built () {
	push "$1" &&
	hornero wait $UUID --timeout 300 &&
	hornero image show $UUID --json >shown &&
	jq -r ".artifact | \"\(.compile_core_limit) \(.compile_mem_limit)\"" shown >limits
}

if test -d "/sys/fs/cgroup/cpu/$NODE_TOP"
then
	test_expect_success 'a reload leaves the limits of all builds to root' '
		limits 60 3000 &&
		test_grep "event=limits cgroup=v1 cpu_percent=50 memory_mb=2000" \
			"$NODE/hornerod.log" &&
		outdated="event=limits-outdated .*50 percent.* 2000 MB .*says 60, 3000 " &&
		test_grep "$outdated.*hornerod -c $HORNERO_CONF --prepare" "$NODE/hornerod.log" &&
		groups=$(sed -n "s/^groups_dir: //p" "$HORNERO_CONF") &&
		mkdir -p "$groups" &&
		echo "core_limit: 55" >"$groups/make.yaml" &&
		built wider &&
		echo 50 2000 >want &&
		test_cmp want limits &&
		limits 40 1000 &&
		test_grep "event=limits-outdated" "$NODE/hornerod.log" &&
		built narrower &&
		echo 40 1000 >want &&
		test_cmp want limits
	'

	test_expect_success 'until root has set them' '
		limits 60 3000 &&
		hornerod --prepare &&
		limits 60 3000 &&
		test_grep ! "limits-outdated" "$NODE/hornerod.log" &&
		test_grep "event=limits cgroup=v1 cpu_percent=60 memory_mb=3000" \
			"$NODE/hornerod.log" &&
		built as-wished &&
		echo 60 3000 >want &&
		test_cmp want limits
	'
fi

test_expect_success 'neither git nor the operator writes the store or the cache' '
	test_must_fail node_as $node_git sh -c "echo x >$warm" &&
	test_must_fail node_as $node_hornero sh -c "echo x >$warm" &&
	test_must_fail node_as $node_operator touch "$NODE/instances/hornero/artifact/x" &&
	test_must_fail node_as $node_git touch "$NODE/state/fence/x"
'

test_expect_success 'a killed agent is replaced, with what it left' '
	node_kill9 &&
	node_start &&
	push fourth &&
	hornero wait $UUID --timeout 300
'

test_expect_success 'it stops' '
	node_stop &&
	hornerod --clean-up &&
	test -z "$(node_cgroups)"
'

test_done
