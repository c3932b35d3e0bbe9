#!/bin/sh
# Long: Keystone, Glance, and Nova's own image backend, of Debian's packages.
test_description='stable ids beside the real Keystone and Glance, and Nova'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/openstack.sh"
os_requires

/usr/bin/python3 -c 'import nova.virt.libvirt.imagebackend' 2>/dev/null ||
	test_skip_all 'python3-nova is not installed'

# cold FILE: what Nova of a node without the stable id makes its base of; fails, with no base, if it
# makes none. FILE is this base.
cold () {
	rm -rf elsewhere "$1" &&
	mkdir -p elsewhere/_base elsewhere/locks &&
	cold__name=$(printf %s "$HELLO_UUID" | sha1sum | cut -d " " -f 1)
	timeout 100 /usr/bin/python3 -W ignore "$HORNERO_SRC/t/tools/nova-peer.py" cold \
		"$TRASH/elsewhere" "$cold__name" instance qcow2 "$HELLO_UUID" "$os_images" \
		"$os_token" >cold.out 2>&1
	cold__code=$?
	if test $cold__code != 0
	then
		tail -n 1 cold.out
		test -z "$(ls elsewhere/_base)" || { ls -l elsewhere/_base; exit 1; }
		return 1
	fi
	cp "elsewhere/_base/$cold__name" "$1"
}

# patch_status FILE: of a JSON patch of the record, as the administrator.
patch_status () {
	curl -sS --max-time 60 -o patched -w "%{http_code}" -X PATCH -H "X-Auth-Token: $os_token" \
		-H "Content-Type: application/openstack-images-v2.1-json-patch" -d "@$1" \
		"$os_images/v2/images/$HELLO_UUID"
}

test_expect_success 'Keystone, Glance, a node' '
	node_init "sweep_interval: 10h" &&
	glance_artifacts &&
	os_start "$(sed -n "s/^glance_artifact_url: .*://p" "$HORNERO_CONF")" &&
	os_cloud &&
	node_start &&
	node_hello_repo &&
	hornero image remove "$HELLO_UUID"
'

test_expect_success 'a stable id: made, queued, active with the first bytes' '
	hornero image add hello --glance Stable --no-wait >out || test $? -eq 75 &&
	HELLO_UUID=$(sed -n "s/^image \([^ ]*\): asking .*/\1/p" out) &&
	wait_until "test -e \"$NODE/instances/hornero/outbox/$HELLO_UUID.stable\"" 120 &&
	os_once 0 &&
	os_shows ".status == \"queued\" and .name == \"Stable\" and .hornero_stable == \
		\"fail-closed\"" "$HELLO_UUID" &&
	hornero sweep &&
	hello_pushed eight &&
	os_once 0 &&
	first=$NODE/instances/hornero/artifact/$(image_field digest).raw &&
	os_shows ".status == \"active\" and .min_disk == 1 and .size == 1048576" "$HELLO_UUID" &&
	cold got &&
	cmp got "$first"
'

# Red with sha256/ in place of stable/ in stablerecord_settle().
test_expect_success 'fail-closed: after the next push a cold node gets no image, and no old bytes' '
	hello_pushed nine &&
	test_must_fail cold got &&
	test ! -e got &&
	os_once 0 &&
	glance_state_is registered "gets an error" "$HELLO_UUID" &&
	commit=$(git -C "$HELLO_WORK" rev-parse HEAD) &&
	os_shows ".status == \"active\" and .hornero_commit == \"$commit\"" "$HELLO_UUID" &&
	test_must_fail cold got
'

test_expect_success 'Glance never takes other bytes: 409 to a digest, 403 to no location' '
	digest=$(image_field digest) &&
	other=$(sha512sum <"$NODE/instances/hornero/artifact/$digest.raw" | cut -d " " -f 1) &&
	jq -n --arg hash "$other" --arg url "$(sed -n "s/^glance_artifact_url: //p" \
		"$HORNERO_CONF")/sha256/$digest" "[{op: \"add\", path: \"/locations/-\", value: {
		url: \$url, metadata: {}, validation_data: {os_hash_algo: \"sha512\",
		os_hash_value: \$hash}}}]" >other.json &&
	test "$(patch_status other.json)" = 409 &&
	echo "[{\"op\": \"remove\", \"path\": \"/locations/0\"}]" >none.json &&
	test "$(patch_status none.json)" = 403
'

test_expect_success 'follow: uploaded where Glance refuses locations; a cold node boots the first' '
	os_glance "show_multiple_locations = false" "enabled_import_methods = [glance-direct]" &&
	hornero image remove "$HELLO_UUID" &&
	wait_until "test ! -e \"$NODE/instances/hornero/outbox/$HELLO_UUID.stable\"" 120 &&
	hornero image add hello --glance Follow --follow --no-wait >out || test $? -eq 75 &&
	HELLO_UUID=$(sed -n "s/^image \([^ ]*\): asking .*/\1/p" out) &&
	wait_until "test -e \"$NODE/instances/hornero/outbox/$HELLO_UUID.stable\"" 120 &&
	os_once 0 &&
	hornero sweep &&
	hello_pushed ten &&
	os_once 0 &&
	first=$NODE/instances/hornero/artifact/$(image_field digest).raw &&
	hello_pushed eleven &&
	os_once 0 &&
	glance_state_is registered "boots those" "$HELLO_UUID" &&
	cold got &&
	cmp got "$first"
'

test_expect_success 'adopt: a queued image of the project; one of another project is refused' '
	os_glance &&
	hornero image remove "$HELLO_UUID" &&
	HELLO_UUID=7d3c94a2-5b1f-4f0e-8a66-c2f9b0e1d471 &&
	theirs=7d3c94a2-5b1f-4f0e-8a66-c2f9b0e1d472 &&
	os_call POST "$os_images/v2/images" "{\"id\": \"$theirs\", \"name\": \"theirs\",
		\"visibility\": \"public\", \"disk_format\": \"raw\",
		\"container_format\": \"bare\"}" >out &&
	os_call POST "$os_images/v2/images" "{\"id\": \"$HELLO_UUID\", \"name\": \"ours\",
		\"owner\": \"$os__project\", \"disk_format\": \"raw\",
		\"container_format\": \"bare\"}" >out &&
	for id in $theirs $HELLO_UUID
	do
		hornero image add $id hello --adopt --no-wait >out || test $? -eq 75 &&
		wait_until "test -e \"$NODE/instances/hornero/outbox/$id.stable\"" 120 ||
		return 1
	done &&
	os_once 75 &&
	glance_state_is refused "owner is .*, another project than that" $theirs &&
	glance_state_is made "" $HELLO_UUID &&
	os_shows ".hornero_image == \"$HELLO_UUID\" and .name == \"ours\"" $HELLO_UUID &&
	hornero sweep &&
	test -e "$NODE/state/images.d/$HELLO_UUID.yaml" &&
	test ! -e "$NODE/state/images.d/$theirs.yaml" &&
	hornero image remove $theirs &&
	wait_until "test \"\$(image_field state)\" = warm" 120 &&
	os_once 0 &&
	os_shows ".status == \"active\"" $HELLO_UUID &&
	cold got
'

test_done
