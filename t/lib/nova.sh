# nova.sh: the real Nova on the other side of the cache (t/tools/nova-peer.py). Skips the file where
# Debian's python3-nova is missing. After node.sh or publish.sh.
#
#     nova WORD ARGUMENT…             its output is in nova.log, and shown where it fails
#     nova_hold NAME                  Nova holds its lock on this file of the cache until $holder is
#                                     killed
#     nova_boot FILE  INSTANCE        Nova boots an instance from this file of the cache

NOVA="/usr/bin/python3 $HORNERO_SRC/t/tools/nova-peer.py"
/usr/bin/python3 -c 'import nova.virt.libvirt.imagebackend' 2>/dev/null ||
	test_skip_all 'Nova is not here (Debian: python3-nova)'

nova () {
	$NOVA "$@" >nova.log 2>&1 ||
	{ cat nova.log; return 1; }
}

nova_hold () {
	$NOVA hold "${INSTANCES:-$NODE/instances}" "$1" >nova.held &
	holder=$!
	test_cleanup "kill -KILL $holder 2>/dev/null || :"
	wait_until 'grep -q held nova.held' 60
}

nova_boot () {
	nova boot "${INSTANCES:-$NODE/instances}" "${1##*/}" "$2" qcow2
}
