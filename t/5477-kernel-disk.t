#!/bin/sh
# A builder of format: kernel: hornero makes the disk. Red without: PT_NULL in patch() of
# agent/sandboxed/kernel2disk/main.c (1: GRUB says "overlap detected"), the quotes of add_words()
# in grub.c (1), SOURCE_DATE_EPOCH in tool.c (2), SMALLEST in disk.c (1), build_kernel's modules
# (6), add_version() in conf/builder_kernel.c (4), imply() there (11).
test_description='a kernel becomes a disk that boots with a BIOS, with UEFI, or with both'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/kernel.sh"
. "$HORNERO_SRC/t/lib/inspect.sh"
test_requires qemu-system-x86_64 qemu-system-x86
test_requires gcc gcc
test_requires grub-mkimage grub-common
test_requires mcopy mtools
test_requires jq jq
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'
UEFI=/usr/share/ovmf/OVMF.fd

# builder [LINE…]: builders.d/kernel.yaml with these lines.
builder () {
	printf '%s\n' 'detect: [kernel.S]' 'argv: [make]' 'artifact: /build/src/kernel.elf' \
		'format: kernel' 'needs: [make, gcc]' "$@" >"$NODE/builders.d/kernel.yaml"
}

# push [LINE…]: the work clone as it is, with these lines in .hornero.yaml. Sets job.
push () {
	printf '%s\n' "$@" >"$HELLO_WORK/.hornero.yaml" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m push &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out || { cat push.out; return 1; }
	push_job
}

# published [LINE…]: the same, and its job ends with a warm disk.
published () {
	push "$@" &&
	hornero wait "$job" --timeout 300 || { hornero log "$job"; return 1; }
}

# by_hand KERNEL DISK [OPTION…]
by_hand () {
	kernel=$1 disk=$2
	shift 2
	: >"$disk" &&
	hornero-kernel2disk --max=1000000000 "$@" 3>report 5<"$kernel" 6<>"$disk"
}

# partition DISK: flag, type, first sector and sectors of each entry that is used; and 55aa.
partition () {
	/usr/bin/python3 - "$1" <<-\EOT
	import struct, sys
	sector = open(sys.argv[1], "rb").read(512)
	for i in range(4):
	    entry = sector[446 + 16 * i:][:16]
	    if any(entry):
	        print("%02x %02x %d %d" % (entry[0], entry[4], *struct.unpack("<II", entry[8:])))
	print(sector[510:].hex())
	EOT
}

# offset DISK: of its partition, in bytes
offset () {
	partition "$1" | awk 'NR == 1 { print 512 * $3 }'
}

test_expect_success 'a kernel with an empty LOAD segment boots; its command line is as written' '
	node_init &&
	builder "cmdline: \"a=1 \$root;halt {b} #c &|<>\"" &&
	node_start &&
	node_hello_repo &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	git -C "$HELLO_WORK" rm -q -r . &&
	kernel_make "$HELLO_WORK" &&
	published "expect: \"^kernel says: kernel a=1 [$]root;halt [{]b[}] #c &[|]<>$\"" &&
	readelf -lW "$NODE/unikernels/$HELLO_UUID/src/kernel.elf" >segments &&
	test_grep "LOAD  *0x[0-9a-f]* 0x0* 0x0*200010 0x0* 0x0* " segments &&
	hornero log "$job" >log &&
	test_grep "^hornero: the expected line came" log
'

test_expect_success 'the disk is small, Nova accepts its table, its bytes are the same again' '
	cp "$warm" first &&
	size=$(stat -c %s first) &&
	test $((size % 65536)) = 0 &&
	test "$size" -le 524288 &&
	partition first >table &&
	first=$(($(offset first) / 512)) &&
	printf "80 0c %d %d\n55aa\n" "$first" $((size / 512 - first)) >want &&
	test_cmp want table &&
	test $((first % 128)) = 0 &&
	MTOOLS_SKIP_CHECK=1 mdir -i "first@@$(offset first)" >files &&
	test_grep "^KERNEL .* 1980-01-01 +0:00 *$" files &&
	qemu-img info -f raw first >info &&
	test_grep "^virtual size: " info &&
	cp "$NODE/unikernels/$HELLO_UUID/src/kernel.elf" kernel.elf &&
	touch -d 2001-02-03 kernel.elf &&
	TZ=Asia/Tokyo by_hand kernel.elf second --firmware=bios \
		"--cmdline=a=1 \$root;halt {b} #c &|<>" &&
	cmp first second
'

test_inspection first

test_expect_success 'the command line and GRUB belong to the content key' '
	key=$(verdict key) &&
	builder "cmdline: other" &&
	published "expect: \"kernel other$\"" &&
	test "$key" != "$(verdict key)" &&
	hornero image show "$HELLO_UUID" --json | jq -r .artifact.builder_version >version &&
	test_grep "grub-mkimage \(GRUB\) [0-9]" version
'

test_expect_success 'a repository may have its own command line and bus, if the builder allows' '
	builder "cmdline: other" "allow: [cmdline, boot_bus]" &&
	published "expect: kernel mine$" "cmdline: mine" "boot_bus: ide" &&
	test "$(hornero image show "$HELLO_UUID" --json | jq -r .artifact.boot_bus)" = ide &&
	test_must_fail push "cmdline: \"a\\\\b\"" &&
	test_grep "cmdline: .*without quotation marks" push.out
'

test_expect_success 'a module goes along; a multiboot2 kernel boots' '
	builder "kernel_modules: [/build/src/data/greeting.txt]" &&
	mkdir "$HELLO_WORK/data" && echo hi >"$HELLO_WORK/data/greeting.txt" &&
	published "expect: \"^kernel says: kernel module: greeting.txt$\"" &&
	MTOOLS_SKIP_CHECK=1 mcopy -i "$warm@@$(offset "$warm")" ::MODULE0 module &&
	test_cmp "$HELLO_WORK/data/greeting.txt" module &&
	builder "cmdline: two" &&
	kernel_make "$HELLO_WORK" multiboot2 &&
	published "expect: \"^kernel says: kernel two$\""
'

test_expect_success 'a kernel that GRUB would refuse is the fault of the pusher' '
	kernel_make "$HELLO_WORK" &&
	sed -i "s/-o \$@ \$</& \\&\\& truncate -s 4120 \$@/" "$HELLO_WORK/Makefile" &&
	push &&
	test_expect_code 1 hornero wait "$job" --timeout 300 2>said &&
	test_grep "beyond the end of the file \(4120 bytes\)" said &&
	test "$(verdict class)" = pusher &&
	test "$(verdict cause)" = check &&
	printf "kernel.elf:\n\tcp /bin/true \$@\n" >"$HELLO_WORK/Makefile" &&
	push &&
	test_expect_code 1 hornero wait "$job" --timeout 300 2>said &&
	test_grep "an ELF without a multiboot header" said &&
	kernel_make "$HELLO_WORK" &&
	builder "initrd: /build/src/kernel.S" &&
	push &&
	test_expect_code 1 hornero wait "$job" --timeout 300 2>said &&
	test_grep "takes no initrd; use kernel_modules" said &&
	builder "kernel_modules: [/build/src/none]" &&
	push "# again" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 2>said &&
	test_grep "left no /build/src/none" said
'

# A boot sector, a header of version 2.11 that asks for 64 KiB at 0x100000, and code there that
# says what it is told.
test_expect_success 'a bzImage boots with its initrd' '
	cat >bz.S <<-\END &&
		.code32
		.org 0x1f1
		.byte 1
		.org 0x1fe
		.word 0xaa55
		.byte 0xeb, 0x66
		.ascii "HdrS"
		.word 0x20b
		.org 0x211
		.byte 1			/* loaded high */
		.org 0x214
		.long 0x100000
		.org 0x22c
		.long 0x7fffffff	/* highest address of an initrd */
		.long 0x1000000
		.byte 0
		.byte 20
		.org 0x238
		.long 1024		/* longest command line */
		.org 0x258
		.quad 0x100000
		.long 0x10000
		.org 0x400
		movl %esi, %ebx
		movl 0x228(%ebx), %esi
		call say
		movl 0x218(%ebx), %esi
		call say
	stop:	cli
		hlt
		jmp stop
	say:	lodsb
		testb %al, %al
		jz done
		movw $0x3f8, %dx
		outb %al, %dx
		jmp say
	done:	ret
		.org 0x10400
	END
	cp bz.S "$HELLO_WORK/kernel.S" &&
	printf "%b" "kernel.elf:\n\tgcc -m32 -c -o k.o kernel.S && objcopy -O binary k.o \$@\n" \
		>"$HELLO_WORK/Makefile" &&
	printf " and initrd\n\0" >"$HELLO_WORK/initrd" &&
	builder "cmdline: quiet" "initrd: /build/src/initrd" &&
	published "expect: \"^BOOT_IMAGE=/KERNEL quiet and initrd$\""
'

# kept_in_disk: the mark that the next test puts into the kept image is in front of the partition.
kept_in_disk () {
	head -c "$(offset "$warm")" "$warm" | grep -aq KEPT
}

# Red without core_find in grub_image (kept_in_disk after the second push), without its look at the
# text (the third is built clean then), without WORKTREE_CORE in worktree_begin (the last).
test_expect_success 'the core image of GRUB is kept for the next disk, until a clean build' '
	kernel_make "$HELLO_WORK" &&
	builder "allow: [cmdline]" &&
	published "cmdline: one" "expect: \"^kernel says: kernel one$\"" &&
	core=$NODE/unikernels/$HELLO_UUID/core &&
	printf KEPT | dd of="$core" bs=1 seek=$(($(stat -c %s "$core") - 4)) conv=notrunc &&
	published "cmdline: one" "# once more" &&
	kept_in_disk &&
	published "cmdline: two" "expect: \"^kernel says: kernel two$\"" &&
	! kept_in_disk &&
	hornero image show "$HELLO_UUID" --json >json &&
	jq -e ".artifact.built == \"incremental\"" json &&
	truncate -s -4 "$core" &&
	published "cmdline: two" "expect: \"says: kernel two$\"" &&
	printf KEPT | dd of="$core" bs=1 seek=$(($(stat -c %s "$core") - 4)) conv=notrunc &&
	published "cmdline: two" "# once more" &&
	kept_in_disk &&
	hornero rebuild --clean "$HELLO_UUID" >rebuilt &&
	hornero wait "$(node_job rebuilt)" --timeout 300 &&
	! kept_in_disk
'

if test -d /usr/lib/grub/x86_64-efi && test -e "$UEFI"
then
	test_expect_success 'with both, one disk boots with a BIOS, and with UEFI' '
		kernel_make "$HELLO_WORK" &&
		builder "firmware: both" "cmdline: either" &&
		published "expect: \"^kernel says: kernel either$\"" &&
		partition "$warm" >table &&
		test_grep "^80 ef " table &&
		cp "$warm" both.raw || return 1
		timeout 400 qemu-system-x86_64 -accel tcg -m 256 -bios "$UEFI" -nodefaults \
			-display none -nic none -no-reboot -serial file:console -drive \
			file=both.raw,format=raw,if=virtio >qemu 2>&1 &
		qemu=$!
		test_cleanup "kill $qemu 2>/dev/null; :"
		wait_until "grep -q \"kernel says: kernel either\" console" 100
	'
	test_expect_success 'with uefi, the boot check uses UEFI' '
		builder "firmware: uefi" "cmdline: new" &&
		published "expect: \"kernel says: kernel new$\"" "timeout: 60s" &&
		hornero log "$job" >log &&
		test_grep "Welcome to GRUB|BdsDxe: starting" log
	'
else
	test_skip 'UEFI' 'no files here (Debian: grub-efi-amd64-bin, ovmf)'
fi

# clock SECONDS: makes clock/, with GRUB and mtools whose clock is so far ahead.
clock () {
	mkdir -p clock &&
	cat >clock.c <<-END &&
	#define _GNU_SOURCE
	#include <sys/syscall.h>
	#include <sys/time.h>
	#include <time.h>
	#include <unistd.h>

	int clock_gettime(clockid_t id, struct timespec *t)
	{
		int rc = (int)syscall(SYS_clock_gettime, id, t);

		t->tv_sec += $1;
		return rc;
	}

	time_t time(time_t *out)
	{
		struct timespec t;

		clock_gettime(CLOCK_REALTIME, &t);
		if (out)
			*out = t.tv_sec;
		return t.tv_sec;
	}

	int gettimeofday(struct timeval *t, void *zone)
	{
		struct timespec now;

		(void)zone;
		clock_gettime(CLOCK_REALTIME, &now);
		t->tv_sec = now.tv_sec;
		t->tv_usec = now.tv_nsec / 1000;
		return 0;
	}
	END
	gcc -shared -fPIC -o clock.so clock.c || return 1
	for tool in grub-mkimage mformat mcopy mmd
	do
		printf "%s\n" "#!/bin/sh" "echo $tool >>$TRASH/ran" \
			"LD_PRELOAD=$TRASH/clock.so exec /usr/bin/$tool \"\$@\"" >clock/$tool &&
		chmod 755 clock/$tool || return 1
	done
}

# without_grub COMMAND…: in a mount namespace where the directory of GRUB for a BIOS is empty.
without_grub () {
	unshare -m sh -c "mount --bind $TRASH/empty /usr/lib/grub/i386-pc && exec \"\$@\"" sh "$@"
}

if test "$(id -u)" -eq 0 && unshare -m true 2>/dev/null
then
	# Red without SOURCE_DATE_EPOCH in agent/sandboxed/kernel2disk/tool.c, whatever the day.
	test_expect_success 'the same bytes on another day, at another time, in another year' '
		kernel_make other &&
		make -s -C other kernel.elf &&
		for firmware in bios uefi both
		do
			test $firmware = bios || test -d /usr/lib/grub/x86_64-efi || continue
			by_hand other/kernel.elf today --firmware=$firmware || return 1
			for ahead in 86400 -40000 400000007
			do
				clock $ahead &&
				year=$(LD_PRELOAD=$TRASH/clock.so date +%Y) &&
				test "$year" = $(date -d "$ahead seconds" +%Y) &&
				rm -f ran &&
				: >then.raw &&
				unshare -m sh -c "
					mount --bind $TRASH/clock /usr/local/bin &&
					exec $HORNERO_BUILD/hornero-kernel2disk --max=1000000000 \
						--firmware=$firmware
				" 3>report 5<other/kernel.elf 6<>then.raw &&
				cmp today then.raw &&
				grep -q mcopy ran && grep -q grub-mkimage ran || return 1
			done
		done
	'

	# Red with the directory as need in conf/builder_kernel.c.
	test_expect_success 'builder check and doctor name the missing file and its package' '
		mkdir empty &&
		builder &&
		hornero builder check kernel &&
		test_expect_code 78 without_grub hornero builder check kernel >out &&
		test_grep "^kernel: /usr/lib/grub/i386-pc/kernel.img is missing$" out &&
		test_grep "^    apt-get install grub-pc-bin$" out &&
		hornero image set "$HELLO_UUID" builder=kernel &&
		test_expect_code 1 without_grub hornero doctor >out &&
		test_grep "kernel: /usr/lib/grub/i386-pc/kernel.img is missing, so jobs" out &&
		hornero image set "$HELLO_UUID" builder=
	'
	test_expect_success 'without GRUB the job is held, and its reason names the package' '
		node_stop &&
		mkdir bin &&
		cat >bin/hornerod <<-END &&
		#!/bin/sh
		exec unshare -m sh -c "
			mount --bind $TRASH/empty /usr/lib/grub/i386-pc &&
			exec $HORNERO_BUILD/hornerod --foreground"
		END
		chmod 755 bin/hornerod &&
		PATH=$TRASH/bin:$PATH &&
		node_start &&
		PATH=${PATH#*:} &&
		builder "cmdline: last" &&
		push &&
		test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 300 2>said &&
		missing="i386-pc/kernel.img is missing" &&
		test_grep "is held: .*$missing; install it \(Debian: grub-pc-bin\)" said &&
		test "$(verdict build_ms)" = 0 &&
		node_stop
	'
else
	test_skip 'without GRUB the job is held' 'needs root and a mount namespace'
fi

test_done
