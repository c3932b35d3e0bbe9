#!/bin/sh
# hornero-glance against a stand-in (t/tools/glance-standin.py), which can fail in every way.
# t/6830-real-glance.t has the real Keystone and Glance.
test_description='hornero-glance: a release becomes a record in Glance; every class of error'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
test_requires jq jq
test_requires python3 python3

STORE=$NODE/instances/hornero

# why_registered PATTERN: why says so.
why_registered () {
	why_says "$HELLO_UUID" "$1"
}

test_expect_success 'a push is registered: record, bytes, digest' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" releases=registered &&
	hello_pushed one &&
	one=$(glance_release) &&
	why_registered "not registered in Glance yet" &&
	glance_once &&
	digest=$(image_field digest) &&
	cmp "$GLANCE/data/$one" "$STORE/artifact/$digest.raw" &&
	commit=$(git -C "$HELLO_WORK" rev-parse HEAD) &&
	glance_has status active &&
	glance_has disk_format raw &&
	glance_has container_format bare &&
	glance_has min_disk 1 &&
	glance_has visibility shared &&
	glance_has name "hello@$(echo $commit | cut -c 1-12)" &&
	glance_has hornero_image "$HELLO_UUID" &&
	glance_has hornero_repo hello &&
	glance_has hornero_ref refs/heads/main &&
	glance_has hornero_commit "$commit" &&
	glance_has hornero_key "$(image_field key)" &&
	glance_has hornero_sha256 "$digest" &&
	glance_has hornero_node "$(hostname)" &&
	glance_has hw_machine_type "" &&
	test_grep "event=release-registered release=$one .*method=upload" glance.log
'

test_expect_success 'why, image show and doctor say so' '
	glance_state_is registered &&
	why_registered "Its release $one is registered in Glance by upload" &&
	test "$(image_field registration)" = registered &&
	hornero image show "$HELLO_UUID" >out &&
	test_grep "^registration: *registered" out &&
	test_must_fail hornero doctor >out &&
	test_grep "hornero-glance does not run" out
'

test_expect_success 'again: it looks, and changes nothing' '
	glance_once &&
	test "$(glance_asked GET "/v2/images/.*")" -eq 1 &&
	test "$(grep -c -v "^GET\|/auth/tokens" "$GLANCE/requests")" -eq 0
'

# Red with a judge() that does not ask for the registration.
test_expect_success 'image current: its id once Glance has it; before that a reason and 75' '
	hornero image current "$HELLO_UUID" >out &&
	test "$(cat out)" = "$one" &&
	hornero image current "$HELLO_UUID" --json >out &&
	test "$(jq -r ".release + .registration + .digest" out)" = "${one}registered$digest" &&
	hello_pushed held &&
	test_expect_code 75 hornero image current "$HELLO_UUID" >out 2>err &&
	test ! -s out &&
	test_grep "$(glance_release) is not registered in Glance yet" err &&
	glance_fails "PUT .*/file 413" &&
	glance_waits &&
	test_expect_code 75 hornero image current "$HELLO_UUID" --json >out 2>err &&
	test_grep "not registered in Glance .held.: Glance answers 413" err &&
	test "$(jq -r ".release + .registration" out)" = "$(glance_release)held" &&
	jq -e ".registration_reason | test(\"413\")" out &&
	glance_fails &&
	glance_once &&
	one=$(glance_release) &&
	test "$(hornero image current "$HELLO_UUID")" = "$one"
'

# Red without act() for older releases.
test_expect_success 'the next push is registered, and only then the older one deactivated' '
	hello_pushed two &&
	two=$(glance_release) &&
	glance_fails "PUT .*/file 503" &&
	glance_waits &&
	glance_has status active "$one" &&
	glance_current_is "$one" &&
	glance_fails &&
	glance_once &&
	glance_has status active "$two" &&
	glance_has status deactivated "$one" &&
	glance_current_is "$two" &&
	glance_state_is retired "" "$one"
'

test_expect_success 'a rollback reactivates it, without its bytes; nothing is ever deleted' '
	hornero rollback "$HELLO_UUID" &&
	queue_settles &&
	glance_once &&
	glance_has status active "$one" &&
	glance_has status deactivated "$two" &&
	glance_current_is "$one" &&
	test "$(glance_asked PUT ".*/file")" -eq 0 &&
	why_registered "registered in Glance by upload" &&
	hornero rollback "$HELLO_UUID" --undo &&
	queue_settles &&
	glance_once &&
	glance_has status active "$two" &&
	glance_has status deactivated "$one" &&
	glance_current_is "$two" &&
	test_must_fail grep "^DELETE /v2/images/[^/]* " "$GLANCE/requests"
'

# Red with the first release of an image in outbox_load() as the current one.
test_expect_success 'the latest wins: what was replaced before it was registered never is' '
	hello_pushed three &&
	three=$(glance_release) &&
	hello_pushed four &&
	glance_once &&
	glance_has status active &&
	glance_has status "" "$three" &&
	glance_state_is retired "" "$three"
'

# Red without is_tagged in take_shown(), or with an untag() that takes 404 for an error.
test_expect_success 'the tag: set again if lost; if it is refused, the older one keeps its own' '
	four=$(glance_release) &&
	glance_current_is "$four" &&
	jq --arg id "$four" ".[\$id].tags = [\"theirs\"]" "$GLANCE/images.json" >new &&
	mv new "$GLANCE/images.json" &&
	glance_once &&
	glance_current_is "$four" &&
	test "$(glance_field "tags[0]" "$four")" = theirs &&
	hello_pushed tag &&
	glance_fails "PUT .*/tags/.* 403" &&
	glance_waits &&
	glance_state_is refused "403 to PUT .*/tags/hornero-current-$HELLO_UUID" &&
	glance_has status active "$four" &&
	glance_current_is "$four" &&
	glance_fails "once DELETE .*/tags/.* 503" &&
	glance_waits &&
	glance_current_is "$four" "$(glance_release)" &&
	glance_has status active "$four" &&
	glance_fails "once DELETE .*/tags/.* 404" &&
	glance_once &&
	glance_current_is "$(glance_release)" &&
	glance_has status deactivated "$four"
'

test_expect_success '401: a new token; the log, records and messages have no secret' '
	hello_pushed five &&
	glance_fails "once POST /v2/images 401" &&
	glance_once &&
	glance_has status active &&
	test "$(glance_asked POST /v3/auth/tokens)" -eq 2 &&
	test_must_fail grep -r -e s3cret -e token- glance.log "$NODE/state/glance"
'

test_expect_success '503, 429, no answer: it waits, and says for what' '
	hello_pushed six &&
	glance_fails "POST /v2/images 503" &&
	glance_waits &&
	glance_state_is waiting "Glance answers 503 to POST /v2/images: 503 the stand-in says no" &&
	glance_fails "POST /v2/images 429 Retry-After: 900" &&
	glance_waits &&
	glance_state_is waiting 429 &&
	jq -e ".next_ms - now * 1000 > 800000 and .tries == 2" \
		"$NODE/state/glance/$(glance_release).json" &&
	glance_fails "POST /v2/images 0" &&
	glance_waits &&
	glance_state_is waiting "no answer to POST" &&
	why_registered "not registered in Glance .waiting.: no answer .*; tried again in" &&
	test "$(image_field registration)" = waiting &&
	glance_fails "POST /v3/auth/tokens 500" &&
	glance_waits &&
	glance_state_is waiting "Keystone answers 500"
'

test_expect_success '413: a quota is used up; held' '
	glance_fails "PUT .*/file 413" &&
	glance_waits &&
	glance_state_is held "413 to PUT" &&
	test_must_fail hornero doctor >out &&
	test_grep "not registered in Glance .held." out
'

# Red without registrations_note(), or with a job_note_change() that compares nothing.
test_expect_success 'the events of the job tell what became of it, in order and once' '
	hornero sweep &&
	hornero sweep &&
	glance_fails &&
	glance_once &&
	hornero sweep &&
	hornero show "$job" --json |
		jq -r ".events[] | select(.event == \"registration\") | .detail" >events &&
	test "$(wc -l <events)" -eq 2 &&
	sed -n 1p events | grep "^release $(glance_release) in Glance: held by upload: .*413" &&
	test "$(sed -n 2p events)" = "release $(glance_release) in Glance: registered by upload"
'

test_expect_success '403: refused, and the image says so' '
	hello_pushed forbidden &&
	glance_fails "GET /v2/images/.* 403" &&
	glance_waits &&
	glance_state_is refused "403 to GET" &&
	glance_fails "POST /v3/auth/tokens 401" &&
	glance_waits &&
	glance_state_is refused "Keystone refuses the credentials" &&
	glance_fails &&
	glance_once &&
	glance_has status active
'

# Red with a create() that takes 409 for success.
test_expect_success '409 to the record: an id that was deleted is spent, and says how to free it' '
	hello_pushed seven &&
	jq --arg id "$(glance_release)" ".[\$id] = {id: \$id, status: \"deleted\"}" \
		"$GLANCE/images.json" >new &&
	mv new "$GLANCE/images.json" &&
	glance_waits &&
	glance_state_is refused "glance-manage db purge"
'

# Red without is_ours().
test_expect_success 'a record that is not ours is left alone' '
	hello_pushed eight &&
	eight=$(glance_release) &&
	glance_fails "PUT .*/file 503" &&
	glance_waits &&
	glance_fails &&
	cp "$GLANCE/images.json" was &&
	for change in ".hornero_sha256 = \"\"" ".hornero_image = \"x\"" ".owner = \"2222\""
	do
		jq --arg id "$eight" ".[\$id]$change" was >"$GLANCE/images.json" &&
		glance_waits &&
		glance_state_is refused "is not hornero.s" &&
		test "$(grep -c -v "^GET\|/auth/tokens" "$GLANCE/requests")" -eq 0 || return 1
	done &&
	mv was "$GLANCE/images.json" &&
	glance_once &&
	glance_has status active
'

# Red without is_right().
test_expect_success 'other bytes under our record: deactivated, refused' '
	hello_pushed nine &&
	nine=$(glance_release) &&
	glance_fails "PUT .*/file 503" &&
	glance_waits &&
	glance_fails &&
	jq --arg id "$nine" ".[\$id] += {status: \"active\", size: 1048576,
		os_hash_algo: \"sha512\", os_hash_value: \"00\"}" "$GLANCE/images.json" >new &&
	mv new "$GLANCE/images.json" &&
	glance_waits &&
	glance_state_is refused "Glance has other bytes" &&
	glance_has status deactivated
'

test_expect_success 'visibility and project of the image are those of the record' '
	hornero image set "$HELLO_UUID" glance_visibility=private glance_project=3333 &&
	hello_pushed ten &&
	glance_once &&
	glance_has visibility private &&
	glance_has owner 3333 &&
	hornero image set "$HELLO_UUID" glance_visibility= glance_project=
'

test_expect_success 'an artifact without SHA-512 in its manifest is digested' '
	hello_pushed eleven &&
	sed -i "/\"sha512\"/d" "$STORE/artifact/$(image_field digest).json" &&
	glance_once &&
	glance_has status active
'

# manifest_is NAME=VALUE…: changes what the manifest of the current artifact says of its boot. (jq
# would round its times.)
manifest_is () {
	python3 -c 'import json, sys
m = json.load(open(sys.argv[1]))
m.update(x.split("=") for x in sys.argv[2:])
json.dump(m, open("new", "w"))' "$STORE/artifact/$(image_field digest).json" "$@" &&
	mv new "$STORE/artifact/$(image_field digest).json"
}

# Red with a put_hardware() that does nothing.
test_expect_success 'the hardware of the boot that proved it' '
	hello_pushed bios &&
	manifest_is expect=ready boot_machine=q35 boot_bus=scsi &&
	glance_once &&
	glance_has hw_machine_type q35 &&
	glance_has hw_disk_bus scsi &&
	glance_has hw_scsi_model virtio-scsi &&
	glance_has hw_firmware_type bios &&
	hello_pushed uefi &&
	manifest_is expect=ready boot_machine=pc firmware=uefi &&
	glance_once &&
	glance_has hw_machine_type pc &&
	glance_has hw_disk_bus virtio &&
	glance_has hw_firmware_type uefi &&
	glance_has hw_scsi_model "" &&
	hello_pushed unbooted &&
	manifest_is firmware=uefi &&
	glance_once &&
	glance_has hw_firmware_type uefi &&
	glance_has hw_machine_type ""
'

# Red with a loop in call() that has no end, or with one turn.
test_expect_success '401 again with a new token: renewed once, then it waits, and says so' '
	hello_pushed refused &&
	glance_fails "POST /v2/images 401" &&
	glance_waits &&
	glance_state_is waiting "Glance answers 401 to POST /v2/images" &&
	test "$(glance_asked POST /v2/images)" -eq 2 &&
	test "$(glance_asked POST /v3/auth/tokens)" -eq 3 && # the last for the list of offers
	glance_fails &&
	glance_once &&
	glance_has status active
'

# Red with CURLOPT_SSL_VERIFYPEER 0 in http.c, for the first, or with VERIFYHOST 0, for the second.
test_expect_success 'TLS: an unknown certificate, one of another name; then the right one' '
	hello_pushed tls &&
	for name in 127.0.0.1 192.0.2.1
	do
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout $name.key \
			-out $name.pem -subj "/CN=$name" -addext "subjectAltName=IP:$name" 2>err &&
		cat $name.pem $name.key >$name.both || return 1
	done &&
	glance_tls 127.0.0.1.both &&
	glance_waits &&
	glance_state_is waiting "no answer to POST https://.*/v3/auth/tokens: SSL" &&
	glance_tls 192.0.2.1.both "cacert: $PWD/192.0.2.1.pem" &&
	glance_waits &&
	glance_state_is waiting "no answer to POST https://.*/v3/auth/tokens: SSL" &&
	test_must_fail grep -r s3cret glance.log "$NODE/state/glance" &&
	glance_tls 127.0.0.1.both "cacert: $PWD/127.0.0.1.pem" &&
	glance_once &&
	glance_has status active &&
	glance_cloud
'

# Red without fs_flock() in take_place().
test_expect_success 'as a service: a push is registered by itself; SIGHUP tries again at once' '
	hornero-glance >service.log 2>&1 </dev/null &
	glance_pid=$! &&
	test_cleanup "kill $glance_pid; wait $glance_pid; :" &&
	wait_until "grep -q ^READY service.log" 20 &&
	{ hornero doctor >out || :; } &&
	test_grep "images have releases: registered" out &&
	glance_waits &&
	test_grep "another hornero-glance runs" glance.log &&
	hello_pushed twelve &&
	wait_until "glance_has status active" 20 &&
	glance_fails "POST /v2/images 503 Retry-After: 1000" &&
	hello_pushed thirteen &&
	wait_until "glance_state_is waiting 503" 20 &&
	glance_fails &&
	kill -HUP $glance_pid &&
	wait_until "glance_has status active" 20 &&
	kill $glance_pid &&
	wait $glance_pid
'

test_expect_success 'credentials: only their owner reads them; TLS is verified; one entry' '
	chmod 0640 "$NODE/clouds.yaml" &&
	test_expect_code 78 hornero-glance --once 2>err &&
	test_grep "other users can read or change the credentials" err &&
	glance_cloud "verify: false" &&
	test_expect_code 78 hornero-glance --once 2>err &&
	test_grep "clouds.yaml:7:13: hornero-glance always verifies TLS" err &&
	{ hornero doctor >out || :; } &&
	test_grep "^bad .*clouds.yaml:7:13: hornero-glance always verifies TLS" out &&
	glance_cloud &&
	echo "  other: {}" >>"$NODE/clouds.yaml" &&
	test_expect_code 78 hornero-glance --once 2>err &&
	test_grep "several entries; name one by glance_cloud" err &&
	node_set glance_cloud node &&
	glance_once &&
	glance_cloud "region_name: elsewhere" &&
	hello_pushed fourteen &&
	glance_waits &&
	glance_state_is refused "no public endpoint of type image in region elsewhere" &&
	glance_cloud "region_name: RegionOne" &&
	glance_once
'

test_done
