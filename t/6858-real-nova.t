#!/bin/sh
# Nova's API, conductor, scheduler and compute service are real (t/tools/real-nova.py), with Nova's
# fake hypervisor, whose console ends with "LAST LINE". Keystone and Glance are stand-ins.
test_description='on_warm: rebuild beside the real Nova'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/rollout.sh"
test_requires jq jq
test_requires curl curl
/usr/bin/python3 -c 'import oslotest, placement, wsgi_intercept, nova.tests' 2>/dev/null ||
	test_skip_all 'not here: python3-nova, -placement, -oslotest, -wsgi-intercept'
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY

nova_start () {
	/usr/bin/python3 -W ignore "$HORNERO_SRC/t/tools/real-nova.py" "$GLANCE" >nova.log 2>&1 &
	nova__pid=$!
	test_cleanup "kill $nova__pid; wait $nova__pid; :"
	wait_until "test -s $GLANCE/nova-url" 120 || { tail -n 20 nova.log; return 1; }
}

# control PATH: of real-nova.py.
control () {
	curl -sS --max-time 100 -X POST "$(cat "$GLANCE/nova-url")/$1"
}

# nova_has ID STATUS IMAGE
nova_has () {
	curl -sS --max-time 60 -H "X-Auth-Token: token-1" \
		"$(cat "$GLANCE/nova-url")/v2.1/servers/$1" |
		jq -r '.server | .status + " " + .image.id' >shown &&
	test "$(cat shown)" = "$2 $3" || { cat shown; tail -n 5 glance.log; return 1; }
}

# nova_act ID BODY
nova_act () {
	curl -sS --max-time 60 -H "X-Auth-Token: token-1" -H "Content-Type: application/json" \
		-d "$2" "$(cat "$GLANCE/nova-url")/v2.1/servers/$1/action"
}

# posts: how many actions Nova was asked for.
posts () {
	grep -c ^POST "$GLANCE/nova-requests"
}

test_expect_success 'Nova, with two servers of the image and one of another; a release' '
	node_init "sweep_interval: 10h" "nova_host: compute" &&
	glance_start &&
	nova_start &&
	node_start &&
	node_hello_repo &&
	control image/$HELLO_UUID &&
	a=$(control server/$HELLO_UUID/$HELLO_UUID) &&
	b=$(control server/$HELLO_UUID/$HELLO_UUID) &&
	c=$(control server/$HELLO_UUID/another) &&
	nova_has $a ACTIVE $HELLO_UUID &&
	hornero image set "$HELLO_UUID" releases=registered &&
	hello_pushed one &&
	glance_once &&
	one=$(glance_release) &&
	control image/$one
'

test_expect_success 'they are rebuilt onto the release, found by their hostId' '
	hornero image set "$HELLO_UUID" on_warm=rebuild &&
	glance_once &&
	rollout_is done &&
	nova_has $a ACTIVE $one &&
	nova_has $b ACTIVE $one &&
	nova_has $c ACTIVE $HELLO_UUID &&
	test "$(posts)" -eq 2 &&
	node_set nova_host elsewhere &&
	hello_pushed two &&
	glance_once &&
	rollout_is done "no server .* on the host elsewhere .*2 on other hosts" &&
	node_set nova_host compute
'

test_expect_success 'killed after the request: no server is rebuilt twice; expect' '
	hello_pushed three &&
	three=$(glance_release) &&
	control image/$three &&
	expects "^LAST LINE" &&
	: >"$GLANCE/nova-requests" &&
	node_set failpoint rollout-asked &&
	{ timeout 60 hornero-glance --once >>glance.log 2>&1; test $? -eq 137; } &&
	node_set failpoint &&
	glance_once &&
	rollout_is done &&
	nova_has $a ACTIVE $three &&
	nova_has $b ACTIVE $three &&
	test "$(posts)" -ge 4
'

test_expect_success 'Nova refuses: no other is rebuilt. A stopped server is left alone' '
	nova_act $b "{\"os-stop\": null}" &&
	wait_until "nova_has $b SHUTOFF $three" 120 &&
	hello_pushed four &&
	four=$(glance_release) &&
	glance_waits &&
	rollout_is failed "server $a: Nova refuses its rebuild: .*Cannot find image for rebuild" &&
	control image/$four &&
	glance_daemon &&
	wait_until "grep -q event=ready daemon.log" 120 &&
	kill -HUP $daemon &&
	wait_until "rollout_is done" 120 &&
	glance_daemon_ends &&
	nova_has $a ACTIVE $four &&
	nova_has $b SHUTOFF $three
'

test_done
