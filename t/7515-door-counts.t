#!/bin/sh
test_description='hornero metrics: logins, refusals and connections of the door'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
. "$HORNERO_SRC/t/lib/metrics.sh"
test_requires ssh openssh-client
test_requires ssh-keygen openssh-client

# counted SERIES VALUE: within some time: a connection ends after its client.
counted () {
	counted__series=$1 counted__value=$2
	wait_until 'hornero metrics --write && metric_is "$counted__series" "$counted__value"' 120
}

refused () {
	counted "hornero_door_refusals_total{reason=\"$1\"}" "$2"
}

test_expect_success 'a door that nobody has used' '
	door_node "door_connections_per_address: 2" "door_connections: 4" &&
	hooks_repo one &&
	door_start &&
	counted hornero_door_up 1 &&
	metric_is hornero_door_logins_total 0 &&
	metric_is "hornero_door_connections{state=\"logged-in\"}" 0 &&
	metric_is hornero_door_connections_limit 4 &&
	refused denied 0
'

test_expect_success 'a login, and one with a key that is not known' '
	door_ssh queue >out &&
	counted hornero_door_logins_total 1 &&
	ssh-keygen -q -t ed25519 -N "" -f stranger &&
	door_as stranger &&
	test_expect_code 255 door_ssh queue 2>err &&
	refused denied 1 &&
	metric_is hornero_door_logins_total 1
'

test_expect_success 'connections at this moment, and an address that has all of its own' '
	door_as alice &&
	door_worker 127.0.0.9 &&
	door_worker 127.0.0.9 &&
	counted "hornero_door_connections{state=\"logged-in\"}" 2 &&
	/usr/bin/python3 -c "
import socket
s = socket.create_connection((\"127.0.0.1\", $DOOR_PORT), source_address=(\"127.0.0.9\", 0))
while s.recv(4096):
    pass" &&
	refused address-full 1 &&
	door_clients_end &&
	counted "hornero_door_connections{state=\"logged-in\"}" 0
'

test_expect_success 'a door that has ended: no count of it stays' '
	door_stop &&
	counted hornero_door_up 0 &&
	test_must_fail grep hornero_door_logins "$PROM" &&
	node_set door_login_timeout 2 &&
	door_start &&
	counted hornero_door_logins_total 0
'

test_expect_success 'a client that does not log in in time' '
	/usr/bin/python3 -c "
import socket, sys
s = socket.create_connection((\"127.0.0.1\", $DOOR_PORT))
s.sendall(b\"SSH-2.0-idle\r\n\")
while s.recv(4096):
    pass" &&
	refused timeout 1 &&
	counted "hornero_door_connections{state=\"logging-in\"}" 0
'

test_done
