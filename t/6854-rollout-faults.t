#!/bin/sh
# hornero-glance beside a stand-in for Nova (t/tools/nova_standin.py).
test_description='on_warm: rebuild: kills, every class of error of Nova, the console, and no hands'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/rollout.sh"
test_requires jq jq
test_requires python3 python3

ACTION="/v2.1/servers/$A/action"

# dies_at FAILPOINT
dies_at () {
	node_set failpoint "$1" &&
	timeout 60 hornero-glance --once >>glance.log 2>&1
	test $? -eq 137 || { echo "no death at $1"; return 1; }
	node_set failpoint
}

# fails_and_goes_on STATE PATTERN: the fault is seen, and without it the next run ends well.
fails_and_goes_on () {
	glance_waits &&
	rollout_is "$1" "$2" &&
	server_is "$A" ACTIVE "$before" &&
	glance_fails &&
	glance_once &&
	rollout_is done &&
	server_is "$A" ACTIVE "$(glance_release)" &&
	rebuilt_are "$A $(glance_release) 1"
}

# next TEXT: a publication that the server is to follow.
next () {
	before=$(glance_release) &&
	servers "$A $before" &&
	hello_pushed "$1"
}

test_expect_success 'a node, a server' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" releases=registered on_warm=rebuild &&
	hello_pushed first &&
	glance_once &&
	why_says "$HELLO_UUID" "no server of the project on the host .* has hornero_rebuild"
'

# Red without rollout_save() in begin_batch(): then no batch, and no end of one, is known.
for point in rollout-before-rebuild rollout-asked rollout-before-record
do
	test_expect_success "killed at $point: one rebuild, and it ends well" '
		next "$point" &&
		dies_at "$point" &&
		glance_once &&
		rollout_is done &&
		rebuilt_are "$A $(glance_release) 1" &&
		server_is "$A" ACTIVE "$(glance_release)" &&
		test -z "$(ls -A "$NODE/state/glance" | grep tmp)"
	'
done

test_expect_success '503 waits, and is tried again with a delay' '
	next busy &&
	glance_fails "GET /v2.1/servers/detail.* 503" &&
	fails_and_goes_on waiting "Nova answers 503" &&
	test_grep "event=rollout-waiting .*Nova answers 503" glance.log
'

test_expect_success '503 to the rebuild itself' '
	next again &&
	glance_fails "POST $ACTION 503" &&
	fails_and_goes_on waiting "Nova answers 503 to POST"
'

test_expect_success 'no answer waits, too' '
	next silence &&
	glance_fails "GET /v2.1/servers/$A 0" &&
	fails_and_goes_on waiting "no answer to GET"
'

test_expect_success 'an expired token (401) is renewed at once' '
	next token &&
	glance_fails "once GET /v2.1/servers/detail.* 401" &&
	glance_once &&
	rollout_is done
'

test_expect_success '403 to the list: an operator must change something' '
	next rights &&
	glance_fails "GET /v2.1/servers/detail.* 403" &&
	glance_waits &&
	test_must_fail hornero doctor >out &&
	test_grep "bad.*Its servers are not rebuilt .refused.: Nova answers 403" out &&
	fails_and_goes_on refused "Nova answers 403"
'

test_expect_success 'a catalogue without Nova' '
	next catalogue &&
	echo no-nova >"$GLANCE/options" &&
	glance_waits &&
	rollout_is refused "no public endpoint of type compute" &&
	rm "$GLANCE/options" &&
	glance_once &&
	rollout_is done
'

test_expect_success '409: the server is busy; it is asked again' '
	next conflict &&
	glance_fails "once POST $ACTION 409" &&
	glance_once &&
	rollout_is done &&
	rebuilt_are "$A $(glance_release) 1"
'

test_expect_success '400 to a rebuild: no other server is rebuilt' '
	next flavor &&
	servers "$A $before" "$B $before" &&
	glance_fails "POST $ACTION 400" &&
	glance_waits &&
	rollout_is failed "server $A: Nova refuses its rebuild: Nova answers 400" &&
	rebuilt_are &&
	server_is "$B" ACTIVE "$before" &&
	glance_fails
'

test_expect_success 'a server that is deleted meanwhile is no failure' '
	next deleted &&
	servers "$A $before" "$B $before" &&
	server "$A" ".vanishes = true" &&
	glance_once &&
	rollout_is done &&
	rebuilt_are "$B $(glance_release) 1" &&
	next unfound &&
	glance_fails "GET /v2.1/servers/$A 404" &&
	fails_and_goes_on waiting "Nova lists servers and does not find them"
'

# Red without the list of servers that were asked.
test_expect_success 'Nova accepts the rebuild and gives it up: it is asked once' '
	next nohost &&
	server "$A" ".gives_up = true" &&
	glance_waits &&
	rollout_is failed "server $A is ACTIVE with its old image" &&
	rebuilt_are "$A $(glance_release) 1"
'

# Red without look_at_console().
test_expect_success 'expect: the console of the server must have such a line' '
	next console &&
	server "$A" ".then = \"booting\\nup and ready now\\nmore\"" &&
	expects "ready now\$" &&
	glance_once &&
	rollout_is done &&
	test "$(glance_asked POST "$ACTION")" -ge 2 &&
	next dumb &&
	server "$A" ".then = \"booting\\npanic\" | .looks = 0" &&
	expects "ready" &&
	node_set rebuild_wait 3 &&
	glance_waits &&
	rollout_is failed "not healthy after 3 s .rebuild_wait.: no line of its console matches" &&
	node_set rebuild_wait
'

# Red without is_ready().
test_expect_success 'no rebuild before the release is in Glance and in the cache' '
	next unready &&
	glance_fails "PUT .*/file 413" &&
	glance_waits &&
	rollout_is waiting "its release is not registered in Glance yet" &&
	rebuilt_are &&
	glance_fails &&
	file=$(image_field release_file) &&
	: "it would put the file back" &&
	node_stop &&
	mv "$file" "$file.away" &&
	glance_waits &&
	rollout_is waiting "its release is not in Nova.s cache yet" &&
	rebuilt_are &&
	mv "$file.away" "$file" &&
	node_start &&
	glance_once &&
	rollout_is done &&
	rebuilt_are "$A $(glance_release) 1"
'

test_expect_success 'of several publications meanwhile, servers get the latest' '
	next older &&
	hello_pushed newer &&
	glance_once &&
	rebuilt_are "$A $(glance_release) 1"
'

test_expect_success 'a damaged record is written again' '
	next damaged &&
	echo "{" >"$NODE/state/glance/$HELLO_UUID.rollout" &&
	glance_once &&
	rollout_is done
'

test_expect_success 'as a daemon: git push, and the service runs the new release; SIGTERM ends it' '
	glance_daemon &&
	wait_until "grep -q event=ready daemon.log" 120 &&
	next daemon &&
	wait_until "server_is $A ACTIVE $(glance_release) && rollout_is done" 120 &&
	servers "$A $(glance_release)" &&
	server "$A" ".looks = 100000" &&
	hello_pushed stopped &&
	wait_until "rollout_is running" 120 &&
	glance_daemon_ends &&
	rollout_is running &&
	server "$A" ".left = 1" &&
	glance_once &&
	rollout_is done &&
	rebuilt_are "$A $(glance_release) 1"
'

test_expect_success 'the record goes with the image' '
	rollout_is done &&
	hornero image remove "$HELLO_UUID" &&
	glance_once &&
	test_must_fail rollout_file
'

test_done
