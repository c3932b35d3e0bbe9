# power.sh: a node on a disk of its own whose power can be cut at any moment of the past. The disk
# is a real filesystem; below it QEMU's storage daemon keeps each write and flush, and
# t/tools/power-cut.py makes of that what a disk with a volatile cache has after a cut. After
# node.sh, as root:
#
#     power_requires
#     power_on                    # $NODE is on the disk
#     power_now                   # the moment, a number: what came before can be durable
#     power_off                   # nothing of the node may run any more
#     power_cut MOMENT SEED       # $NODE is on the disk as a cut at that moment left it
power__dir=$TRASH/power
power__loop=''

power_requires () {
	test "$(id -u)" -eq 0 || test_skip_all 'only root mounts a disk'
	test -c /dev/fuse || test_skip_all 'this kernel has no FUSE'
	test_requires qemu-storage-daemon qemu-system-common
	test_requires mkfs.ext4 e2fsprogs
}

power_on () {
	mkdir -p "$power__dir" "$NODE" &&
	truncate -s 512M "$power__dir/base" &&
	mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$power__dir/base" &&
	cp --sparse=always "$power__dir/base" "$power__dir/disk" &&
	: >"$power__dir/log" &&
	: >"$power__dir/shown" || return 1
	qemu-storage-daemon \
		--blockdev driver=file,node-name=file,filename="$power__dir/disk" \
		--blockdev driver=file,node-name=writes,filename="$power__dir/log" \
		--blockdev driver=blklogwrites,node-name=disk,file=file,log=writes \
		--export type=fuse,id=s,node-name=disk,writable=on,mountpoint="$power__dir/shown" \
		>"$power__dir/daemon.log" 2>&1 </dev/null &
	power__daemon=$!
	test_cleanup power_off
	wait_until "test -s '$power__dir/shown' || ! kill -0 $power__daemon" 20 &&
	power__mount "$power__dir/shown" ||
	{ cat "$power__dir/daemon.log"; return 1; }
}

power__mount () {
	power__loop=$(losetup -f --show "$1") &&
	mount -t ext4 "$power__loop" "$NODE"
}

power_now () {
	stat -c %s "$power__dir/log"
}

power_off () {
	power__unmount
	test -z "$power__daemon" || {
		kill "$power__daemon"
		# It may sleep on until the next request.
		while kill -0 "$power__daemon" && stat "$power__dir/shown"
		do
			sleep 1
		done >/dev/null 2>&1 &
		wait "$power__daemon"
		power__daemon=''
	}
}

power__unmount () {
	test -n "$power__loop" || return 0
	wait_until "umount '$NODE' || ! mountpoint -q '$NODE'" 20
	losetup -d "$power__loop"
	power__loop=''
}

# Each cut has a file of its own: a mount namespace that somebody made meanwhile may hold the last
# one for a while, and write to it.
power_cut () {
	power__unmount
	rm -f "$power__dir"/after.*
	power__after=$power__dir/after.$1.$2
	"$HORNERO_SRC/t/tools/power-cut.py" "$power__dir/base" "$power__dir/log" \
		"$power__after" "$1" "$2" &&
	power__mount "$power__after"
}
