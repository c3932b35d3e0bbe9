# evict.sh: gc in Nova's cache. After node.sh, cache.sh and nova.sh. As root the node has the users
# of an installed one: what hornero may not remove, the publisher does.
#
#     as_hornero COMMAND…
#     gc ARGUMENT…                    `hornero gc` as hornerod's user
#     gc_while_locked FILE            gc, while Nova has the lock of this file of the cache and an
#                                     instance "new" comes to stand on it; gc leaves the file

test "$(id -u)" -ne 0 || node_users

as_hornero () {
	if test "$(id -u)" -eq 0
	then
		node_as $node_hornero "$@"
	else
		"$@"
	fi
}

gc () {
	as_hornero "$HORNERO_BUILD/hornero" gc "$@"
}

gc_while_locked () {
	evict__waits="event=waiting lock=nova-${1##*/}"
	nova_hold "${1##*/}" &&
	{ gc >out 2>gc.err & evict__gc=$!; } &&
	wait_until 'grep -q -e "$evict__waits" "$NODE/hornerod.log" gc.err' 30 &&
	stand_on "$1" new &&
	kill -KILL $holder &&
	test_expect_code 1 wait $evict__gc &&
	test -e "$1"
}
