#!/bin/sh
test_description='hornero --key: a key sees what it may read, and does what it may do'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires jq jq
test_requires sqlite3 sqlite3
test_requires ssh-keygen openssh-client

# as NAME WORD…: as the door starts it.
as () {
	as__key=$1
	shift
	command hornero -c "$NODE/hornero.yaml" --key "$as__key" "$@"
}

# secret_free FILE…: nothing of the other repository is in them: its name, image, jobs, commit.
secret_free () {
	! grep -E -e "secret|$U2|$SECRET|Hidden" "$@" &&
	! grep -wE -e '[246]' "$@" | grep -v ' ago'
}

test_expect_success 'two repositories and images; jobs 1, 3, 5 of one, 2, 4, 6 of the other' '
	hooks_node "keys_file: $TRASH/keys" &&
	hooks_repo secret &&
	HIDDEN=$REPO &&
	hooks_repo shop &&
	hooks_image $U1 shop --name Shown &&
	hooks_image $U2 secret --name Hidden &&
	hooks_work &&
	for text in one two three
	do
		hooks_commit file $text &&
		hooks_push main &&
		SHOWN=$(hooks_head) &&
		as_git git -C work commit -q --amend -m "secret $text" &&
		SECRET=$(hooks_head) &&
		as_git git -C work push -q "$HIDDEN" +main &&
		as_git git -C work reset -q --hard $SHOWN || return 1
	done &&
	hornero queue --all --json | jq -r ".[] | \"\(.job) \(.repo)\"" | sort >got &&
	printf "%s\n" "1 shop" "2 secret" "3 shop" "4 secret" "5 shop" "6 secret" >want &&
	test_cmp want got &&
	for name in reader writer brancher admin other shopadmin
	do
		ssh-keygen -q -t ed25519 -N "" -f id-$name || return 1
	done &&
	hornero key add reader id-reader.pub --read "shop" &&
	hornero key add writer id-writer.pub --write "shop:refs/heads/main" &&
	hornero key add brancher id-brancher.pub --write "shop:refs/heads/bob-*" &&
	hornero key add other id-other.pub --admin "elsewhere" &&
	hornero key add shopadmin id-shopadmin.pub --admin "shop new/*" &&
	hornero key add admin id-admin.pub --admin "*"
'

test_expect_success 'listings hold what the key may read, as text and as JSON' '
	for word in "queue" "queue --all" "image list" "cache"
	do
		for key in reader writer
		do
			as $key $word >people &&
			as $key $word --json >programs &&
			secret_free people programs &&
			test_grep "$U1|Shown" people &&
			test_grep $U1 programs || { echo "$key $word"; return 1; }
		done &&
		as other $word --json >out &&
		test "$(jq length out)" = 0 &&
		hornero $word --json >want &&
		as admin $word --json >got || return 1
		jq "map(del(.modified_ms))" want >a &&
		jq "map(del(.modified_ms))" got >b &&
		test_cmp a b || return 1
	done
'

test_expect_success 'one job, one image: as if it were not there' '
	for word in show log "log -f" wait why cancel retry
	do
		test_expect_code 64 as reader $word 6 >out 2>err &&
		test ! -s out &&
		sed "s/ 6/ N/g" err >hidden &&
		test_expect_code 64 as reader $word 999 >out 2>err &&
		test ! -s out &&
		sed "s/ 999/ N/g" err >nowhere &&
		test_cmp nowhere hidden || { echo "$word"; return 1; }
	done &&
	for word in "image show" "image current" wait rebuild rollback pause resume "image set" \
		"image remove" why
	do
		more= &&
		test "$word" != "image set" || more=name=x
		as shopadmin $word $U2 $more >hidden 2>&1
		hidden=$?
		as shopadmin $word $U3 $more >nowhere 2>&1
		nowhere=$?
		test $hidden = $nowhere &&
		sed -i "s/$U3/$U2/g" nowhere &&
		test_cmp nowhere hidden || { echo "$word"; return 1; }
	done &&
	test_expect_code 64 as shopadmin image add $U2 secret 2>err &&
	test_grep "may not image add in secret" err
'

test_expect_success 'one job, one image that may be seen' '
	as reader show 5 >out &&
	test_grep "repo: *shop" out &&
	as reader why 5 >out &&
	as reader why $U1 >out &&
	secret_free out &&
	as reader image show $U1 >out &&
	secret_free out &&
	test_expect_code 75 as reader wait --timeout 0 5 2>err &&
	test_expect_code 75 as reader wait --timeout 0 $U1 2>err
'

# Red without cli_may() in cli/candidates.c.
test_expect_success 'the shells complete what the key may read' '
	hornero complete -- show "" | sort >got &&
	printf "%s\n" 1 2 3 4 5 6 >want &&
	test_cmp want got &&
	hornero complete -- --key reader show "" | sort >got &&
	printf "%s\n" 1 3 5 >want &&
	test_cmp want got &&
	test "$(hornero complete -- --key reader image show "")" = $U1 &&
	test "$(hornero complete -- --key shopadmin image add "")" = shop &&
	test "$(hornero complete -- --key reader cancel "")" = ""
'

test_expect_success 'why does not count what the key does not see' '
	node_set workers 1 &&
	as reader why 5 >out &&
	secret_free out
'

test_expect_success 'a log is its job'\''s' '
	mkdir -p "$NODE/state/log" &&
	echo told >"$NODE/state/log/6.1.log" &&
	echo seen >"$NODE/state/log/5.1.log" &&
	test_expect_code 64 as reader log 6 >out &&
	test ! -s out &&
	test_expect_code 64 as reader log 6 -n 1 &&
	as reader log 5 >out &&
	echo seen >want &&
	test_cmp want out &&
	rm "$NODE"/state/log/?.1.log
'

test_expect_success 'reading is not steering' '
	for word in "cancel 5" "retry 5" "rebuild $U1" "rollback $U1" "image set $U1 name=x" \
		"image remove $U1" "image add $U3 shop" "image add $U1 shop" "repo create shop/x"
	do
		test_expect_code 64 as reader $word 2>err &&
		test_grep "the key reader may not .*needs the right" err ||
		{ echo "$word"; return 1; }
	done &&
	for word in init sweep "gc --verify" "key list"
	do
		for key in reader writer shopadmin
		do
			test_expect_code 64 as $key $word 2>err &&
			test_grep "about the whole node, and the key $key may not" err ||
				{ echo "$key $word"; return 1; }
		done || return 1
	done
'

test_expect_success 'writing is steering, by name' '
	as writer cancel 5 &&
	test_expect_code 64 as writer cancel 6 &&
	hooks_sql "SELECT who FROM events WHERE job = 5 AND event = \"cancelled\"" &&
	echo writer >expect &&
	test_cmp expect rows &&
	as writer retry 5 >out &&
	test_grep "job 7 queued" out &&
	as writer rebuild $U1 >out &&
	test_grep "job 7 was queued" out &&
	as writer cancel 7 &&
	as writer rebuild --all >out &&
	secret_free out &&
	test_grep "job 8 queued" out &&
	test_expect_code 64 as writer image set $U1 name=x
'

test_expect_success 'a job whose image follows another repository by now is not retried' '
	as writer cancel 8 &&
	hornero image set $U1 repo=secret &&
	test_expect_code 64 as writer retry 8 2>err &&
	test_grep "no image" err &&
	test_expect_code 64 as shopadmin image set $U1 repo=shop &&
	hornero image set $U1 repo=shop &&
	as writer retry 8
'

test_expect_success 'the job that superseded one from another repository has no number' '
	hornero queue --json >queue.json &&
	job=$(jq "map(select(.image == \"$U1\" and .state == \"queued\"))[0].job" queue.json) &&
	hooks_sql "INSERT INTO jobs (id, image, repo, ref, \"commit\", origin, state,
			created_ms, ended_ms)
		VALUES (4241, \"$U3\", \"secret\", \"refs/heads/x\", \"$SHOWN\", \"push\",
			\"cancelled\", 1, 1)" &&
	hornero image set $U1 repo=secret &&
	hornero rebuild $U1 >out &&
	by=$(node_job out) &&
	test "$by" -gt 4241 &&
	hornero show $job >out &&
	test_grep "superseded by: *$by" out &&
	for word in "show $job" "why $job" "queue --all" "show $job --json" "queue --json" \
		"log -f $job"
	do
		as reader $word >out 2>&1
		test_must_fail grep -w "$by" out || { echo "$word"; cat out; return 1; }
	done &&
	test_expect_code 1 as reader wait $job 2>err &&
	test_grep "job $job was superseded by a newer one" err &&
	hornero image set $U1 repo=shop &&
	hornero cancel $by >out &&
	as writer rebuild $U1 >out
'

test_expect_success 'a right to write some refs steers their builds, and reads the rest' '
	as brancher image show $U1 >out &&
	as brancher show 8 >out &&
	for word in "cancel 8" "retry 5" "rebuild $U1" "rebuild --force $U1" "rollback $U1" \
		"rollback --undo $U1"
	do
		test_expect_code 64 as brancher $word 2>err &&
		where="in shop:refs/heads/main: it needs the right write" &&
		test_grep "the key brancher may not .* $where" err ||
		{ echo "$word"; return 1; }
	done &&
	as brancher rebuild --all >out &&
	test_must_fail grep $U1 out &&
	hooks_image $U3 shop --ref refs/heads/bob-1 &&
	REPO=$NODE/git/shop.git &&
	hooks_push main:refs/heads/bob-1 &&
	as brancher rebuild --all >out &&
	test_grep "$U3" out &&
	test_must_fail grep $U1 out &&
	job=$(node_job push.out) &&
	as brancher cancel $job &&
	as brancher retry $job >out &&
	as brancher cancel "$(node_job out)" &&
	test_expect_code 64 as writer rebuild $U3 &&
	hornero image remove $U3
'

test_expect_success 'admin of a repository binds images to it, and to no other' '
	as shopadmin image set $U1 name=Renamed &&
	test_expect_code 64 as shopadmin image set $U1 repo=secret 2>err &&
	test_grep "may not image set in secret" err &&
	test_expect_code 64 as shopadmin image add $U3 secret 2>err &&
	test_grep "may not image add in secret" err &&
	as shopadmin repo create new/thing &&
	as shopadmin image add new/thing >out &&
	made=$(sed -n "s/^image \([0-9a-f-]*\) follows.*/\1/p" out) &&
	as shopadmin image show $made >out &&
	as shopadmin image remove $made &&
	test_expect_code 64 as shopadmin image add $made new/thing
'

# Red without key_may_bind() in cli/image_add.c check_id(), without access() there, or without
# l->is_there.
test_expect_success 'it binds only ids that are allotted to it and free; all refusals are alike' '
	test_expect_code 64 as shopadmin image add $U3 shop 2>err &&
	test_grep "the key shopadmin may not bind image $U3" err &&
	sed "s/$U3/ID/" err >not-allotted &&
	hornero key remove shopadmin &&
	hornero key add shopadmin id-shopadmin.pub --admin "shop new/*" --ids "$U2 ${U3%????}*" &&
	test_expect_code 64 as shopadmin image add $U2 shop 2>err &&
	sed "s/$U2/ID/" err >bound &&
	test_cmp not-allotted bound &&
	file=$(node_warm_path $U3) &&
	mkdir -p "${file%/*}" &&
	echo debian >"$file" &&
	test_expect_code 64 as shopadmin image add $U3 shop 2>err &&
	sed "s/$U3/ID/" err >cached &&
	test_cmp not-allotted cached &&
	test_expect_code 64 as shopadmin image add --replace $U3 shop 2>err &&
	test_grep "on the node itself" err &&
	test ! -e "$NODE/state/images.d/$U3.yaml" &&
	test ! -e "$NODE/state/images.d/$U3.replace" &&
	rm "$file" &&
	as shopadmin image add $U3 shop &&
	as shopadmin image add $U3 shop >out &&
	test_grep "^unchanged: " out &&
	test_expect_code 64 as shopadmin image add $U3 shop --name x 2>err &&
	test_grep "here already" err &&
	as shopadmin image remove $U3 &&
	hornero key list --json | jq -e "any(.[]; .ids == \"$U2 ${U3%????}*\")"
'

# As the door does it, which is git's account and not root.
test_expect_success 'a key with the right create makes repositories, and pushes to them' '
	ssh-keygen -q -t ed25519 -N "" -f id-maker &&
	hornero key add maker id-maker.pub --create "made/*" &&
	as_git "$test_root/libexec/hornero" -c "$NODE/hornero.yaml" --key maker repo create \
		made/by/key >out &&
	REPO=$NODE/git/made/by/key.git &&
	test "$(tail -n 1 out)" = "$REPO" &&
	test_expect_code 64 as_git "$test_root/libexec/hornero" -c "$NODE/hornero.yaml" \
		--key maker repo create shop/other &&
	as_git env HORNERO_KEY=maker git -C work push -q "$REPO" main &&
	as_git git -C "$REPO" rev-parse -q --verify refs/heads/main &&
	test_expect_code 64 as maker image add $U3 made/by/key
'

test_expect_success 'a broken image file is for admins of everything' '
	echo "repo: [" >"$NODE/state/images.d/$U3.yaml" &&
	as shopadmin image list >out &&
	test_must_fail grep $U3 out &&
	test_expect_code 64 as shopadmin image show $U3 2>err &&
	test_grep "there is no image $U3" err &&
	as admin image list >out &&
	test_grep "$U3.*broken" out &&
	rm "$NODE/state/images.d/$U3.yaml"
'

test_expect_success 'the keys that may log in are changed on the node itself, by no key' '
	ssh-keygen -q -t ed25519 -N "" -f id-x &&
	cp keys before &&
	for word in "key add x $TRASH/id-x.pub --admin *" "key remove reader"
	do
		for key in reader admin
		do
			set -f
			test_expect_code 64 as $key $word 2>err
			code=$?
			set +f
			test $code = 0 &&
			test_grep "works only on the node itself" err ||
			{ echo "$key $word"; return 1; }
		done || return 1
	done &&
	test_cmp before keys &&
	as admin key list >out &&
	test_grep "^reader" out &&
	as admin --help >out &&
	test_must_fail grep "key add" out &&
	test_expect_code 64 as admin key 2>err &&
	test_grep "key list" err &&
	test_must_fail grep "key add" err
'

test_expect_success 'neither another key nor another configuration stands behind --key' '
	echo "state_dir: /nowhere" >other.yaml &&
	for args in "--key admin queue" "--ke admin queue" "-c other.yaml queue" \
		"queue -c other.yaml" "queue --conf=other.yaml" "--conf other.yaml queue"
	do
		test_expect_code 64 as reader $args 2>err &&
		test_grep "may follow --key" err || { echo "$args"; return 1; }
	done &&
	test_expect_code 64 as reader queue --key admin &&
	test_expect_code 64 as "" queue &&
	test_expect_code 64 as nobody queue 2>err &&
	test_grep "no key is named nobody" err
'

test_expect_success 'without a word, or with none of ours: help, and 64' '
	test_expect_code 64 as reader 2>err &&
	test_grep "^usage" err &&
	test_expect_code 64 as reader rm -rf / 2>err &&
	test_grep "there is no command \"rm\"" err &&
	test_expect_code 64 as reader rm 2>err &&
	test_grep "there is no command \"rm\"" err &&
	test_grep "^  queue " err &&
	test_must_fail grep "key add" err &&
	test_expect_code 64 as reader image burn 2>err &&
	test_grep "there is no command \"image burn\"" err &&
	test_grep "^  queue " err &&
	as reader --help >out &&
	test_grep "^  queue" out
'

test_expect_success 'the last twenty jobs are the last twenty that the key may read' '
	sqlite3 "$DB" "
		WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 160)
		INSERT INTO jobs (id, image, repo, ref, \"commit\", origin, state,
			created_ms, ended_ms)
		SELECT i, \"$U3\", CASE WHEN i < 130 THEN \"shop\" ELSE \"secret\" END,
			\"refs/heads/x\", \"$SHOWN\", \"push\", \"cancelled\", i, i
		FROM n" &&
	as reader queue --json >out &&
	test "$(jq "[.[] | select(.ended_ms != null)] | length" out)" = 20 &&
	test "$(jq "[.[] | select(.repo != \"shop\")] | length" out)" = 0
'

test_done
