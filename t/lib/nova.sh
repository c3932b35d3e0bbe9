# nova.sh: the real Nova on the other side of the cache (t/tools/nova-peer.py). Skips the file where
# Debian's python3-nova is missing. After node.sh or publish.sh. If NOVA_ROOT is set, it is the root
# of another system, whose Nova is asked instead (t/6115-nova-31.t).
#
#     $NOVA WORD ARGUMENT…            asks one Nova of the whole file, which does it in a process of
#                                     its own: name, boot, age, hold, take
#     nova WORD ARGUMENT…             its output is in nova.log, and shown where it fails
#     nova_hold NAME                  Nova holds its lock on this file of the cache until $holder is
#                                     killed
#     nova_boot FILE  INSTANCE        Nova boots an instance from this file of the cache

nova__python=/usr/bin/python3
test -z "$NOVA_ROOT" || nova__python="$HORNERO_SRC/t/tools/in-root $NOVA_ROOT $nova__python"
nova__version=$($nova__python -c '
import importlib.metadata
print(importlib.metadata.version("nova"))') 2>/dev/null ||
	test_skip_all "Nova is not here (Debian: python3-nova)${NOVA_ROOT:+, in $NOVA_ROOT}"
echo "# Nova $nova__version"

$nova__python "$HORNERO_SRC/t/tools/nova-peer.py" serve "$TRASH/nova.socket" \
	>"$TRASH/nova-peer.log" 2>&1 &
nova_peer=$!
test_cleanup "kill $nova_peer"
NOVA="/usr/bin/python3 $HORNERO_SRC/t/tools/nova-ask.py $TRASH/nova.socket"

nova () {
	$NOVA "$@" >nova.log 2>&1 ||
	{ cat nova.log "$TRASH/nova-peer.log"; return 1; }
}

nova_hold () {
	rm -f nova.held
	$NOVA hold "${INSTANCES:-$NODE/instances}" "$1" >nova.held 2>&1 &
	wait_until 'grep -q "^held" nova.held' 120 &&
	holder=$(sed -n "s/^held //p" nova.held) &&
	test_cleanup "kill -KILL $holder 2>/dev/null || :"
}

nova_boot () {
	nova boot "${INSTANCES:-$NODE/instances}" "${1##*/}" "$2" qcow2
}
