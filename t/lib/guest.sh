# guest.sh: an emulated machine for what needs another kernel state than the one that runs the
# tests: cgroup v2 alone, and systemd as process 1. Its root is this machine's, seen through
# virtiofs and copied on write, its kernel Debian's. Needs root, to show its root. After test.sh:
#
#     . "$HORNERO_SRC/t/lib/guest.sh"
#     guest_requires
#     guest_make                      # hornero is installed in it; sources and built programs are
#                                     in /hornero
#     guest_run SECONDS FILE          # with lines as `root t/5480-attacks.t`: t/systemd/start says
#                                     how they run
#     guest_said root/5480-attacks
#
# guest_kernel_options are added to the kernel's command line.
# Its serial port is in $TRASH/serial. With guest_root=DIR the root is DIR instead, and with
# guest_make_bare nothing is installed in it: /hornero has t/lib and t/systemd alone.
guest_root=/

# The modules that the kernel needs to see the root, in order. Those that are built in have no file.
guest_modules='virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci'
guest_modules="$guest_modules fuse virtiofs overlay"
# Debian 12: of qemu-system-common; Debian 13: a package of its own.
guest_virtiofsd=/usr/lib/qemu/virtiofsd
test -x $guest_virtiofsd || guest_virtiofsd=/usr/libexec/virtiofsd

# The kernel: $HORNERO_TEST_KERNEL, which ./check sets where nothing else is found; else the newest
# one here that may be read and whose modules are there.
guest_kernel () {
	test -z "$HORNERO_TEST_KERNEL" || { echo "$HORNERO_TEST_KERNEL"; return; }
	for guest__kernel in $(ls -rv /boot/vmlinuz-* 2>/dev/null)
	do
		test -r "$guest__kernel" &&
		test -n "$(guest__module "$guest__kernel" virtiofs)" || continue
		echo "$guest__kernel"
		return
	done
}

# guest__module KERNEL NAME: its file, beside the kernel as Debian's packages have it.
guest__module () {
	find "${1%/boot/*}/lib/modules/${1##*/vmlinuz-}/kernel" -name "$2.ko" 2>/dev/null
}

guest_requires () {
	test "$(id -u)" -eq 0 || test_skip_all 'only root can show its root to a guest'
	test "$(uname -m)" = x86_64 || test_skip_all 'the guest is an x86_64'
	test_requires qemu-system-x86_64 qemu-system-x86
	test -x $guest_virtiofsd ||
	test_skip_all "virtiofsd is not here (Debian 12: qemu-system-common, 13: virtiofsd)"
	test_requires busybox busybox-static
	! ldd "$(command -v busybox)" 2>/dev/null | grep -q '=>' ||
	test_skip_all 'busybox needs libraries (Debian: busybox-static)'
	test -x /lib/systemd/systemd || test_skip_all 'systemd is not here (Debian: systemd)'
	test -r "$(guest_kernel)" ||
	test_skip_all "no kernel with virtiofs may be read in /boot:" \
		"./check fetches one, or HORNERO_TEST_KERNEL names one (.../boot/vmlinuz-*)"
	test "$(guest__paths)" = '/var /usr /etc ' ||
	test_skip_all "built for other paths than README.md has:" \
		"./configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var"
	! grep -q __asan_init "$HORNERO_BUILD/hornerod" ||
	test_skip_all 'units refuse what the leak detector of ASan asks for'
}

# guest__paths: the three that ./configure was given, in the Makefile's order.
guest__paths () {
	sed -n 's/^\(prefix\|sysconfdir\|localstatedir\) = //p' \
		"$HORNERO_BUILD/Makefile" 2>/dev/null | tr '\n' ' '
}

# The files that the guest has beside this machine's are in $TRASH/guest/over; the initramfs brings
# them.
guest_make () {
	guest_make_bare &&
	make -s -C "$HORNERO_BUILD" install DESTDIR="$guest__over" >install.log 2>&1 ||
	{ cat install.log; return 1; }
	(
		cd "$HORNERO_SRC" &&
		tar -cf - t/*.t t/attacks etc/builders.d examples/hello
	) |
		tar -C "$guest__over/hornero" -xf - &&
	find "$guest__over" -type f -name 'hornero*' -perm -100 -exec cp {} \
		"$guest__over/hornero/build/" \; &&
	cp "$HORNERO_BUILD/t/tools/hornerod-next" "$guest__over/hornero/build/t/tools/" &&
	guest__masks
}

# This machine's own services and generators would cost a third of the time to boot.
guest__masks () {
	guest__etc=$guest__over/etc/systemd
	mkdir -p "$guest__etc/system-generators" &&
	for guest__name in systemd-udevd systemd-udev-trigger systemd-timesyncd apparmor
	do
		ln -s /dev/null "$guest__etc/system/$guest__name.service" || return 1
	done &&
	for guest__name in $(cd /lib/systemd/system-generators && ls)
	do
		test "$guest__name" = hornero-generator ||
		ln -s /dev/null "$guest__etc/system-generators/$guest__name" || return 1
	done
}

# For tests with the node of the installed units (t/lib/unit.sh).
guest__unit_settings () {
	guest__log=append:/run/hornero-test.log
	for guest__name in hornerod hornero-publish@
	do
		guest__unit=$guest__over/etc/systemd/system/$guest__name.service.d
		mkdir "$guest__unit" &&
		printf '%s\n' '[Service]' Restart=no StandardOutput=$guest__log \
			StandardError=$guest__log >"$guest__unit/test.conf" || return 1
	done
}

guest_make_bare () {
	guest__first=$TRASH/guest/first
	guest__over=$TRASH/guest/over
	mkdir -p "$guest__first/modules" "$guest__first/proc" "$guest__first/dev" \
		"$guest__first/lower" "$guest__first/upper" "$guest__first/root" \
		"$TRASH/guest/shared" "$guest__over/hornero/build/t/tools" \
		"$guest__over/etc/systemd/system" "$guest__over/etc/tmpfiles.d" &&
	(cd "$HORNERO_SRC" && tar -cf - t/lib t/systemd) |
		tar -C "$guest__over/hornero" -xf - &&
	mv "$guest__over"/hornero/t/systemd/hornero-test.* "$guest__over/etc/systemd/system/" &&
	: >"$guest__over/etc/fstab" &&
	: >"$guest__over/etc/tmpfiles.d/tmp.conf" || return 1
	for guest__name in $guest_modules
	do
		guest__file=$(guest__module "$(guest_kernel)" "$guest__name")
		test -z "$guest__file" || cp "$guest__file" "$guest__first/modules/" || return 1
	done
	cp "$(command -v busybox)" "$guest__first/busybox" &&
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
	layers=lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work &&
	/busybox mount -t overlay -o \$layers overlay /root &&
	/busybox mount -t tmpfs -o mode=1777 tmpfs /root/tmp &&
	/busybox mount -t tmpfs -o mode=1777 tmpfs /root/var/tmp &&
	/busybox mount -t tmpfs -o mode=755 tmpfs /root/srv &&
	# With it systemd takes the guest for a container, and reads no kernel arguments.
	/busybox rm -f /root/.dockerenv &&
	/busybox tar -xf /over.tar -C /root &&
	exec /busybox switch_root /root /lib/systemd/systemd
	echo '# the guest has no root'
	/busybox poweroff -f
	END
	chmod 0755 "$guest__first/init"
}

# guest_run SECONDS FILE: packs the initramfs and runs the tests that FILE names. The root is shown
# by a bind mount that cannot be written, in a mount namespace of its own.
guest_run () {
	guest__seconds=$1
	cp "$2" "$guest__over/hornero/tests" &&
	{ ! grep -q '^unit ' "$2" || guest__unit_settings; } &&
	tar -C "$guest__over" --owner=0 --group=0 --numeric-owner -cf "$guest__first/over.tar" . &&
	(cd "$guest__first" && find . | busybox cpio -o -H newc 2>/dev/null) \
		>"$TRASH/guest/initramfs" || return 1
	unshare --mount --propagation private sh -c '
		mount --bind "$3" "$1/shared" &&
		mount -o remount,bind,ro "$1/shared" &&
		exec "$2" --socket-path="$1/socket" \
			-o source="$1/shared" -o sandbox=chroot -o cache=always
	' share-root "$TRASH/guest" $guest_virtiofsd "$guest_root" \
		>"$TRASH/virtiofsd.log" 2>&1 </dev/null &
	guest__server=$!
	test_cleanup "kill $guest__server 2>/dev/null; wait $guest__server; :"
	wait_until "test -S '$TRASH/guest/socket' || ! kill -0 $guest__server" 20 &&
	guest__emulate
}

# With a thread per processor (thread=multi) both processors of a guest now and then wait for each
# other for ever: "soft lockup", and the guest's time is over. The options that are switched off
# protect from neighbours, which a guest does not have; without erms kernel and libraries copy
# pages by words: QEMU emulates `rep movsb` byte by byte, and each process begins with copies of
# pages. norandmaps: QEMU keeps its translations by address, and has to translate a program anew
# that begins at another one: 3 of 7 minutes. The suite waits longest for its one thread, which so
# goes before the other tests.
guest__emulate () {
	guest__arguments="$guest_kernel_options console=ttyS0 quiet loglevel=1 panic=-1"
	guest__arguments="$guest__arguments nokaslr norandmaps mitigations=off init_on_alloc=0"
	guest__arguments="$guest__arguments systemd.unit=hornero-test.target"
	guest__arguments="$guest__arguments systemd.firstboot=off systemd.show_status=0"
	timeout "$guest__seconds" nice -n -10 qemu-system-x86_64 \
		-accel tcg,thread=single -cpu max,la57=off,smap=off,smep=off,erms=off \
		-M q35 -smp 2 -nodefaults -no-user-config -display none -no-reboot -serial stdio \
		-kernel "$(guest_kernel)" -initrd "$TRASH/guest/initramfs" \
		-append "$guest__arguments" \
		-object memory-backend-memfd,id=memory,size=2560M,share=on \
		-m 2560 -numa node,memdev=memory \
		-chardev "socket,id=root,path=$TRASH/guest/socket" \
		-device vhost-user-fs-pci,chardev=root,tag=root \
		</dev/null >"$TRASH/serial.raw" &
	guest__pid=$!
	test_cleanup "kill $guest__pid 2>/dev/null || :"
	wait $guest__pid
	guest__status=$?
	# Debian 13's systemd resets the terminal, on the first line of a test's output.
	sed 's/\r//g; s/\x1b\[[!?0-9;]*[A-Za-z]//g; s/\x1b\][0-9;]*\x07//g' "$TRASH/serial.raw" \
		>"$TRASH/serial"
	# A guest that panics or has no root powers off as well.
	test $guest__status -eq 0 && grep -q ' exit [0-9]' "$TRASH/serial" ||
	{
		echo "QEMU ended with status $guest__status"
		cat "$TRASH/virtiofsd.log"
		tail -n 50 "$TRASH/serial"
		return 1
	}
}

# guest_said HOW/NAME: the tests of that file all ran and all succeeded.
guest_said () {
	sed -n "s,^$1 ,,p" serial >said &&
	cat said &&
	grep -q '^1\.\.[1-9]' said &&
	! grep -q '^not ok' said &&
	! grep -q '# SKIP' said &&
	grep -q -x 'exit 0' said
}
