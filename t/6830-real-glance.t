#!/bin/sh
# Long: starts Keystone and Glance. They are Debian's packages keystone and glance-api.
test_description='hornero-glance beside the real Keystone and Glance'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/openstack.sh"
. "$HORNERO_SRC/t/lib/rollout.sh"
os_requires

# tagged: the ids of what tools find by the tag, as Terraform asks for it.
tagged () {
	os_call GET "$os_images/v2/images?status=active&tag=hornero-current-$HELLO_UUID" |
		jq -r '.images[].id'
}

# is_registered METHOD: the current release, with its own bytes, which Glance delivers.
is_registered () {
	digest=$(image_field digest) &&
	os_shows ".status == \"active\" and .size == 1048576 and .min_disk == 1 and
		.tags == [\"hornero-current-$HELLO_UUID\"] and
		.hornero_sha256 == \"$digest\" and .os_hash_value == \"$(sha512sum \
			<"$NODE/instances/hornero/artifact/$digest.raw" | cut -d " " -f 1)\"" &&
	test "$(tagged)" = "$(glance_release)" &&
	test "$(hornero image current "$HELLO_UUID")" = "$(glance_release)" &&
	test "$(jq -r .method "$NODE/state/glance/$(glance_release).json")" = "$1" &&
	os_call GET "$os_images/v2/images/$(glance_release)/file" >got &&
	cmp got "$NODE/instances/hornero/artifact/$digest.raw"
}

test_expect_success 'Keystone, Glance, a node' '
	node_init "sweep_interval: 10h" &&
	glance_artifacts &&
	os_start "$(sed -n "s/^glance_artifact_url: .*://p" "$HORNERO_CONF")" &&
	os_cloud &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" releases=registered
'

test_expect_success 'location: no byte moves until Glance is asked for the image' '
	hello_pushed one &&
	os_once 0 &&
	one=$(glance_release) &&
	is_registered location &&
	test -z "$(ls "$OS/images")"
'

test_expect_success 'import: Glance fetches the artifact' '
	node_set glance_method import &&
	hello_pushed two &&
	os_once 0 &&
	is_registered import &&
	os_shows ".status == \"deactivated\" and .tags == []" "$one"
'

test_expect_success 'upload, where web-download is not possible' '
	os_glance "enabled_import_methods = [glance-direct]" &&
	hello_pushed three &&
	os_once 0 &&
	is_registered upload &&
	test_grep "glance-passed .*method=import next=upload" glance.log
'

test_expect_success 'a rollback to the first: active again, without another upload' '
	hornero rollback "$HELLO_UUID" "$one" &&
	queue_settles &&
	os_once 0 &&
	is_registered location &&
	hornero rollback "$HELLO_UUID" --undo &&
	queue_settles &&
	os_once 0 &&
	is_registered upload
'

test_expect_success 'again: nothing changes' '
	os_shows ".updated_at" >before &&
	os_once 0 &&
	os_shows ".updated_at" >after &&
	test_cmp before after
'

test_expect_success 'require_warm: the record requires the trait, the next release too, until no' '
	trait="\"trait:CUSTOM_HORNERO_$(echo $HELLO_UUID | tr a-f- A-F_)\"" &&
	hornero image set "$HELLO_UUID" require_warm=yes &&
	os_once 0 &&
	os_shows ".$trait == \"required\" and .status == \"active\"" &&
	hello_pushed warm &&
	os_once 0 &&
	os_shows ".$trait == \"required\" and .status == \"active\"" &&
	hornero image set "$HELLO_UUID" require_warm=no &&
	os_once 0 &&
	os_shows "has($trait) | not" &&
	hornero image set "$HELLO_UUID" require_warm= &&
	os_once 0
'

test_expect_success 'too large for Glance: held; then it is registered' '
	os_glance "image_size_cap = 1000" "enabled_import_methods = [glance-direct]" &&
	hello_pushed four &&
	os_once 75 &&
	glance_state_is held "Glance answers 413" &&
	os_glance &&
	os_once 0 &&
	os_shows ".status == \"active\""
'

test_expect_success 'Glance does not run: it waits' '
	kill $os_glance_pid &&
	{ wait $os_glance_pid || :; } &&
	hello_pushed five &&
	os_once 75 &&
	glance_state_is waiting "no answer to GET" &&
	os_glance_pid= &&
	os_glance &&
	os_once 0 &&
	os_shows ".status == \"active\""
'

# registers TEXT: a push with this text becomes an active record while the daemon runs.
registers () {
	hello_pushed "$1" &&
	wait_until "os_shows \".status == \\\"active\\\"\"" 120
}

test_expect_success 'its token expires: it takes a new one and goes on' '
	os_tokens 4 &&
	glance_daemon &&
	registers short &&
	now=$(date +%s) &&
	wait_until "test \$(date +%s) -ge $((now + 5))" 20 &&
	: >"$OS/glance.log" &&
	registers shorter &&
	glance_daemon_ends &&
	test_grep "\" 401 " "$OS/glance.log" &&
	test_grep ! "event=glance-waits|refused" daemon.log &&
	os_tokens 3600
'

test_expect_success 'a deleted record: its id is spent' '
	hello_pushed six &&
	os_once 0 &&
	os_call DELETE "$os_images/v2/images/$(glance_release)" &&
	os_once 75 &&
	glance_state_is refused "glance-manage db purge"
'

test_expect_success 'for another project, and public: only administrators may' '
	hornero image set "$HELLO_UUID" glance_visibility=public &&
	hello_pushed seven &&
	os_once 75 &&
	glance_state_is refused "403 to POST"
'

test_done
