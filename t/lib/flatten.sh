# flatten.sh: disks of instances, by their bytes. After test.sh.
#
#     flatten_pattern FILE MIB WORD   a file whose every 512 bytes say where they are, and WORD
#     flatten_see DISK FILE           what its guest would see, as far as the pattern goes
#     flatten_is_backed DISK          it names a backing file
#     flatten_of PID                  the children of a process

flatten_pattern () {
	python3 -c '
import sys
with open(sys.argv[1], "wb") as out:
    for n in range(int(sys.argv[2]) * 2048):
        out.write((b"%s %d " % (sys.argv[3].encode(), n) * 200)[:512])
' "$@"
}

flatten_see () {
	qemu-img convert -U -f qcow2 -O raw "$1" "$2"
}

flatten_is_backed () {
	qemu-img info -U -f qcow2 --output=json "$1" | jq -e 'has("backing-filename")' >/dev/null
}

flatten_of () {
	cat "/proc/$1/task/$1/children"
}
