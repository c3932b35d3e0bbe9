#!/bin/sh
# t/6865-share-faults.t has what else goes wrong.
. "${HORNERO_SRC:-.}/t/lib/nodes.sh"
test_description='three nodes with doors: one push, one build, three warm; the first one dies'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/serve.sh"
nodes_requires

three_glance () {
	nodes_glance
}

. "$HORNERO_SRC/t/lib/three-nodes.sh"

test_done
