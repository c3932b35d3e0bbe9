#!/bin/sh
test_description='examples/linux-initramfs: pushed, and its disk boots to init'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/guest.sh"
. "$HORNERO_SRC/t/lib/setup.sh"
test_requires gcc gcc
test_requires cpio cpio
test_requires jq jq
test_requires grub-mkimage grub-common
test_requires mcopy mtools
test_requires qemu-system-x86_64 qemu-system-x86
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'
test -r "$(guest_kernel)" || test_skip_all 'no kernel may be read: HORNERO_TEST_KERNEL names one'

UEFI=/usr/share/ovmf/OVMF.fd

# says TEXT [OPTION…]: the guest of the warm file says that line with the pushed tree, and powers
# off. The options are QEMU's.
says () {
	text=$1
	shift
	boot_guest "$(node_warm_path "$HELLO_UUID")" 256 "$@" >said &&
	test_grep "$text, tree $(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}")\$" said
}

test_expect_success 'a node with a kernel of its own, and the example in a repository' '
	mkdir builders &&
	sed "s,/var/lib/linux/bzImage:,$TRASH/bzImage:," \
		"$HORNERO_SRC/etc/builders.d/linux.yaml" >builders/linux.yaml &&
	cp "$(guest_kernel)" bzImage &&
	node_init "builders_dir: $TRASH/builders" &&
	node_start &&
	node_hello_repo &&
	git -C "$HELLO_WORK" rm -q -r . &&
	mkdir -p "$HELLO_WORK" &&
	cp -R "$HORNERO_SRC/examples/linux-initramfs/." "$HELLO_WORK"
'

# Red without `initrd` in linux.yaml: the kernel panics, as it has no init.
test_expect_success 'pushed, warm, booted: init says the greeting' '
	push_built_by linux &&
	says "^hello from hornero"
'

# GRUB starts Linux in another way with UEFI than with a BIOS; the other tests of UEFI boot a
# multiboot kernel. The line with the tree is only there if the initrd has arrived. Red with a BIOS.
if test -d /usr/lib/grub/x86_64-efi && test -e "$UEFI"
then
	test_expect_success 'a change of one line; with firmware: uefi the check boots it by UEFI' '
		echo "good evening" >"$HELLO_WORK/greeting" &&
		echo "firmware: uefi" >>builders/linux.yaml &&
		printf "%s\n" "builder: linux" "expect: \"^good evening, tree\"" "timeout: 300s" \
			>"$HELLO_WORK/.hornero.yaml" &&
		push_built_by linux &&
		hornero log "$job" >log &&
		test_grep "^hornero: the expected line came" log &&
		test_grep "BdsDxe: starting" log
	'

	# A minute of a processor.
	test "$HORNERO_TEST_LONG" != 1 ||
	test_expect_success 'with firmware: both one disk boots with a BIOS, and with UEFI' '
		sed -i "s/^firmware:.*/firmware: both/" builders/linux.yaml &&
		echo "good night" >"$HELLO_WORK/greeting" &&
		echo "builder: linux" >"$HELLO_WORK/.hornero.yaml" &&
		push_built_by linux &&
		says "^good night" &&
		says "^good night" -bios "$UEFI"
	'
else
	test_skip 'UEFI' 'no files here (Debian: grub-efi-amd64-bin, ovmf)'
fi

test_done
