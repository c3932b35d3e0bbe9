#!/bin/sh
# hornero-glance beside a stand-in for Nova (t/tools/nova_standin.py). The schemas of the requests
# and hostId are compared with those of the real Nova.
test_description='on_warm: rebuild: servers follow a push, a few at a time, healthy or not at all'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/rollout.sh"
test_requires jq jq
test_requires python3 python3

test_expect_success 'nothing is rebuilt before on_warm says so' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" releases=registered &&
	servers "$A $HELLO_UUID" "$B $HELLO_UUID" &&
	hello_pushed one &&
	glance_once &&
	rebuilt_are &&
	test_must_fail rollout_file
'

test_expect_success 'on_warm: the present release, one server after the other' '
	hornero image set "$HELLO_UUID" on_warm=rebuild &&
	why_says "$HELLO_UUID" "Its servers are not rebuilt yet: hornero-glance has not tried" &&
	glance_once &&
	one=$(glance_release) &&
	rebuilt_are "$A $one 1" "$B $one 1" &&
	rollout_is done &&
	server_is "$A" ACTIVE "$one" &&
	server_is "$B" ACTIVE "$one" &&
	why_says "$HELLO_UUID" "Of its servers on this node, 2 boot release $one[.]" &&
	test "$(image_field rollout)" = done &&
	test_grep "event=rollout-done .* servers=2 moved=2 left=0" glance.log
'

test_expect_success 'again: nothing; one rebuild for each server and publication' '
	glance_once &&
	rebuilt_are "$A $one 1" "$B $one 1" &&
	hello_pushed two &&
	glance_once &&
	two=$(glance_release) &&
	rebuilt_are "$A $one 1" "$B $one 1" "$A $two 1" "$B $two 1"
'

# Red without is_here(), and with a list that ends after its first page.
test_expect_success 'only this node, and only servers with the key; stopped ones are left alone' '
	servers "$A $two" "$B $two" "$C $one" "$D $one" "$E $one" &&
	server "$C" ".host = \"elsewhere\"" &&
	server "$D" ".metadata = {}" &&
	server "$E" ".status = \"SHUTOFF\"" &&
	servers_of another-image "$F $one" &&
	hello_pushed three &&
	glance_once &&
	three=$(glance_release) &&
	rebuilt_are "$A $three 1" "$B $three 1" &&
	why_says "$HELLO_UUID" "2 boot release $three, and 1 that are stopped, .* left alone" &&
	rollout_is done
'

test_expect_success 'nova_host: the node has this name in Nova' '
	node_set nova_host elsewhere &&
	hello_pushed four &&
	glance_once &&
	rebuilt_are "$A $three 1" "$B $three 1" "$C $(glance_release) 1" &&
	node_set nova_host nobody &&
	hello_pushed five &&
	glance_once &&
	why_says "$HELLO_UUID" "no server .* on the host nobody has hornero_rebuild=.*4 on other" &&
	node_set nova_host
'

# Red with choose() that does not count.
test_expect_success 'rebuild_parallel: two at a time, the next ones when both are healthy' '
	servers "$A $one" "$B $one" "$C $one" &&
	node_set rebuild_parallel 2 &&
	hello_pushed six &&
	glance_once &&
	six=$(glance_release) &&
	rebuilt_are "$A $six 1" "$B $six 2" "$C $six 1" &&
	node_set rebuild_parallel
'

test_expect_success 'the first that fails ends it: why, image show, doctor; reload goes on' '
	servers "$A $six" "$B $six" "$C $six" &&
	server "$B" ".after = \"ERROR\"" &&
	hello_pushed seven &&
	glance_waits &&
	seven=$(glance_release) &&
	rebuilt_are "$A $seven 1" "$B $seven 1" &&
	rollout_is failed "server $B is ERROR after its rebuild" &&
	hornero metrics >figures &&
	test_grep "^hornero_rollouts{state=\"failed\"} 1" figures &&
	server_is "$C" ACTIVE "$six" &&
	why_says "$HELLO_UUID" "stopped .1 of 3 boot release $seven.: server $B is ERROR" &&
	test "$(image_field rollout)" = failed &&
	test_must_fail hornero doctor >out &&
	test_grep "bad.*image $HELLO_UUID: .*server $B is ERROR" out &&
	glance_waits &&
	rebuilt_are "$A $seven 1" "$B $seven 1" &&
	server "$B" "del(.after)" &&
	glance_daemon &&
	wait_until "grep -q event=ready daemon.log" 120 &&
	kill -HUP $daemon &&
	wait_until "rollout_is done" 120 &&
	glance_daemon_ends &&
	rebuilt_are "$A $seven 1" "$B $seven 1" "$B $seven 1" "$C $seven 1"
'

test_expect_success 'a server that Nova cannot rebuild in time' '
	servers "$A $seven" &&
	server "$A" ".looks = 1000" &&
	node_set rebuild_wait 2 &&
	hello_pushed eight &&
	glance_waits &&
	rollout_is failed "server $A is not healthy after 2 s .*: its status is REBUILD" &&
	node_set rebuild_wait &&
	servers "$A $seven" "$B $seven" &&
	hello_pushed mended &&
	glance_once
'

# Red without owe(): the server is SHUTOFF, and left alone.
test_expect_success 'the next publication mends what the failed one has stopped' '
	server "$A" ".after = \"SHUTOFF\" | .looks = 0" &&
	node_set rebuild_wait 2 &&
	hello_pushed nine &&
	glance_waits &&
	rollout_is failed "server $A is not healthy .* its status is SHUTOFF" &&
	node_set rebuild_wait &&
	hello_pushed ten &&
	glance_once &&
	rollout_is done &&
	server_is "$A" ACTIVE "$(glance_release)" &&
	server_is "$B" ACTIVE "$(glance_release)"
'

# Red without rollouts_roll_back().
test_expect_success 'rebuild_failed: rollback: image and servers go back, without a person' '
	hornero image set "$HELLO_UUID" rebuild_failed=rollback &&
	good=$(glance_release) &&
	servers "$A $good" "$B $good" &&
	server "$A" ".after = \"ERROR\"" &&
	hello_pushed bad &&
	glance_waits &&
	bad=$(glance_release) &&
	rollout_is failed "server $A is ERROR" &&
	server "$A" "del(.after)" &&
	hornero sweep >sweep.out 2>sweep.log &&
	queue_settles &&
	test_grep "event=rolled-back image=$HELLO_UUID from=$bad release=$good" sweep.log &&
	test "$(image_field pinned)" = "$good" &&
	test "$(glance_release)" = "$good" &&
	glance_once &&
	rollout_is done &&
	rebuilt_are "$A $bad 1" "$A $good 1" &&
	server_is "$A" ACTIVE "$good" &&
	server_is "$B" ACTIVE "$good" &&
	glance_has status active "$good" &&
	glance_has status deactivated "$bad"
'

test_expect_success 'it is rolled back once: a failure of the older release only stops' '
	hello_pushed better &&
	glance_once &&
	servers "$A $good" &&
	server "$A" ".after = \"ERROR\"" &&
	hello_pushed worse &&
	glance_waits &&
	hornero sweep >sweep.out 2>sweep.log &&
	queue_settles &&
	pinned=$(image_field pinned) &&
	glance_waits &&
	rollout_is failed "server $A is ERROR" &&
	hornero sweep >sweep.out 2>sweep.log &&
	queue_settles &&
	test_must_fail grep rolled-back sweep.log &&
	test "$(image_field pinned)" = "$pinned" &&
	hornero image set "$HELLO_UUID" rebuild_failed=stop
'

test_expect_success 'a sweep notes it among the events of the job' '
	servers "$A $good" &&
	hello_pushed noted &&
	glance_once &&
	hornero sweep >sweep.out &&
	hornero show "$job" >out &&
	test_grep "servers onto release $(glance_release): done" out
'

test_expect_success 'without releases: registered: doctor and why say what is missing' '
	hornero image set "$HELLO_UUID" releases=always &&
	hello_pushed unregistered &&
	why_says "$HELLO_UUID" "on_warm: rebuild needs releases: registered" &&
	test_must_fail hornero doctor >out &&
	test_grep "hornero image set $HELLO_UUID releases=registered" out &&
	hornero image set "$HELLO_UUID" releases=registered
'

test_expect_success 'a key may not decide which servers are rebuilt' '
	ssh-keygen -q -t ed25519 -N "" -C her -f id &&
	hornero key add her id.pub --write "*" --admin "*" &&
	test_must_fail hornero --key her image set "$HELLO_UUID" on_warm=rebuild 2>err &&
	test_grep "on_warm=rebuild is set on the node itself" err &&
	test_must_fail hornero --key her image set "$HELLO_UUID" rebuild_failed=rollback 2>err &&
	test_grep "rebuild_failed is set on the node itself" err &&
	hornero --key her image set "$HELLO_UUID" on_warm=nothing &&
	glance_once &&
	test_must_fail rollout_file
'

# The same in the real Nova: the schemas of the requests, hostId, and the status while it rebuilds.
if /usr/bin/python3 -c 'import nova' 2>/dev/null
then
	test_expect_success 'the real Nova accepts the requests, and computes hostId so' '
		/usr/bin/python3 - "$GLANCE/actions" >out 2>err <<-\END &&
		import hashlib, json, sys
		import jsonschema
		from nova import utils
		from nova.api.openstack import common
		from nova.api.openstack.compute.schemas import console_output, servers
		from nova.compute import task_states, vm_states
		seen = set()
		for line in open(sys.argv[1]):
		    body = json.loads(line)
		    name = list(body)[0]
		    seen.add(name)
		    if name == "rebuild":
		        jsonschema.validate(body, servers.rebuild)
		    if name == "os-getConsoleOutput":
		        jsonschema.validate(body, console_output.get_console_output)
		assert "rebuild" in seen and "os-start" in seen, seen
		want = hashlib.sha224(b"projecthost").hexdigest()
		assert utils.generate_hostid("host", "project") == want
		for state in (vm_states.ACTIVE, vm_states.STOPPED, vm_states.ERROR):
		    assert common.status_from_state(state, task_states.REBUILDING) == "REBUILD"
		print("good")
		END
		test_grep good out
	'
fi

test_done
