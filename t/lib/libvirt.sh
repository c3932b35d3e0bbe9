# libvirt.sh: a libvirtd of this test's own, and domains on it, emulated. After test.sh:
#
#     libvirt_start                   # $LIBVIRT_URI; virsh uses it
#     libvirt_domain NAME DISK        # defined, not started; its first serial port goes to
#                                     $LIBVIRT/NAME.serial
#     libvirt_device NAME COMMAND     # qemu-io's COMMAND at the guest's own disk, by its running
#                                     QEMU
#     libvirt_kill NAME               # kill -9 of its QEMU
#
# It is libvirt's session daemon, so that several run side by side and nothing is left on the
# machine; it refuses users without a name, hence nobody where we are root. Its QEMUs are nobody's,
# too: so must the disks be ($LIBVIRT_USER).

LIBVIRT=$TRASH/v
LIBVIRT_URI="qemu+unix:///session?socket=$LIBVIRT/run/libvirt/libvirt-sock"
LIBVIRT_USER=$(id -u)
test "$LIBVIRT_USER" -ne 0 || LIBVIRT_USER=nobody

libvirt_start () {
	mkdir -p "$LIBVIRT/run" "$LIBVIRT/etc/libvirt" "$LIBVIRT/cache" "$LIBVIRT/state" &&
	echo 'stdio_handler = "file"' >"$LIBVIRT/etc/libvirt/qemu.conf" &&
	echo 'log_outputs = "2:stderr"' >"$LIBVIRT/etc/libvirt/libvirtd.conf" &&
	chown -R "$LIBVIRT_USER" "$LIBVIRT" &&
	chmod 0700 "$LIBVIRT/run" || return 1
	set -- libvirtd -f "$LIBVIRT/etc/libvirt/libvirtd.conf" -p "$LIBVIRT/run/pid"
	test "$(id -u)" -ne 0 ||
	set -- setpriv --reuid nobody --regid nogroup --clear-groups -- "$@"
	HOME=$LIBVIRT XDG_RUNTIME_DIR=$LIBVIRT/run XDG_CONFIG_HOME=$LIBVIRT/etc \
		XDG_CACHE_HOME=$LIBVIRT/cache XDG_STATE_HOME=$LIBVIRT/state \
		"$@" >"$LIBVIRT/log" 2>&1 </dev/null &
	libvirt__pid=$!
	test_cleanup libvirt__stop
	VIRSH_DEFAULT_CONNECT_URI=$LIBVIRT_URI &&
	export VIRSH_DEFAULT_CONNECT_URI
	wait_until 'virsh list' 30 || { cat "$LIBVIRT/log"; return 1; }
}

libvirt__stop () {
	for libvirt__file in "$LIBVIRT"/run/libvirt/qemu/run/*.pid
	do
		test ! -s "$libvirt__file" || kill -KILL "$(cat "$libvirt__file")" 2>/dev/null || :
	done
	kill "$libvirt__pid" 2>/dev/null || :
	wait "$libvirt__pid" 2>/dev/null || :
}

libvirt_domain () {
	chown "$LIBVIRT_USER" "$2" &&
	cat >"$LIBVIRT/$1.xml" <<-END &&
	<domain type='qemu'>
	  <name>$1</name><memory unit='MiB'>16</memory>
	  <os><type arch='x86_64' machine='pc'>hvm</type></os>
	  <devices>
	    <emulator>$(command -v qemu-system-x86_64)</emulator>
	    <disk type='file' device='disk'>
	      <driver name='qemu' type='qcow2'/><source file='$2'/><target dev='vda' bus='virtio'/>
	    </disk>
	    <serial type='file'><source path='$LIBVIRT/$1.serial'/></serial>
	    <controller type='usb' model='none'/><memballoon model='none'/>
	  </devices>
	</domain>
	END
	virsh define "$LIBVIRT/$1.xml"
}

# qemu-io's own words say whether the bytes were as asked.
libvirt_device () {
	virsh qemu-monitor-command "$1" --hmp \
		"qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend \"$2\"" \
		>"$LIBVIRT/said" &&
	cat "$LIBVIRT/said" &&
	! grep -qiE 'fail|error|conflict|cannot' "$LIBVIRT/said"
}

libvirt_kill () {
	kill -KILL "$(cat "$LIBVIRT/run/libvirt/qemu/run/$1.pid")" &&
	wait_until "virsh domstate '$1' | grep -q 'shut off'" 20
}
