#!/bin/sh
test_description='repositories that want out of their build, on a node that is root'\''s'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/attacks.sh"

attacks_run
test_done
