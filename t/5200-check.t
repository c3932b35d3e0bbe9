#!/bin/sh
test_description='hornero-check: from an artifact to the RAW that Nova boots, or a reason'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
test_requires setpriv util-linux
test_requires qemu-img qemu-utils

as=
test "$(id -u)" -ne 0 || as='setpriv --reuid=64999 --regid=64999 --clear-groups'
gib=1073741824
max=$((20 * gib))

# new_out: the empty file that the supervisor hands over, the sandbox user's.
new_out () {
	rm -f out.raw &&
	: >out.raw &&
	{ test -z "$as" || chown 64999:64999 out.raw; }
}

# check FORMAT FILE [MAX]: said: descriptor 3; err: standard error; out.raw: descriptor 6.
check () {
	new_out &&
	$as hornero-check --format "$1" --max "${3:-$max}" 3>said 5<"$2" 6<>out.raw 2>err
}

# refuse PATTERN FORMAT FILE [MAX]: the pusher is told why.
refuse () {
	test__pattern=$1
	shift
	test_expect_code 65 check "$@" &&
	test_grep "^error .*$test__pattern" said &&
	echo 1 >want &&
	grep -c "" said >have &&
	test_cmp want have
}

# disk FILE SIZE: a RAW with a true partition table and some bytes far in.
disk () {
	rm -f "$1" &&
	truncate -s "$2" "$1" &&
	printf "label: dos\nstart=8, type=83\n" |
		perl -e '
		open F, "+<", $ARGV[0];
		seek F, 446, 0;
		print F pack("C8V2", 0x80, 0, 9, 0, 0x83, 0, 10, 0, 8, 56);
		seek F, 510, 0;
		print F "\x55\xaa";
		seek F, (-s F) - 1024, 0;
		print F "the end" ' "$1"
}

blocks () {
	stat -c %b "$1"
}

test_expect_success 'in place a RAW is only read, and judged alike' '
	disk a.raw 1M &&
	$as hornero-check --format raw --in-place --max $max 3>said 5<a.raw 6<&- &&
	test ! -s said &&
	qemu-img create -q -f qcow2 a.qcow2 1M &&
	test_expect_code 65 $as hornero-check --format raw --in-place --max $max 3>said 5<a.qcow2 &&
	test_grep "is a qcow2" said
'

test_expect_success 'a RAW comes out equal, of the same length' '
	disk a.raw 1M &&
	check raw a.raw &&
	cmp a.raw out.raw &&
	test ! -s said &&
	test ! -s err
'

test_expect_success 'a sparse RAW of 10 GB stays sparse' '
	disk big.raw 10G &&
	check raw big.raw &&
	test "$(stat -c %s out.raw)" = $((10 * gib)) &&
	test "$(blocks out.raw)" -le 256 &&
	head -c 1M big.raw >a &&
	head -c 1M out.raw >b &&
	cmp a b &&
	tail -c 1M big.raw >a &&
	tail -c 1M out.raw >b &&
	cmp a b
'

test_expect_success 'a qcow2 becomes the RAW it holds, sparse' '
	head -c 5000000 /dev/urandom >noise &&
	disk c.raw 10G &&
	dd if=noise of=c.raw bs=1M seek=3000 conv=notrunc status=none &&
	for options in compat=0.10 compat=1.1 cluster_size=2M compat=1.1,compression_type=zstd \
		compat=1.1,extended_l2=on,cluster_size=64k
	do
		qemu-img convert -f raw -O qcow2 -o $options c.raw c.qcow2 &&
		check qcow2 c.qcow2 &&
		qemu-img compare -f raw -F raw c.raw out.raw &&
		test "$(stat -c %s out.raw)" = $((10 * gib)) &&
		test "$(blocks out.raw)" -le 12000 || { cat said; return 1; }
	done &&
	qemu-img convert -c -f raw -O qcow2 c.raw c.qcow2 &&
	check qcow2 c.qcow2 &&
	qemu-img compare -f raw -F raw c.raw out.raw
'

test_expect_success 'a qcow2 that needs other files is refused before it is opened' '
	qemu-img create -q -f qcow2 -b c.qcow2 -F qcow2 backed.qcow2 &&
	refuse "backing file" qcow2 backed.qcow2 &&
	qemu-img create -q -f qcow2 -u -b /etc/passwd -F raw evil.qcow2 1M &&
	refuse "backing file" qcow2 evil.qcow2 &&
	qemu-img create -q -f qcow2 -o data_file=ext.raw,data_file_raw=on data.qcow2 64M &&
	refuse "another file" qcow2 data.qcow2 &&
	test ! -s out.raw
'

test_expect_success 'encrypted, too large, cut off, damaged, unknown, odd: refused' '
	qemu-img create -q -f qcow2 small.qcow2 2M &&
	cp small.qcow2 locked.qcow2 &&
	printf "\002" | dd of=locked.qcow2 bs=1 seek=35 conv=notrunc status=none &&
	refuse "encrypted" qcow2 locked.qcow2 &&
	refuse "image_size_limit" qcow2 small.qcow2 1048576 &&
	cp small.qcow2 huge.qcow2 &&
	printf "\020\0\0\0\0\0\0\0" | dd of=huge.qcow2 bs=1 seek=24 conv=notrunc status=none &&
	refuse "1152921504606846976 bytes; this node" qcow2 huge.qcow2 &&
	printf "\0\0\0\0\0\0\0\0" | dd of=huge.qcow2 bs=1 seek=24 conv=notrunc status=none &&
	refuse "is empty" qcow2 huge.qcow2 &&
	printf "\0\0\0\0\0\020\0\001" | dd of=huge.qcow2 bs=1 seek=24 conv=notrunc status=none &&
	refuse "multiple of 512" qcow2 huge.qcow2 &&
	head -c 50 c.qcow2 >cut.qcow2 &&
	refuse "cut off" qcow2 cut.qcow2 &&
	for bytes in 70000 200000 1000000 5000000
	do
		head -c $bytes c.qcow2 >cut.qcow2 &&
		refuse "is it cut off" qcow2 cut.qcow2 || return 1
	done &&
	cp small.qcow2 bits.qcow2 &&
	printf "\002" | dd of=bits.qcow2 bs=1 seek=79 conv=notrunc status=none &&
	refuse "marked corrupt" qcow2 bits.qcow2 &&
	cp small.qcow2 bits.qcow2 &&
	printf "\200" | dd of=bits.qcow2 bs=1 seek=78 conv=notrunc status=none &&
	refuse "does not know" qcow2 bits.qcow2 &&
	: >empty &&
	refuse "not a qcow2" qcow2 empty &&
	refuse "is empty" raw empty &&
	refuse "not a qcow2 image, but its builder" qcow2 a.raw
'

test_expect_success 'a RAW that is too large, or not a multiple of 512' '
	refuse "10737418240 bytes; this node takes at most 1048576" raw big.raw 1048576 &&
	cp a.raw odd.raw &&
	echo >>odd.raw &&
	refuse "multiple of 512" raw odd.raw &&
	check raw a.raw 1048576 &&
	cmp a.raw out.raw
'

test_expect_success 'a RAW that is really another format, as QEMU writes them' '
	for format in qcow2 qed vmdk vdi vpc vhdx parallels
	do
		qemu-img create -q -f $format other.img 8M &&
		truncate -s %512 other.img &&
		refuse "not a RAW disk" raw other.img ||
			{ echo "format: $format"; return 1; }
	done &&
	qemu-img create -q -f vmdk -o subformat=monolithicFlat flat.vmdk 1M &&
	truncate -s %512 flat.vmdk &&
	refuse "VMDK descriptor" raw flat.vmdk &&
	qemu-img create -q -f vpc -o subformat=fixed,force_size=on fixed.vhd 1M &&
	refuse "fixed VHD" raw fixed.vhd
'

test_expect_success 'kernels and packed files: the message says what to do' '
	head -c 1M "$(readlink -f "$(command -v qemu-img)")" >elf &&
	truncate -s %512 elf &&
	refuse "ELF kernel.*boot loader" raw elf &&
	gzip -k -c a.raw >a.gz &&
	truncate -s %512 a.gz &&
	refuse "gzip file.*unpack it" raw a.gz &&
	tar -cf a.tar a.raw &&
	refuse "tar archive" raw a.tar
'

test_expect_success 'the partition table as newer Novas want it' '
	cp a.raw t.raw &&
	printf "\001" | dd of=t.raw bs=1 seek=446 conv=notrunc status=none &&
	refuse "boot flag 01" raw t.raw &&
	cp a.raw t.raw &&
	dd if=/dev/zero of=t.raw bs=1 seek=446 count=64 conv=notrunc status=none &&
	refuse "no partition" raw t.raw &&
	printf "\0\0" | dd of=t.raw bs=1 seek=510 conv=notrunc status=none &&
	check raw t.raw &&
	test_grep "hornero: the disk has no boot signature" err
'

test_expect_success 'a qcow2 is inspected by what it holds' '
	printf "\177ELF" | dd of=t.raw conv=notrunc status=none &&
	qemu-img convert -f raw -O qcow2 t.raw t.qcow2 &&
	refuse "ELF kernel" qcow2 t.qcow2 &&
	qemu-img convert -f raw -O qcow2 c.qcow2 nested.qcow2 &&
	refuse "qcow2 image, not a RAW" qcow2 nested.qcow2
'

test_expect_success 'a full disk is nobody'"'"'s fault, a missing qemu-img the operator'"'"'s' '
	if test "$(id -u)" -eq 0 && mkdir small && mount -t tmpfs -o size=1m,mode=755 none small
	then
		test_cleanup "umount $TRASH/small" &&
		for format in raw qcow2
		do
			rm -f small/out &&
			: >small/out &&
			chown 64999 small/out &&
			test_expect_code 75 $as hornero-check --format $format --max $max 3>said \
				5<c.$format 6<>small/out &&
			test_grep "^error .*No space left" said || return 1
		done
	fi &&
	new_out &&
	mkdir nothing &&
	test_expect_code 78 env PATH="$TRASH/nothing" $(command -v setpriv) --reuid="$(id -u)" \
		--regid="$(id -g)" --keep-groups \
		"$HORNERO_BUILD/hornero-check" --format qcow2 --max $max 3>said 5<c.qcow2 \
			6<>out.raw &&
	test_grep "^error qemu-img could not be executed" said
'

test_expect_success 'descriptors and options' '
	mkfifo pipe &&
	{ sleep 0 >pipe & new_out && test_expect_code 65 check raw pipe; } &&
	test_grep "not a regular file" said &&
	test_expect_code 70 hornero-check --format raw --max $max 3>said 5<a.raw 6<>b &&
	test_grep "not an empty file" said &&
	new_out &&
	test_expect_code 64 hornero-check --format raw --max $max 3>said 5<a.raw 6<&- &&
	test_expect_code 64 hornero-check --format qcow2 --in-place --max $max 3>said 5<a.raw &&
	test_expect_code 64 hornero-check --format vmdk --max $max &&
	test_expect_code 64 hornero-check --format raw --max x &&
	test_expect_code 64 hornero-check --format raw
'

# No bubblewrap, no test; as the builds have it: the files are nowhere in the sandbox, only their
# descriptors.
if command -v bwrap >/dev/null && $as bwrap --unshare-user --ro-bind / / true 2>/dev/null
then
	test_expect_success 'in a sandbox that sees neither file' '
		new_out &&
		$as bwrap --unshare-user --unshare-pid --cap-drop ALL --ro-bind /usr /usr \
			--symlink usr/bin /bin \
			--symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev \
				--tmpfs /tmp \
			--ro-bind-try /etc/alternatives /etc/alternatives --ro-bind-try \
				/etc/ld.so.cache /etc/ld.so.cache \
			--ro-bind "$(command -v hornero-check)" /hornero-check \
			/hornero-check --format qcow2 --max $max 3>said 5<c.qcow2 6<>out.raw &&
		qemu-img compare -f raw -F raw c.raw out.raw
	'
else
	test_skip 'in a sandbox that sees neither file' 'bubblewrap does not work here'
fi

test_done
