#!/bin/sh
# How the stand-in (t/tools/glance-standin.py) gets the bytes, and what follows if it refuses a way.
test_description='hornero-glance: location, import and upload, each the fallback of the one before'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
test_requires jq jq
test_requires python3 python3

# glance_can [OPTION…]: what the stand-in accepts from now on.
glance_can () {
	echo "$*" >"$GLANCE/options"
}

# registered_by METHOD: the current release is; Glance has its bytes unless it has the URL alone.
registered_by () {
	test "$(json_in "$NODE/state/glance/$(glance_release).json" .method)" = "$1" &&
	glance_has status active &&
	glance_has os_hash_value "$(json_in \
		"$NODE/instances/hornero/artifact/$(image_field digest).json" .sha512)" &&
	if test "$1" = location
	then
		test ! -e "$GLANCE/data/$(glance_release)"
	else
		test -e "$GLANCE/data/$(glance_release)"
	fi
}

test_expect_success 'a Glance of today: the owner adds the location of the artifact' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	glance_artifacts &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" releases=registered &&
	glance_can new-locations &&
	hello_pushed one &&
	glance_once &&
	registered_by location &&
	glance_has location "$(sed -n "s/^glance_artifact_url: //p" \
		"$HORNERO_CONF")/sha256/$(image_field digest)"
'

test_expect_success 'an older Glance: show_multiple_locations' '
	glance_can old-locations &&
	hello_pushed two &&
	glance_once &&
	registered_by location &&
	test "$(glance_asked PATCH ".*")" -eq 1
'

# Red with GLANCE_UPLOAD in place of passed + 1 in first_method().
# As Glance does since its security update of August 2026.
test_expect_success 'a filter of Glance refuses the URL: the log names the setting' '
	glance_can filters &&
	hello_pushed filtered &&
	glance_once &&
	registered_by upload &&
	test_grep "method=location .*reason=.*import_filtering_opts. of glance-api.conf" glance.log
'

test_expect_success 'locations are refused: Glance imports the URL' '
	glance_can imports &&
	hello_pushed three &&
	glance_once &&
	registered_by import &&
	test_grep "event=glance-passed .*method=location next=import reason=.*403" glance.log
'

test_expect_success 'imports are refused as well: upload' '
	glance_can &&
	hello_pushed four &&
	glance_once &&
	registered_by upload &&
	test_grep "event=glance-passed .*method=import next=upload reason=.*400" glance.log
'

# Red without has_import_failed in give(): it would import again until LOOKS_MOST.
test_expect_success 'an import that fails later: upload' '
	glance_can failing-imports &&
	hello_pushed five &&
	glance_once &&
	registered_by upload &&
	test_grep "import next=upload reason=.*import of the URL failed" glance.log
'

test_expect_success 'a location that is busy is not passed over' '
	glance_can new-locations &&
	hello_pushed six &&
	glance_fails "POST /v2/images/.*/locations 503" &&
	glance_waits &&
	glance_state_is waiting 503 &&
	test "$(glance_asked PUT ".*")" -eq 0 &&
	glance_fails &&
	glance_once &&
	registered_by location
'

# Red without need_of_glance(), and without why_outbox().
test_expect_success 'gc keeps what a location names until that release is retired' '
	old=$(glance_release) digest=$(image_field digest) &&
	hello_pushed seven &&
	hello_pushed eight &&
	node_set store_budget 1 &&
	test_expect_code 1 hornero gc &&
	test -e "$NODE/instances/hornero/artifact/$digest.raw" &&
	glance_once &&
	glance_has status deactivated "$old" &&
	test_expect_code 1 hornero gc &&
	test ! -e "$NODE/instances/hornero/artifact/$digest.raw" &&
	test ! -e "$NODE/instances/hornero/outbox/$old.json" &&
	test -e "$NODE/instances/hornero/outbox/$(glance_release).json" &&
	node_set store_budget
'

# Red without tidy().
test_expect_success 'the record of a release that gc forgot goes from glance_dir, no other' '
	test -e "$NODE/state/glance/$old.json" &&
	glance_once &&
	test ! -e "$NODE/state/glance/$old.json" &&
	test -e "$NODE/state/glance/$(glance_release).json" &&
	glance_state_is registered
'

test_expect_success 'glance_method: upload asks for nothing else' '
	node_set glance_method upload &&
	hello_pushed nine &&
	glance_once &&
	registered_by upload &&
	test "$(glance_asked POST "/v2/images/.*/(import|locations)")" -eq 0
'

test_done
