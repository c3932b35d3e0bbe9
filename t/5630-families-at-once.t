#!/bin/sh
# 5630-families-at-once.t: three builds of a family at the same time, with the bad manners of the
# real tools. "tool-stand-in" takes the place of argv, so it needs only env, artifact and format of
# the shipped files; t/5600, t/5610 and t/5620 show the command lines. As capstan does, it starts a
# server on fixed ports, asks it for its own bytes, and leaves it behind as a daemon.
test_description='three builds of a family at once: fixed ports, orphans, unfinished artifacts'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/kernel.sh"
test_requires gcc gcc
test_requires grub-mkimage grub-common
test_requires jq jq
test_requires mcopy mtools
test_requires python3 python3
test_requires qemu-img qemu-utils
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'
test "$(id -u)" -eq 0 || test_skip_all 'builds share namespaces only where they have them: root'

# The stand-in's daemons have this number in their command lines.
number=$((300000 + $$))

uuid_of () {
	echo 00000000-0000-4000-8000-00000000000$1
}

# with_stand_in BUILDER: the shipped file, but for its command and what the node does not have.
with_stand_in () {
	file=$HORNERO_SRC/etc/builders.d/$1.yaml
	sed -e '/^argv:/,/^$/d' -e '/^version:/,/^$/d' -e '/^inputs:/,/^$/d' \
		-e 's/^needs:.*/needs: [python3, qemu-img]/' "$file" >"builders/$1.yaml" &&
	echo "argv: [python3, ./tool-stand-in, $(sed -n 's/^format: //p' "$file")," \
		"$(sed -n 's/^artifact: //p' "$file"), '$number']" >>"builders/$1.yaml"
}

# no_orphans: none of the stand-in's daemons is left.
no_orphans () {
	! pgrep -f "tool-stand-in .*$number"
}

# commit_push N: pushes the work tree of image N. Sets job and tree.
commit_push () {
	HELLO_UUID=$(uuid_of $1) HELLO_WORK=$TRASH/work-r$1 &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m change &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out || { cat push.out; return 1; }
	push_job &&
	tree=$(git -C "$HELLO_WORK" rev-parse 'HEAD^{tree}' | cut -c 1-13)
}

test_expect_success 'a node of three workers, and three images' '
	mkdir builders &&
	for b in capstan capstan-compose nanos unikraft solo5
	do
		with_stand_in $b || return 1
	done &&
	kernel_make kernel &&
	make -s -C kernel kernel.elf &&
	cat >tool-stand-in <<-\END &&
	import os, shutil, socket, subprocess, sys, time
	kind, artifact = sys.argv[1:3]
	tree = os.environ["HORNERO_TREE"][:13].encode()
	manner = open("manner").read().strip()
	os.makedirs(os.path.dirname(artifact), exist_ok=True)
	servers = [socket.create_server(("127.0.0.1", port)) for port in (10809, 10000)]
	if os.fork() == 0:
	    os.setsid()
	    if os.fork():
	        os._exit(0)
	    while True:
	        for server in servers:
	            peer = server.accept()[0]
	            peer.sendall(tree)
	            peer.close()
	def make(text):
	    if kind == "kernel":
	        disk = open("ready.elf", "rb").read().replace(b"kernel says: ", text)
	    else:
	        disk = text.ljust(1 << 20, b"\0")
	    open("disk", "wb").write(disk)
	    if kind == "qcow2":
	        subprocess.check_call(["qemu-img", "convert", "-O", "qcow2", "disk", artifact])
	    else:
	        shutil.copyfile("disk", artifact)
	if manner == "unfinished":
	    make(b"unfinished   ")
	if manner == "nothing":
	    sys.exit(0)
	open("/build/cache/here", "w").close()
	while not os.path.exists("/build/cache/go"):
	    time.sleep(0.05)
	said = [socket.create_connection(("127.0.0.1", p)).recv(99) for p in (10809, 10000)]
	assert said == [tree, tree], said
	make(tree)
	END
	node_init "builders_dir: $TRASH/builders" "workers: 3" &&
	node_start &&
	for i in 1 2 3
	do
		node_hello_repo r$i "$(uuid_of $i)" &&
		git -C "$HELLO_WORK" rm -q -r . &&
		cp tool-stand-in kernel/kernel.elf "$HELLO_WORK/" &&
		mv "$HELLO_WORK/kernel.elf" "$HELLO_WORK/ready.elf" || return 1
	done
'

# All three hold their ports before one goes on. Red without --unshare-net in the sandbox.
#
# At the end of a build each of three walls ends an orphan alone: no_orphans is red only without
# --unshare-pid in agent/build/sandbox.c, kill() in kill_children() of agent/build/stage.c, and
# cgroup.kill and kill() in agent/cgroup/cgdir.c together. After a cancel the supervisor is gone:
# red without the first and the last of these.
for b in capstan capstan-compose nanos unikraft solo5
do
	test_expect_success "$b: three at once, each with its own bytes, and no orphan" '
		jobs= trees= &&
		for i in 1 2 3
		do
			rm -f "$NODE/unikernels/$(uuid_of $i)/cache/here" \
				"$NODE/unikernels/$(uuid_of $i)/cache/go" &&
			echo "builder: $b" >"$TRASH/work-r$i/.hornero.yaml" &&
			echo whole >"$TRASH/work-r$i/manner" &&
			echo $b $i >"$TRASH/work-r$i/name" &&
			commit_push $i &&
			jobs="$jobs $job" trees="$trees $tree" || return 1
		done &&
		for i in 1 2 3
		do
			gate_reached "$(uuid_of $i)" || return 1
		done &&
		for i in 1 2 3
		do
			gate_open "$(uuid_of $i)" || return 1
		done &&
		for job in $jobs
		do
			job_ends published || return 1
		done &&
		set -- $trees &&
		for i in 1 2 3
		do
			grep -aq "$1" "$(node_warm_path "$(uuid_of $i)")" || return 1
			shift
		done &&
		no_orphans
	'

	# The killed build has left an artifact that the check would pass; the second one exits 0
	# without making one. Red without remove_plain() in agent/build/build_artifact.c.
	test_expect_success "$b: the unfinished artifact of a killed build is never taken" '
		rm -f "$NODE/unikernels/$(uuid_of 1)/cache/here" \
			"$NODE/unikernels/$(uuid_of 1)/cache/go" &&
		echo unfinished >"$TRASH/work-r1/manner" &&
		commit_push 1 &&
		gate_reached "$HELLO_UUID" &&
		! no_orphans &&
		hornero cancel "$job" &&
		wait_until no_orphans 30 &&
		echo nothing >"$TRASH/work-r1/manner" &&
		commit_push 1 &&
		test_expect_code 1 hornero wait "$job" --timeout 300 &&
		why_says "$job" "left no /build/"
	'
done

test_done
