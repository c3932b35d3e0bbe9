#!/bin/sh
test_description='the boot check: expect and timeout; an image that fails it is never published'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires qemu-system-x86_64 qemu-system-x86
test_requires gcc gcc
test_requires jq jq
test_requires python3 python3

STAGE=$NODE/instances/hornero/stage

# disk NAME [SED…]: examples/hello, its hello.c and boot.S edited, as the file NAME.
disk () {
	name=$1
	shift
	rm -rf source &&
	mkdir source &&
	node_copy_hello source &&
	{ test $# -eq 0 || sed -i "$@" source/hello.c source/boot.S; } &&
	make -s -C source HORNERO_TREE=1234 &&
	mv source/hornero.raw "$name"
}

# push DISK [LINE…]: a tree whose build leaves that disk and whose .hornero.yaml has these lines.
# Sets job and digest.
push () {
	cp "$1" "$HELLO_WORK/disk" &&
	digest=$(sha256sum <"$1" | cut -d " " -f 1) &&
	shift &&
	printf "%s\n" "builder: make" "$@" >"$HELLO_WORK/.hornero.yaml" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m push &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out || { cat push.out; return 1; }
	push_job
}

# published: the job's disk is warm, byte for byte.
published () {
	hornero wait "$job" --timeout 300 &&
	test "$digest" = "$(sha256sum <"$warm" | cut -d " " -f 1)" &&
	test "$(verdict digest)" = "$digest"
}

# fails PATTERN: the job fails with this reason; the warm file is the old one, and the store has
# nothing new.
fails () {
	was=$(sha256sum <"$warm") &&
	test_expect_code 1 hornero wait "$job" --timeout 300 2>said &&
	cat said &&
	test_grep "$1" said &&
	test "$(verdict class)" = pusher &&
	test "$(verdict cause)" = boot &&
	test -z "$(verdict digest)" &&
	test "$was" = "$(sha256sum <"$warm")" &&
	test -z "$(ls -A "$STAGE")" &&
	test ! -e "$NODE/instances/hornero/clean/$(verdict key)"
}

# guest: the process that boots the artifact.
guest () {
	for group in $(node_cgroups)
	do
		for pid in $(cat "$group/cgroup.procs")
		do
			case $(tr "\0" " " <"/proc/$pid/cmdline" 2>/dev/null) in
			qemu-system-x86_64*) echo "$pid"; return ;;
			esac
		done
	done
	return 1
}

# A boot sector that reads the last block of its disk to 0x7e00 until the first byte is not 0.
read_last="s/^packet:.*/last: .byte 16,0,1,0,0,0,0xe0,7; .quad 2047; &/
	s/^\tlgdt.*/2: movw \$last, %si; movb \$0x42, %ah; int \$0x13; cmpb \$0, 0x7e00; je 2b\n&/"

test_expect_success 'the disks: good, other, silent, ending, flood, slow, patient and evil' '
	disk good &&
	disk other "s/say(greeting);/say(\"good evening\");/" &&
	disk silent "s/^\tsay(.*//; s/^\tput(.\\\\[rn].*//" &&
	disk ending "s/for (;;)/out(0x64, 0xfe); for (;;)/" &&
	disk flood "s/for (;;)/for (;;) say(greeting); for (;;)/" &&
	wait="for (volatile unsigned int i = 0; i < 8000000; i++);" &&
	disk slow "s/serial_init();/serial_init(); $wait/" &&
	disk patient "$read_last" &&
	disk evil "s/say(greeting);/say(\"\\\\33[2J\\\\33]0;x\\\\a\\\\233red\");/"
'

test_expect_success 'without expect nothing is booted' '
	node_init "log_limit: 64K" &&
	node_start &&
	node_hello_repo &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	git -C "$HELLO_WORK" rm -q "*.[cS]" &&
	printf "hornero.raw: disk\n\tcp disk \$@\n" >"$HELLO_WORK/Makefile" &&
	push silent &&
	published &&
	test "$(verdict boot_ms)" = 0 &&
	hornero log "$job" >log &&
	test_must_fail grep "boot:" log
'

test_expect_success 'the expected line comes: the same disk is warm, the console in the log' '
	push good "expect: ^hello from hornero, tree [0-9a-f]+$" "timeout: 5s" &&
	published &&
	test "$(verdict boot_ms)" -gt 0 &&
	hornero log "$job" >log &&
	test_grep "^hornero: boot: up to 5 s .*hello from" log &&
	test_grep "^hello from hornero, tree 1234$" log &&
	test_grep "^hornero: the expected line came after [0-9]+ ms" log &&
	test "$(attempt_field boot_ms)" = "$(verdict boot_ms)"
'

test_expect_success 'the boot and its expectation are in the manifest and in the content key' '
	hornero image show "$HELLO_UUID" --json | jq .artifact >shown &&
	test "$(jq -r .expect shown)" = "^hello from hornero, tree [0-9a-f]+$" &&
	test "$(jq -c "[.timeout_s, .boot_memory_bytes, .boot_machine]" shown)" = \
		"[5,536870912,\"pc\"]" &&
	test "$(jq .boot_ms shown)" = "$(verdict boot_ms)" &&
	python3 - shown "$NODE/builders.d/make.yaml" <<-\EOT
	import hashlib, json, sys
	shown, file = json.load(open(sys.argv[1])), open(sys.argv[2], "rb").read()
	h = hashlib.sha256()
	for name, value in (
	    ("hornero content key", b"2"),
	    ("tree", shown["tree"]),
	    ("builder", shown["builder"]),
	    ("file", file),
	    ("toolchain", shown["toolchain"]),
	    ("architecture", shown["architecture"]),
	    ("expect", shown["expect"]),
	    ("timeout", str(shown["timeout_s"])),
	    ("boot memory", str(shown["boot_memory_bytes"])),
	    ("boot machine", shown["boot_machine"]),
	):
	    value = value if isinstance(value, bytes) else value.encode()
	    h.update(b"%s %d\n%s\n" % (name.encode(), len(value), value))
	assert shown["key"] == h.hexdigest()
	EOT
'

test_expect_success 'another line: the job fails and shows the last one; the old image stays warm' '
	push other "expect: ^hello" "timeout: 1s" &&
	fails "no line of the console matched .hello within 1 s of the guest.s time \(timeout\)" &&
	test_grep "\(timeout\); it ended with: good evening, tree 1234; " said &&
	hornero show "$job" >show &&
	test_grep "ended with: good evening" show &&
	hornero log "$job" >log &&
	test_grep "^hornero: no line of the console matched" log
'

test_expect_success 'a sweep does not try the same commit again, and a revert boots nothing' '
	hornero sweep >out &&
	test_grep "failed" out &&
	push good "expect: ^hello from hornero, tree [0-9a-f]+$" "timeout: 5s" &&
	hornero wait "$job" --timeout 300 >out &&
	test_grep "no build" out &&
	test "$(verdict boot_ms)" = 0
'

test_expect_success 'a guest that ends fails at once, a silent one when its time is over' '
	push ending "expect: never" "timeout: 1h" &&
	fails "the guest ended, and no line .* matched never; it ended with: hello from" &&
	push silent "expect: ." "timeout: 1s" &&
	fails "within 1 s .*; it said nothing; "
'

test_expect_success 'a guest that prints without end is stopped at log_limit' '
	push flood "expect: never" "timeout: 1h" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 2>said &&
	test_grep "the boot check printed more than 65536 bytes \(log_limit\)" said &&
	test "$(verdict cause)" = log
'

test_expect_success 'timeout is time of the guest' '
	push slow "expect: ^hello" "timeout: 1s" &&
	published &&
	test "$(verdict boot_ms)" -gt 1000
'

test_expect_success 'an artifact that changes while it boots is refused' '
	push patient "expect: ^hello" "timeout: 1h" &&
	wait_until "grep -q boot: $NODE/state/log/$job.1.log" 60 &&
	printf 1 | dd of="$STAGE/$job.1.raw" bs=512 seek=2047 conv=notrunc status=none &&
	fails "the artifact was changed during its boot"
'

test_expect_success 'control characters of the console reach no terminal' '
	push evil "expect: hello" "timeout: 1s" &&
	fails "x1b\[2J" &&
	hornero log "$job" >>said &&
	hornero show "$job" >>said &&
	hornero queue --all >>said &&
	hornero show "$job" --json >>said &&
	test_must_fail grep -a "$(printf "\033")" said &&
	test_must_fail grep -a "$(printf "\007")" said
'

test_expect_success 'a setting of the image file wins; a change of it builds again' '
	hornero image set "$HELLO_UUID" "expect=^good" boot_machine=q35 boot_memory=64M &&
	push other "expect: ^hello" "timeout: 2s" &&
	published &&
	hornero image show "$HELLO_UUID" --json | jq -c \
		".artifact | [.expect, .timeout_s, .boot_memory_bytes, .boot_machine]" >have &&
	echo "[\"^good\",2,67108864,\"q35\"]" >want &&
	test_cmp want have &&
	was=$job &&
	hornero image set "$HELLO_UUID" "expect=morning" timeout=1s &&
	hornero sweep &&
	job=$(image_field newest_job) &&
	test "$job" -gt "$was" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict cause)" = boot &&
	hornero image set "$HELLO_UUID" expect= timeout= boot_machine= boot_memory= &&
	test_must_fail grep -E "expect|timeout|boot_" "$NODE/state/images.d/$HELLO_UUID.yaml" &&
	push good "expect: ^hello" "timeout: 3s" &&
	published
'

# booted_by NAME=VALUE…: changes the image, and waits until its disk has booted that way: hornerod
# sweeps, too, so the newest job may find the answer of the one before. Prints the key.
booted_by () {
	hornero image set "$HELLO_UUID" "$@" >&2 &&
	hornero sweep >&2 &&
	job=$(image_field newest_job) &&
	hornero wait "$job" --timeout 300 >&2 &&
	verdict key
}

# Red without the bus in add_boot() of agent/common/contentkey.c: the content is known, no boot.
test_expect_success 'boot_bus: the same disk boots on ide and scsi; only these are in the key' '
	push good "expect: ^hello" "timeout: 4s" &&
	published &&
	verdict key >keys &&
	booted_by boot_bus=ide >>keys &&
	booted_by boot_bus=scsi >>keys &&
	booted_by boot_bus=ide boot_machine=q35 >>keys &&
	test "$(sort -u keys | wc -l)" = 4 &&
	test_expect_code 64 hornero image set "$HELLO_UUID" boot_bus=usb 2>err &&
	test_grep "boot_bus: \"usb\": virtio, ide or scsi is allowed" err &&
	hornero image set "$HELLO_UUID" boot_machine= boot_bus= &&
	push good "expect: ^hello" "timeout: 4s" &&
	hornero wait "$job" --timeout 300 &&
	test "$(verdict key)" = "$(head -n 1 keys)" &&
	test_must_fail grep boot_bus "$NODE/state/images.d/$HELLO_UUID.yaml"
'

# Red without the image file's word in take_bus() of agent/build/build_checkout.c.
test_expect_success 'boot_bus: virtio in the image file overrides the one of the repository' '
	sed -i "s/^allow:/&\n  - boot_bus/" "$NODE/builders.d/make.yaml" &&
	push good "expect: ^hello" "timeout: 4s" "boot_bus: ide" &&
	published &&
	repos=$(verdict key) &&
	test "$(booted_by boot_bus=ide)" = "$repos" &&
	booted_by boot_bus=virtio >explicit &&
	test_grep "^[0-9a-f]{64}$" explicit &&
	test "$(cat explicit)" != "$repos" &&
	test_grep "^boot_bus: virtio" "$NODE/state/images.d/$HELLO_UUID.yaml" &&
	hornero image set "$HELLO_UUID" boot_bus=
'

test_expect_success 'an invalid or costly expression is refused, with file, line and column' '
	nested="((((((((((a+)+)+)+)+)+)+)+)+)+" &&
	for bad in "a(b" "a{30000}" "$nested" "(a*)*" "[z-a]" "*a" "a||b"
	do
		test_must_fail push good "expect: \"$bad\"" &&
		test_grep "hornero.yaml:2:9: expect: .*at its character [0-9]*: " push.out &&
		test_expect_code 64 hornero image set "$HELLO_UUID" "expect=$bad" 2>err &&
		test_grep "^hornero: expect: " err || return 1
	done &&
	printf "repo: hello\nexpect: a(b\n" >"$NODE/state/images.d/$HELLO_UUID.yaml" &&
	test_expect_code 78 hornero image show "$HELLO_UUID" 2>err &&
	test_grep "$HELLO_UUID.yaml:2:9: expect: " err &&
	printf "repo: hello\n" >"$NODE/state/images.d/$HELLO_UUID.yaml"
'

if group_possible
then
	test_expect_success 'a cancel during the boot leaves no process; the guest had no network' '
		push silent "expect: never" "timeout: 1h" &&
		wait_until guest 60 &&
		pid=$(guest) &&
		tr "\0" " " <"/proc/$pid/cmdline" >cmdline &&
		test_grep " -nic none " cmdline &&
		test_must_fail grep -E "netdev|virtio-net" cmdline &&
		sed 1,2d "/proc/$pid/net/dev" | cut -d : -f 1 | tr -d " " >devices &&
		echo lo >want &&
		test_cmp want devices &&
		hornero cancel "$job" &&
		test_expect_code 1 hornero wait "$job" --timeout 300 2>said &&
		test_grep "was cancelled" said &&
		test_must_fail test -e "/proc/$pid" &&
		node_cgroups_gone &&
		wait_until "test -z \"\$(ls -A $STAGE)\"" 60
	'
	# The tests below keep that bus: another change would queue a job that they do not expect.
	test_expect_success 'with boot_bus: scsi the disk of the guest is a SCSI one' '
		push good "expect: ^hello" "timeout: 6s" &&
		published &&
		booted_by boot_bus=scsi &&
		push silent "expect: never" "timeout: 1h" &&
		wait_until guest 60 &&
		tr "\0" " " <"/proc/$(guest)/cmdline" >cmdline &&
		hornero cancel "$job" &&
		test_grep ",if=none,id=disk -device virtio-scsi-pci -device scsi-hd" cmdline &&
		test_must_fail grep "if=virtio" cmdline &&
		test_expect_code 1 hornero wait "$job" --timeout 300 &&
		push good "expect: ^hello" "timeout: 6s" &&
		published
	'
	test_expect_success 'a CPU quota of three percent fails no good image' '
		node_stop &&
		node_set compile_core_limit 3 &&
		node_start &&
		push good "expect: ^hello" "timeout: 1s" &&
		published &&
		{ test "$(nproc)" -gt 4 || test "$(verdict boot_ms)" -gt 1000; } &&
		node_stop &&
		node_set compile_core_limit 100 &&
		node_start
	'
else
	test_skip 'cancelled while it boots, and a CPU quota' 'no control groups here'
fi

if test "$(id -u)" -eq 0 && unshare -m true 2>/dev/null
then
	test_expect_success 'without QEMU the job is held before the build, and names the package' '
		node_stop &&
		mkdir bin &&
		cat >bin/hornerod <<-END &&
		#!/bin/sh
		exec unshare -m sh -c "
			mount --bind /dev/null $(command -v qemu-system-x86_64) &&
			exec $HORNERO_BUILD/hornerod --foreground"
		END
		chmod 755 bin/hornerod &&
		PATH=$TRASH/bin:$PATH &&
		node_start &&
		PATH=${PATH#*:} &&
		push good "expect: ^hello" "timeout: 9s" &&
		test_expect_code 75 hornero wait "$job" --timeout 300 2>said &&
		cat said &&
		test_grep \
			"is held: .*qemu-system-x86_64.*install it \(Debian: qemu-system-x86\); " \
			said &&
		test "$(verdict build_ms)" = 0 &&
		node_stop
	'
else
	test_skip 'no QEMU on the node' 'needs root and a mount namespace'
fi

test_done
