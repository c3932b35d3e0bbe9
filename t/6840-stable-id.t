#!/bin/sh
# The stand-in is t/tools/glance-standin.py; t/6835-real-stable.t has the real Glance.
test_description='stable ids: image add --glance and --adopt; fail-closed and follow'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires jq jq
test_requires python3 python3
test_requires curl curl

STORE=$NODE/instances/hornero
OWN=7d3c94a2-5b1f-4f0e-8a66-c2f9b0e1d471

# their ID FIELD…: an image of the operator's in the stand-in, as jq's object with these changes.
their () {
	jq --arg id "$1" ".[\$id] = {id: \$id, name: \"theirs\", status: \"queued\",
		disk_format: \"raw\", container_format: \"bare\", min_disk: 0, size: null,
		owner: \"11111111111111111111111111111111\", tags: []} + $2" \
		"$GLANCE/images.json" >new &&
	mv new "$GLANCE/images.json"
}

# stable_is STATE [PATTERN]: hornero-glance's answer about the image's own UUID.
stable_is () {
	glance_state_is "$1" "$2" "$HELLO_UUID"
}

# serving: the status of the path that the record names.
serving () {
	curl -s -o body -w '%{http_code}' "$(glance_field location "$HELLO_UUID")"
}

test_expect_success 'a node, a repository' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	glance_artifacts &&
	echo new-locations >"$GLANCE/options" &&
	echo "{}" >"$GLANCE/images.json" &&
	node_start &&
	HELLO_REPO=$(hornero repo create hello | tail -n 1) &&
	HELLO_WORK=$TRASH/work &&
	node_work "$HELLO_WORK" "$HELLO_REPO" &&
	node_copy_hello "$HELLO_WORK" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m hello
'

# Red with imagepending_save() replaced by image_save() in image_await.c.
test_expect_success 'hornero-glance does not run: 75 with words; nothing is bound; taken back' '
	test_expect_code 75 hornero image add $OWN hello --glance Hello --timeout 0 >out 2>err &&
	test_grep "hornero-glance does not run: .systemctl start hornero-glance." err &&
	test_grep "is not bound yet; that happens by itself once" err &&
	test ! -e "$NODE/state/images.d/$OWN.yaml" &&
	because unbound $OWN "is not bound yet" &&
	test_expect_code 75 hornero image add $OWN hello --glance Hello --no-wait >out 2>err &&
	test_grep "image $OWN is bound once that is done" out &&
	wait_until "test -e \"$STORE/outbox/$OWN.stable\"" 120 &&
	hornero image remove $OWN >out &&
	test_grep "was not bound yet, and will not be" out &&
	wait_until "test ! -e \"$STORE/outbox/$OWN.stable\"" 120 &&
	test "$(cat "$GLANCE/images.json")" = "{}"
'

# Red with a take_back() that removes nothing.
test_expect_success 'Ctrl-C takes the request back' '
	hornero image add $OWN hello --glance Hello >out 2>err </dev/null &
	add=$! &&
	wait_until "test -e \"$STORE/outbox/$OWN.stable\"" 120 &&
	kill -TERM $add &&
	test_expect_code 130 wait $add &&
	test_grep "image $OWN is not bound; if Glance has its record already, that stays" err &&
	test ! -e "$NODE/state/images.d/$OWN.pending" &&
	test ! -e "$NODE/state/images.d/$OWN.yaml" &&
	wait_until "test ! -e \"$STORE/outbox/$OWN.stable\"" 120
'

test_expect_success 'hornero-glance runs' '
	hornero-glance >service.log 2>&1 </dev/null &
	glance_pid=$! &&
	test_cleanup "kill $glance_pid; wait $glance_pid; :" &&
	wait_until "grep -q ^READY service.log" 120
'

test_expect_success '--glance: Glance has the record before the image is bound' '
	hornero image add hello --glance "Hello world" >out 2>err &&
	HELLO_UUID=$(sed -n "s/^image \([^ ]*\) follows .*/\1/p" out) &&
	glance_has status queued "$HELLO_UUID" &&
	glance_has name "Hello world" "$HELLO_UUID" &&
	glance_has disk_format raw "$HELLO_UUID" &&
	glance_has hornero_image "$HELLO_UUID" "$HELLO_UUID" &&
	glance_has hornero_stable fail-closed "$HELLO_UUID" &&
	test_grep "^name: Hello world" "$NODE/state/images.d/$HELLO_UUID.yaml" &&
	test ! -e "$NODE/state/images.d/$HELLO_UUID.pending" &&
	stable_is made &&
	why_says "$HELLO_UUID" "has a record in Glance, without bytes" &&
	test "$(image_field stable)" = made
'

# Red with sha256/ in place of stable/ in stablerecord_settle().
test_expect_success 'fail-closed: the location has the first digest, and is gone at the next' '
	hornero image set "$HELLO_UUID" releases=registered &&
	hello_pushed one &&
	first=$(image_field digest) one=$(glance_release) &&
	wait_until "stable_is registered" 120 &&
	glance_has status active "$HELLO_UUID" &&
	glance_has min_disk 1 "$HELLO_UUID" &&
	glance_has hornero_sha256 "$first" "$HELLO_UUID" &&
	glance_has hornero_release "$one" "$HELLO_UUID" &&
	glance_has os_hash_value "$(sha512sum <"$STORE/artifact/$first.raw" | cut -d " " -f 1)" \
		"$HELLO_UUID" &&
	test "$(serving)" = 200 &&
	cmp body "$STORE/artifact/$first.raw" &&
	hello_pushed two &&
	test "$(serving)" = 404 &&
	wait_until "stable_is registered \"a node without the image gets an error\"" 120 &&
	glance_has hornero_sha256 "$first" "$HELLO_UUID" &&
	glance_has hornero_release "$(glance_release)" "$HELLO_UUID" &&
	glance_has hornero_commit "$(git -C "$HELLO_WORK" rev-parse HEAD)" "$HELLO_UUID" &&
	why_says "$HELLO_UUID" "own UUID is registered in Glance: Glance keeps the digest"
'

test_expect_success 'a rollback to the first bytes: the location is back' '
	hornero rollback "$HELLO_UUID" --timeout 120 &&
	queue_settles &&
	test "$(image_field digest)" = "$first" &&
	test "$(serving)" = 200 &&
	wait_until "glance_has hornero_release $one $HELLO_UUID" 120 &&
	wait_until "jq -e \".state + .reason == \\\"registered\\\"\" \
		$NODE/state/glance/$HELLO_UUID.json" 120
'

# stable_digest: the bytes that hornero-glance is to put there.
stable_digest () {
	jq -r .digest "$STORE/outbox/$HELLO_UUID.stable"
}

# Red without the loop in hand_out() of agent/upkeep/sweep/stableids.c.
test_expect_success 'a sweep that looked before a publication does not take it back' '
	cp "$HORNERO_CONF" stops.yaml &&
	echo "failpoint: stable-looked:stop" >>stops.yaml &&
	{ hornero-sweep -c "$TRASH/stops.yaml" >sweep.out 2>&1 & sweep=$!; } &&
	wait_until "grep -q \"^State:.T\" /proc/$sweep/status" 120 &&
	hornero rollback --undo "$HELLO_UUID" --timeout 120 &&
	queue_settles &&
	second=$(image_field digest) &&
	test "$second" != "$first" &&
	wait_until "test \"\$(stable_digest)\" = $second" 120 &&
	{
		while kill -CONT $sweep 2>/dev/null
		do
			sleep 0.1
		done
		wait $sweep
	} &&
	grep "event=stable-put" sweep.out | tail -n 1 >put &&
	test_grep "digest=$(echo "$second" | cut -c 1-12)" put &&
	queue_settles &&
	hornero rollback "$HELLO_UUID" --timeout 120 &&
	queue_settles &&
	wait_until "glance_has hornero_release $one $HELLO_UUID" 120 &&
	wait_until "jq -e \".state + .reason == \\\"registered\\\"\" \
		$NODE/state/glance/$HELLO_UUID.json" 120
'

# Red without need_of_stable().
test_expect_success 'follow: a node without the image boots the first bytes, which gc keeps' '
	hornero image add hello --glance Second --follow >out &&
	HELLO_UUID=$(sed -n "s/^image \([^ ]*\) follows .*/\1/p" out) &&
	glance_has hornero_stable follow "$HELLO_UUID" &&
	wait_until "stable_is registered" 120 &&
	first=$(image_field digest) &&
	hello_pushed three &&
	hello_pushed four &&
	hello_pushed five &&
	wait_until "stable_is registered \"boots those\"" 120 &&
	glance_has hornero_sha256 "$first" "$HELLO_UUID" &&
	node_set store_budget 1 &&
	{ hornero gc || :; } &&
	node_set store_budget &&
	test "$(serving)" = 200 &&
	cmp body "$STORE/artifact/$first.raw"
'

test_expect_success 'the default of the node holds where the image says nothing' '
	node_set glance_stable follow &&
	hornero image add hello --glance Default >out &&
	id=$(sed -n "s/^image \([^ ]*\) follows .*/\1/p" out) &&
	glance_has hornero_stable follow "$id" &&
	hornero image remove "$id" &&
	node_set glance_stable
'

# Red without is_by_location in pass(), or without look_at_stable().
test_expect_success 'fail-closed never uploads: refused, with the way out' '
	: >"$GLANCE/options" &&
	hornero image add hello --glance Third >out &&
	HELLO_UUID=$(sed -n "s/^image \([^ ]*\) follows .*/\1/p" out) &&
	wait_until "stable_is refused \"needs a location, which Glance refuses\"" 120 &&
	glance_has status queued "$HELLO_UUID" &&
	why_says "$HELLO_UUID" "glance_stable=follow. does without" &&
	test_must_fail hornero doctor >out &&
	test_grep "image $HELLO_UUID: Its own UUID is not right in Glance .refused." out &&
	hornero image set "$HELLO_UUID" glance_stable=follow &&
	wait_until "stable_is registered" 120 &&
	cmp "$GLANCE/data/$HELLO_UUID" "$STORE/artifact/$(image_field digest).raw" &&
	hornero image set "$HELLO_UUID" glance_stable=fail-closed &&
	wait_until "stable_is refused \"fail-closed is for new records\"" 120
'

# refused_for FIELD-AND-VALUE MEND CHANGE: adopting an image with this change is refused, by --adopt
# and $adopt.
refused_for () {
	their $OWN "$3" &&
	test_expect_code 78 hornero image add $OWN hello --adopt $adopt >out 2>err &&
	test_grep "image $OWN is not bound: $1" err &&
	test_grep "$2" err &&
	test ! -e "$NODE/state/images.d/$OWN.yaml" &&
	test ! -e "$NODE/state/images.d/$OWN.pending" &&
	jq -e ".[\"$OWN\"].hornero_image == null" "$GLANCE/images.json"
}

# Red without may_adopt() and without the owner in take_shown().
test_expect_success '--adopt: only the own record; each refusal has field, value and mend' '
	echo new-locations >"$GLANCE/options" &&
	test_expect_code 78 hornero image add $OWN hello --adopt 2>err &&
	test_grep "no image with this id; .hornero image add $OWN hello --glance NAME." err &&
	refused_for "owner is 2222," "credentials of that project" "{owner: \"2222\"}" &&
	refused_for "status is deactivated" "set --activate $OWN" "{status: \"deactivated\"}" &&
	refused_for "status is killed" "only queued and active" "{status: \"killed\"}" &&
	refused_for "disk_format is qcow2" "set --disk-format raw" "{disk_format: \"qcow2\"}" &&
	refused_for "disk_format is not set" "set --disk-format raw" "{disk_format: null}" &&
	refused_for "container_format is ovf" "bare is needed" "{container_format: \"ovf\"}" &&
	refused_for "status is active" "accept that with --follow" \
		"{status: \"active\", size: 9}" &&
	adopt=--follow refused_for "size is 0" "adopt a queued image" \
		"{status: \"active\", size: 0}"
'

test_expect_success '--glance does not take over a record that is there; --adopt does' '
	their $OWN "{}" &&
	test_expect_code 78 hornero image add $OWN hello --glance Mine 2>err &&
	test_grep "Glance has an image with this id already.*.name .theirs.*--adopt. takes" err &&
	hornero image add $OWN hello --adopt >out &&
	HELLO_UUID=$OWN &&
	glance_has name theirs $OWN &&
	glance_has hornero_image $OWN $OWN &&
	wait_until "stable_is registered" 120 &&
	glance_has status active $OWN &&
	test "$(serving)" = 200
'

test_expect_success 'an image of the operator with bytes: adopted with follow; bytes stay' '
	HELLO_UUID=7d3c94a2-5b1f-4f0e-8a66-c2f9b0e1d472 &&
	their $HELLO_UUID "{status: \"active\", size: 9, os_hash_value: \"00\"}" &&
	hornero image add $HELLO_UUID hello --adopt --follow >out &&
	wait_until "stable_is registered \"keeps its first bytes\"" 120 &&
	glance_has size 9 $HELLO_UUID &&
	glance_has min_disk 1 $HELLO_UUID &&
	glance_has hornero_commit "$(git -C "$HELLO_WORK" rev-parse HEAD)" $HELLO_UUID
'

test_expect_success 'options that do not fit; keys' '
	for wrong in "--glance A --adopt" --adopt --no-wait --follow "--timeout 3" \
		"--glance A --replace"
	do
		test_expect_code 64 hornero image add hello $wrong 2>err || return 1
	done &&
	test_expect_code 64 hornero image add hello --glance "" 2>err &&
	test_grep "needs a name of printable ASCII" err &&
	ssh-keygen -q -t ed25519 -N "" -f key &&
	hornero key add her --admin "*" <key.pub &&
	test_expect_code 64 hornero --key her image add hello --glance A 2>err &&
	test_grep "only on the node itself" err
'

test_expect_success 'image remove: the record stays as it is' '
	jq -S ".[\"$OWN\"]" "$GLANCE/images.json" >before &&
	hornero image remove $OWN &&
	wait_until "test ! -e \"$STORE/outbox/$OWN.stable\"" 120 &&
	jq -S ".[\"$OWN\"]" "$GLANCE/images.json" >after &&
	test_cmp before after
'

test_done
