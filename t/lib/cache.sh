# cache.sh: releases of artifacts, and instances that stand on files of Nova's cache. After node.sh
# or publish.sh.
#
#     release_id UUID DIGEST          the UUID of that image's release, by Python
#     stand_on FILE [INSTANCE]        an instance, "vm" without a name, whose disk is an overlay on
#                                     FILE, as Nova makes it
#     ino FILE                        its inode number

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
