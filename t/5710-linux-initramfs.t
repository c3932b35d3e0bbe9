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

# says TEXT: the guest of the warm file says that line with the pushed tree, and powers off.
says () {
	boot_guest "$(node_warm_path "$HELLO_UUID")" 256 >said &&
	test_grep "$1, tree $(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}")\$" said
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

test_expect_success 'a change of one line, pushed: the next guest says it' '
	echo "good evening" >"$HELLO_WORK/greeting" &&
	push_built_by linux &&
	says "^good evening"
'

test_done
