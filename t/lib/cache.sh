# cache.sh: releases of artifacts, instances that stand on files of Nova's cache, and Nova's locks.
# After node.sh or publish.sh.
#
#     release_id UUID DIGEST          the UUID of that image's release, by Python
#     stand_on FILE [INSTANCE]        an instance, "vm" without a name, whose disk is an overlay on
#                                     FILE, as Nova makes it
#     ino FILE                        its inode number
#     cached_is STATE                 `hornero cache` says so of its first file
#     keep                            runs hornero-keep; its log is in keep.log
#     hold_lock FILE OUT              another process holds that lock as Nova does, until $holder is
#                                     killed; OUT has the word "held" and the file's inode number
#     lock_is_held FILE               some process has that lock

release_id () {
	python3 -c 'import sys, uuid; print(uuid.uuid5(uuid.UUID(sys.argv[1]), sys.argv[2]))' "$@"
}

stand_on () {
	cache__instance=${INSTANCES:-$NODE/instances}/${2:-vm}
	mkdir -p "$cache__instance" &&
	echo "{\"$cache__instance/disk\": \"qcow2\"}" >"$cache__instance/disk.info" &&
	qemu-img create -q -f qcow2 -F raw -b "$1" "$cache__instance/disk" 64M
}

ino () {
	stat -c %i "$1"
}

cached_is () {
	test "$(hornero cache --json | json_at '[0].state')" = "$1"
}

keep () {
	"$HORNERO_BUILD/hornero-keep" -c "$HORNERO_CONF" 2>keep.log
}

hold_lock () {
	rm -f "$2"
	python3 -c '
import fcntl, os, signal, sys
f = open(sys.argv[1], "a")
fcntl.lockf(f, fcntl.LOCK_EX)
print("held", os.fstat(f.fileno()).st_ino, flush=True)
signal.pause()
' "$1" >"$2" &
	holder=$!
	test_cleanup "kill $holder 2>/dev/null || :"
	wait_until "grep -q held '$2'" 120
}

lock_is_held () {
	test_must_fail python3 -c '
import fcntl, sys
fcntl.lockf(open(sys.argv[1], "a"), fcntl.LOCK_EX | fcntl.LOCK_NB)
' "$1"
}
