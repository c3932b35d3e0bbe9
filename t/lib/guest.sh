# guest.sh: an emulated machine of files of this one, for what needs another kernel state than
# the one that runs the tests. After test.sh:
#
#     . "$HORNERO_SRC/t/lib/guest.sh"
#     guest_requires
#     guest_make                      # the initramfs: these programs, these tests, nothing else
#     guest_run t/v2/start 300        # its serial port in $TRASH/serial
#
# Needs no privilege: emulated, its root in memory, no network, no disk. For a whole system with all of its
# programs, as root:
#
#     guest_whole_requires
#     guest_whole_make DIR            # DIR is laid over a copy-on-write view of this machine's root filesystem
#     guest_whole_run SECONDS ARGUMENT…   # systemd is process 1; arguments of the kernel. Again $TRASH/serial

guest_programs='basename bwrap cat chmod chown cmp cp cut date dd df diff dirname du echo env expr false find git
git-receive-pack git-upload-pack grep head hostname id install jq ln ls make mkdir mkfifo mknod mktemp mv nproc od pgrep
printf ps qemu-img readlink realpath rm rmdir sed seq setpriv setsid sh sha1sum sha256sum sleep sort stat tail tee test
timeout touch tr true uname uniq wc xargs yes'

# The kernel: $HORNERO_TEST_KERNEL, else the newest one here that may be read.
guest_kernel () {
	if test -n "$HORNERO_TEST_KERNEL"
	then
		echo "$HORNERO_TEST_KERNEL"
		return
	fi
	for guest__kernel in $(ls -rv /boot/vmlinuz-* 2>/dev/null)
	do
		test ! -r "$guest__kernel" || { echo "$guest__kernel"; return; }
	done
}

guest_requires () {
	test_requires qemu-system-x86_64 qemu-system-x86
	test_requires busybox busybox-static
	! ldd "$(guest__path busybox)" 2>/dev/null | grep -q '=>' ||
		test_skip_all 'busybox needs libraries (Debian: busybox-static)'
	test_requires setpriv util-linux
	test "$(uname -m)" = x86_64 || test_skip_all 'the guest is an x86_64'
	test -r "$(guest_kernel)" ||
		test_skip_all 'no kernel may be read in /boot (Debian: linux-image-cloud-amd64), and HORNERO_TEST_KERNEL names none'
}

# guest__path PROGRAM: its file, also where the shell has a builtin of that name.
guest__path () {
	guest__ifs=$IFS
	IFS=:
	for guest__dir in $PATH
	do
		test ! -x "$guest__dir/$1" || { echo "$guest__dir/$1"; break; }
	done
	IFS=$guest__ifs
}

guest_make () {
	guest__root=$TRASH/guest/root
	mkdir -p "$guest__root/usr/bin" "$guest__root/usr/sbin" "$guest__root/usr/lib64" "$guest__root/usr/lib" \
		"$guest__root/etc" "$guest__root/proc" "$guest__root/sys" "$guest__root/dev" "$guest__root/tmp" \
		"$guest__root/hornero/build" "$guest__root/var" &&
	for guest__dir in bin sbin lib lib64
	do
		ln -s "usr/$guest__dir" "$guest__root/$guest__dir" || return 1
	done &&
	for guest__name in $guest_programs
	do
		guest__file=$(guest__path "$guest__name")
		test -n "$guest__file" || { echo >&2 "guest_make: no $guest__name here"; return 1; }
		cp -L "$guest__file" "$guest__root/usr/bin/$guest__name" || return 1
	done &&
	for guest__name in hornero hornerod hornero-boot hornero-build hornero-check hornero-checkout hornero-collect hornero-hook hornero-publish \
		hornero-sweep
	do
		cp "$HORNERO_BUILD/$guest__name" "$guest__root/hornero/build/" || return 1
	done &&
	mkdir "$guest__root/hornero/src" &&
	(cd "$HORNERO_SRC" && tar -cf - t/lib t/v2 etc/builders.d examples/hello) | tar -xf - -C "$guest__root/hornero/src" &&
	ldd "$guest__root"/usr/bin/* "$guest__root"/hornero/build/* 2>/dev/null |
		sed -n 's,^[^/]*[[:space:]]\(/[^ ]*\) (0x.*,\1,p' | sed 's,^/usr/,/,' | sort -u >"$TRASH/guest/libraries" &&
	while read -r guest__file
	do
		mkdir -p "$guest__root/usr${guest__file%/*}" && cp -L "$guest__file" "$guest__root/usr$guest__file" || return 1
	done <"$TRASH/guest/libraries" &&
	echo 'root:x:0:0::/:/bin/sh
user:x:1000:1000::/tmp:/bin/sh' >"$guest__root/etc/passwd" &&
	echo 'root:x:0:
user:x:1000:' >"$guest__root/etc/group" &&
	guest__pack
}

# The kernel unpacks init, busybox and a tar file; init makes the tar file a root that pivot_root(2) accepts.
guest__pack () {
	guest__first=$TRASH/guest/first
	mkdir -p "$guest__first/root" &&
	cp "$(guest__path busybox)" "$guest__first/busybox" &&
	cp "$guest__first/busybox" "$TRASH/guest/root/usr/sbin/busybox" &&
	tar -C "$TRASH/guest/root" --owner=0 --group=0 --numeric-owner -cf "$guest__first/root.tar" . &&
	cat >"$guest__first/init" <<-\END &&
	#!/busybox sh
	/busybox mount -t tmpfs -o mode=755,size=75% tmpfs /root &&
	/busybox tar -xf /root.tar -C /root &&
	/busybox mkdir /proc && /busybox mount -t proc proc /proc &&
	start=$(/busybox sed 's/.*hornero.start=\([^ ]*\).*/\1/' /proc/cmdline) &&
	/busybox umount /proc &&
	exec /busybox switch_root /root "/hornero/src/$start"
	echo '# the guest has no root'
	/busybox poweroff -f
	END
	chmod 0755 "$guest__first/init" &&
	(cd "$guest__first" && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 >"$TRASH/guest/initramfs" &&
	rm -rf "$TRASH/guest/root" "$guest__first"
}

# guest_run START SECONDS: START is an executable of the sources, process 1 of the guest.
guest_run () {
	guest__emulate "$2" "hornero.start=$1" -m 1536
}

# guest__emulate SECONDS KERNEL-ARGUMENTS OPTION…: of QEMU. With a thread per processor (thread=multi) both
# processors of a guest now and then wait for each other for ever: "soft lockup", and the guest's time is over.
guest__emulate () {
	guest__seconds=$1
	guest__append=$2
	shift 2
	timeout "$guest__seconds" qemu-system-x86_64 -accel tcg,thread=single -cpu max -M q35 -smp 2 -nodefaults \
		-no-user-config -display none -no-reboot -serial stdio -kernel "$(guest_kernel)" \
		-initrd "$TRASH/guest/initramfs" -append "console=ttyS0 quiet loglevel=1 panic=-1 $guest__append" "$@" \
		</dev/null >"$TRASH/serial.raw" &
	guest__pid=$!
	test_cleanup "kill $guest__pid 2>/dev/null || :"
	wait $guest__pid
	guest__status=$?
	tr -d '\r' <"$TRASH/serial.raw" >"$TRASH/serial"
	return $guest__status
}

# guest_said NAME: the tests whose lines begin with NAME all ran and all succeeded.
guest_said () {
	sed -n "s/^$1 //p" serial >"$1" &&
	cat "$1" &&
	grep -q '^1\.\.[1-9]' "$1" && ! grep -q '^not ok' "$1" && grep -q -x 'exit 0' "$1"
}

# What the kernel of a whole guest needs to see its root; in order. Those that are built in have no file.
guest_modules='virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci fuse virtiofs overlay'
guest_virtiofsd=/usr/lib/qemu/virtiofsd

# Beside the kernel, as Debian's packages have them.
guest__modules_dir () {
	guest__kernel=$(guest_kernel)
	echo "${guest__kernel%/boot/*}/lib/modules/${guest__kernel##*/vmlinuz-}/kernel"
}

guest_whole_requires () {
	guest_requires
	test "$(id -u)" -eq 0 || test_skip_all 'only root can show its root to a guest'
	test -x $guest_virtiofsd || test_skip_all "$guest_virtiofsd is not here (Debian: qemu-system-common)"
	test -x /lib/systemd/systemd || test_skip_all 'systemd is not here (Debian: systemd)'
	test -n "$(find "$(guest__modules_dir)" -name overlay.ko 2>/dev/null)" ||
		test_skip_all "overlay.ko is not in $(guest__modules_dir)"
}

guest_whole_make () {
	guest__first=$TRASH/guest/first
	mkdir -p "$guest__first/modules" "$guest__first/proc" "$guest__first/dev" "$guest__first/lower" "$guest__first/upper" \
		"$guest__first/root" "$TRASH/guest/shared" &&
	cp "$(guest__path busybox)" "$guest__first/busybox" &&
	tar -C "$1" --owner=0 --group=0 --numeric-owner -cf "$guest__first/over.tar" . || return 1
	for guest__name in $guest_modules
	do
		find "$(guest__modules_dir)" -name "$guest__name.ko" -exec cp {} "$guest__first/modules/" \; || return 1
	done
	cat >"$guest__first/init" <<-END &&
	#!/busybox sh
	for module in $guest_modules
	do
		test ! -e /modules/\$module.ko || /busybox insmod /modules/\$module.ko
	done
	/busybox mount -t devtmpfs dev /dev
	/busybox mount -t virtiofs -o ro root /lower &&
	/busybox mount -t tmpfs -o mode=755,size=75% tmpfs /upper &&
	/busybox mkdir /upper/files /upper/work &&
	/busybox mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root &&
	/busybox mount -t tmpfs -o mode=1777 tmpfs /root/tmp &&
	/busybox mount -t tmpfs -o mode=1777 tmpfs /root/var/tmp &&
	/busybox rm -f /root/.dockerenv && # else systemd holds itself to be in a container, and reads no kernel arguments
	/busybox tar -xf /over.tar -C /root &&
	exec /busybox switch_root /root /lib/systemd/systemd
	echo '# the guest has no root'
	/busybox poweroff -f
	END
	chmod 0755 "$guest__first/init" &&
	(cd "$guest__first" && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 >"$TRASH/guest/initramfs" &&
	rm -rf "$guest__first"
}

# The root is shown by a bind mount that cannot be written, in a mount namespace of its own.
guest_whole_run () {
	guest__seconds=$1
	shift
	unshare --mount --propagation private sh -c "mount --bind / '$TRASH/guest/shared' &&
		mount -o remount,bind,ro '$TRASH/guest/shared' &&
		exec $guest_virtiofsd --socket-path='$TRASH/guest/socket' -o source='$TRASH/guest/shared' -o sandbox=chroot \
			-o cache=always" >"$TRASH/virtiofsd.log" 2>&1 </dev/null &
	guest__server=$!
	test_cleanup "kill $guest__server 2>/dev/null; wait $guest__server; :"
	wait_until "test -S '$TRASH/guest/socket' || ! kill -0 $guest__server" 20 &&
	guest__emulate "$guest__seconds" "$*" -object memory-backend-memfd,id=memory,size=2560M,share=on -m 2560 \
		-numa node,memdev=memory -chardev "socket,id=root,path=$TRASH/guest/socket" \
		-device vhost-user-fs-pci,chardev=root,tag=root
}
