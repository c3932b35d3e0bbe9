#!/bin/sh
test_description='repositories that want out of their build; the agent is an unprivileged user'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/attacks.sh"

test "$(id -u)" -eq 0 || test_skip_all 'changing users needs root'
test_requires systemd-socket-activate systemd

node_users
attacks_run
test_done
