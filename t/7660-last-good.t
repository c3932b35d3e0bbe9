#!/bin/sh
test_description='a typo in hornero.yaml: door, hooks, keep and builds go on with the last good one'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test_requires ssh openssh-client
test_requires ssh-keygen openssh-client
test_requires jq jq
test "$(id -u)" -ne 0 || test_requires systemd-socket-activate systemd

U=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
GOOD=$NODE/hornero.yaml.last-good

# as_hornero COMMAND…: as hornerod's user.
as_hornero () {
	if test "$(id -u)" -eq 0
	then
		node_as $node_hornero "$@"
	else
		"$@"
	fi
}

commit () {
	echo "$1" >work/greeting &&
	git -C work add -A &&
	git -C work commit -q -m "$1"
}

test_expect_success 'hornero init and hornerod leave a copy, with the owner of the file' '
	door_live &&
	test_cmp "$NODE/hornero.yaml" "$GOOD" &&
	test "$(stat -c "%u %a" "$GOOD")" = "$(stat -c "%u" "$NODE/hornero.yaml") 644" &&
	command hornero init --json | jq -e ".changed == false" &&
	command hornero repo create hello &&
	hornero image add $U hello --builder make &&
	door_key alice "admin=\"*\"" &&
	door_as alice &&
	git init -q -b main work &&
	node_copy_hello work &&
	node_start &&
	node_swept &&
	door_start
'

test_expect_success 'the file gets a typo' '
	echo "wrokers: 3" >>"$NODE/hornero.yaml" &&
	test_expect_code 78 hornero queue 2>err &&
	test_grep "wrokers.*did you mean workers" err
'

# Red with conf_load() in hooks/target.c, door/main.c or agent/build/main.c.
test_expect_success 'a push through the door is built and warm; the pusher sees why it is loud' '
	commit one &&
	git -C work push door:hello main >push.out 2>&1 &&
	test_grep "warning for the operator: $GOOD of .* is used.*wrokers" push.out &&
	test_grep "event=configuration-broken $GOOD of .* is used.*wrokers" door.log &&
	wait_until "door_ssh queue --json >queue.json && jq -e .[0].job queue.json" 30 &&
	job=$(jq ".[0].job" queue.json) &&
	door_ssh wait "$job" --timeout 300 &&
	test_grep "event=configuration-broken" "$NODE/hornerod.log"
'

test_expect_success 'a new door, and hornero-keep' '
	door_stop &&
	door_start &&
	door_ssh queue --json >queue.json &&
	jq -e ".[0].state == \"published\"" queue.json &&
	as_hornero "$test_root/libexec/hornero-keep" -c "$NODE/hornero.yaml" 2>keep.log &&
	test_grep "event=configuration-broken.*wrokers" keep.log
'

# Red without cli_conf_good() in cli/doctor.c.
test_expect_success 'hornerod does not start; doctor says so and checks the rest' '
	node_stop &&
	test_expect_code 78 node_start 2>err &&
	test_grep "wrokers" err &&
	{ command hornero doctor --json >doctor.json || :; } &&
	jq -e "any(.[]; .check == \"configuration\" and .state == \"bad\" and
		(.finding | test(\"wrokers\")))" doctor.json &&
	jq -e "any(.[]; .check == \"agent\" and .state == \"bad\")" doctor.json
'

# Red if read_copy() checks neither mode nor link.
test_expect_success 'a copy that others can write, or a link, is as none' '
	for spoil in "chmod 0664" "chmod 0646"
	do
		cp -p "$GOOD" saved &&
		$spoil "$GOOD" &&
		test_expect_code 78 "$test_root/libexec/hornero-keep" -c "$NODE/hornero.yaml" \
			2>keep.log &&
		test_grep "wrokers" keep.log &&
		rm "$GOOD" &&
		cp -p saved "$GOOD" || return 1
	done &&
	mv "$GOOD" "$NODE/elsewhere" &&
	ln -s "$NODE/elsewhere" "$GOOD" &&
	test_expect_code 78 "$test_root/libexec/hornero-keep" -c "$NODE/hornero.yaml" 2>keep.log &&
	rm "$GOOD" &&
	mv "$NODE/elsewhere" "$GOOD"
'

if test "$(id -u)" -eq 0
then
	# Red without the comparison of st_uid in read_copy().
	test_expect_success 'a copy of another user is as none' '
		chown $node_hornero "$GOOD" &&
		test_expect_code 78 "$test_root/libexec/hornero-keep" -c "$NODE/hornero.yaml" \
			2>keep.log &&
		test_grep "wrokers" keep.log &&
		chown 0 "$GOOD"
	'

	# Two walls: conf_keep_good() leaves the file of another user alone, and fs_replace_like()
	# could not give it to its owner.
	test_expect_success 'hornerod of another user changes no copy' '
		node_set wrokers &&
		node_set workers 1 &&
		chmod 0777 "$NODE" &&
		node_start &&
		chmod 0755 "$NODE" &&
		test_must_fail cmp -s "$NODE/hornero.yaml" "$GOOD"
	'
else
	test_skip 'a copy of another user' 'needs root'
	test_skip 'hornerod of another user' 'needs root'
	node_set wrokers && node_set workers 1
fi

# Red without keep() in cli/config.c.
test_expect_success 'config check --keep, as a reload of hornerod.service does it' '
	command hornero config check --keep 2>err &&
	test_grep "services use the copy" err &&
	test_cmp "$NODE/hornero.yaml" "$GOOD" &&
	command hornero config check --keep 2>err &&
	test ! -s err &&
	echo "wrokers: 3" >>"$NODE/hornero.yaml" &&
	test_expect_code 78 command hornero config check --keep &&
	test_must_fail grep wrokers "$GOOD" &&
	door_stop
'

test_done
