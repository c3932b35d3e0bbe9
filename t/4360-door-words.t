#!/bin/sh
# Every word of the table over the door, by a key that may all, one that may write, one that may
# read, and one of elsewhere.
test_description='hornero-door: each word, each right; a hidden thing and an absent one look alike'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test_requires ssh openssh-client
test_requires ssh-keygen openssh-client
test_requires sqlite3 sqlite3
test_requires jq jq
test_requires script bsdutils
test "$(id -u)" -ne 0 || test_requires systemd-socket-activate systemd

# as KEY COMMAND…: over ssh. Whatever it answers is kept in all.KEY.
as () {
	as__key=$1
	shift
	"$TRASH/ssh-$as__key" -p "$DOOR_PORT" door "$@" >as.out 2>as.err </dev/null
	as__code=$?
	cat as.out as.err >>all.$as__key
	cat as.out
	cat >&2 as.err
	return $as__code
}

# The table, and where each word of it belongs here.
listings='queue
queue --all
repo list
image list
image list --wanted
cache'
of_job='show
log
log -f
wait
why
cancel
retry'
of_image='image show
image current
wait
why
rebuild
rollback
pause
resume
image set
image remove'
of_node='init
config show
base list
builder list
key list
drain
pause
resume
sweep
gc
doctor
metrics
status'
of_people='backup
restore
config check
base add
base remove
builder check
builder try
fleet
image import
repo mirror
repo remove
report
key add
key remove
key set'
others='help
builder show
events
stats
image add
repo create
repo fetch
top'

test_expect_success 'every word of the table stands in one of the lists below' '
	printf "%s\n" "$listings" "$of_job" "$of_image" "$of_node" "$of_people" "$others" |
		sed "s/ -.*//" | sort -u >got &&
	hornero --help | sed -n "s/^  hornero //p" | cut -c 1-30 |
		sed "s/ *[A-Z[].*//; s/ *\$//" | sort -u >want &&
	test_cmp want got
'

test_expect_success 'two repositories with a warm image each, and a waiting job each: 3 and 4242' '
	door_live "compile_core_limit: 50" "door_login_timeout: 1h" "door_idle_timeout: 1h" &&
	command hornero repo create shop >create.out &&
	command hornero repo create secret >create.out &&
	hornero image add $U1 shop --name Shown &&
	hornero image add $U2 secret --name Hidden &&
	door_key pusher "write=\"*\"" &&
	door_key writer "write=\"shop\"" &&
	door_key reader "read=\"shop\"" &&
	door_key other "admin=\"elsewhere\"" &&
	door_key brancher "write=\"shop:refs/heads/b/*\"" &&
	door_key admin "admin=\"*\",ids=\"*\"" &&
	door_as pusher &&
	node_start &&
	node_swept &&
	door_start &&
	for key in writer reader other brancher admin
	do
		door_shared $key || return 1
	done &&
	door_as pusher &&
	mkdir work &&
	node_copy_hello work &&
	git init -q -b main work &&
	git -C work add -A &&
	git -C work commit -q -m shop &&
	git -C work push -q door:shop main 2>push.out &&
	echo other >work/greeting &&
	git -C work commit -q -a -m secret &&
	git -C work push -q door:secret main 2>push.out &&
	hornero wait $U1 &&
	hornero wait $U2 &&
	hornero drain &&
	SECRET=$(git -C work rev-parse HEAD) &&
	RELEASE=$(hornero image show $U2 --json | jq -r .artifact.release) &&
	DIGEST=$(hornero image show $U2 --json | jq -r .artifact.digest) &&
	git -C work reset -q --hard HEAD~1 &&
	git -C work commit -q --allow-empty -m two &&
	git -C work push -q door:shop main 2>push.out &&
	git -C work push -q door:secret +main 2>push.out &&
	hooks_sql "UPDATE jobs SET id = 4242 WHERE id = 4" &&
	echo "secret log" >"$NODE/state/log/4242.1.log" &&
	chmod 0644 "$NODE/state/log/4242.1.log" &&
	hornero queue --all --json | jq -r ".[] | \"\(.job) \(.repo) \(.state)\"" | sort >got &&
	printf "%s\n" "1 shop published" "2 secret published" "3 shop queued" "4242 secret queued" \
		>want &&
	test_cmp want got &&
	wait_until "test \"\$(job_field waiting_kind 3)\" = drain" 20
'

test_expect_success 'listings: for the admin as on the node, for others what the key may read' '
	echo "$listings" | while read -r word
	do
		hornero $word >want 2>&1 &&
		as admin $word >got 2>err &&
		cat err >>got &&
		sed "s/ [0-9]* m\{0,1\}s ago//" want >a &&
		hornero $word --json >want 2>err &&
		as admin $word --json >got &&
		test_cmp want got &&
		jq "map(select(.repo == \"shop\" or .image == \"$U1\" or .release_of == \"$U1\") |
			if has(\"position\") then .position = null else . end)" want >mine &&
		for key in writer reader brancher
		do
			as $key $word --json >got &&
			jq . got >theirs &&
			test_cmp mine theirs &&
			as $key $word >got &&
			test_grep "$U1|^shop|Shown" got || exit 1
		done &&
		as other $word --json >got &&
		test "$(jq length got)" = 0 &&
		as other $word || { echo "$word"; exit 1; }
	done
'

test_expect_success 'one job, one image of one'\''s own: the same JSON as on the node' '
	for word in "show 1" "show 3" "image show $U1"
	do
		hornero $word --json >want 2>err &&
		as admin $word --json >got &&
		test_cmp want got &&
		as reader $word --json >got &&
		test_cmp want got &&
		as writer $word >out || { echo "$word"; return 1; }
	done
'

test_expect_success 'reading: show, log, why and wait of a job of one'\''s own' '
	as reader show 1 >out &&
	test_grep "pushed by: *pusher" out &&
	test_grep "queued .*pusher" out &&
	as reader log 1 >out &&
	test_grep "hornero.raw" out &&
	as reader log -f 1 >out &&
	test_grep "^hornero: job 1 is published" out &&
	as reader why 1 >out &&
	as reader why 3 >out &&
	test_grep "Job 3 waits" out &&
	as reader why $U1 >out &&
	as reader wait 1 >out &&
	test_grep "job 1 is published" out &&
	test_expect_code 75 as reader wait --timeout 0 3 &&
	test_expect_code 75 as reader wait -t 0 $U1 &&
	test_expect_code 64 as reader wait -t soon 3 &&
	test_expect_code 64 as reader show x
'

test_expect_success 'show --diff: the files that changed, read by git' '
	hornero show 3 --diff --json >want 2>err &&
	as reader show 3 --diff --json >got &&
	test_cmp want got &&
	jq -e ".diff | .job == 1 and .files == []" got
'

test_expect_success 'stats and events: what the key may read' '
	for word in stats "events --since 0"
	do
		hornero $word --json >want &&
		as admin $word --json >got &&
		test "$(jq -s length want)" = "$(jq -s length got)" || return 1
	done &&
	as reader stats --json >out &&
	jq -e ".jobs.published == 1 and (.images | map(.image) == [\"$U1\"])" out &&
	as reader events --since 0 --json >out &&
	jq -s -e "length > 0 and all(.[]; .repo == \"shop\")" out &&
	as other events --since 0 >out &&
	test ! -s out
'

test_expect_success 'top: what the key may read, and of the node what the admin may' '
	as admin top --json >out &&
	test "$(jq -c "[([.jobs[].job] | sort), .push_to_warm_hour.pushes,
		.pressure.memory_limit]" out)" = \
		"[[3,4242],2,0]" &&
	for key in reader writer brancher
	do
		as $key top --json >out &&
		test "$(jq -c "[[.jobs[].job], .push_to_warm_hour.pushes, .pressure]" out)" = \
			"[[3],1,null]" || return 1
	done &&
	as other top --json >out &&
	test "$(jq -c "[[.jobs[].job], .push_to_warm_hour.pushes, .pressure]" out)" = \
		"[[],0,null]" &&
	as reader top >out &&
	test_grep "0 running, 1 queued" out &&
	test "$(grep -c "push to warm" out)" = 1
'

test_expect_success 'a job of others and an absent one: the same words and exit code' '
	for key in writer reader other brancher
	do
		echo "$of_job" | while read -r word
		do
			test_expect_code 64 as $key $word 4242 >out 2>err &&
			test ! -s out &&
			sed "s/4242/N/g" err >theirs &&
			test_expect_code 64 as $key $word 999999 >out 2>err &&
			test ! -s out &&
			sed "s/999999/N/g" err >nowhere &&
			test_grep "there is no job N" nowhere &&
			test_cmp nowhere theirs || { echo "$key $word"; exit 1; }
		done || return 1
	done
'

test_expect_success 'an image of others and an absent one: the same words and exit code' '
	for key in writer reader other brancher
	do
		echo "$of_image" | while read -r word
		do
			more= &&
			test "$word" != "image set" || more=name=x
			as $key $word $U2 $more >theirs 2>&1
			theirs=$?
			as $key $word $U3 $more >nowhere 2>&1
			nowhere=$?
			test $theirs = $nowhere &&
			sed -i "s/$U3/$U2/g" nowhere &&
			test_cmp nowhere theirs || { echo "$key $word"; exit 1; }
		done || return 1
	done
'

test_expect_success 'reading is not steering, and a right to one ref is not one to another' '
	for key in reader brancher
	do
		for word in "cancel 3" "retry 3" "rebuild $U1" "rebuild --force $U1" \
			"rollback $U1" "pause $U1" "resume $U1" "image set $U1 name=x" \
			"image remove $U1" "image add $U3 shop" "repo create shop/x"
		do
			test_expect_code 64 as $key $word 2>err &&
			test_grep "the key $key may not .*needs the right" err ||
			{ echo "$key $word"; return 1; }
		done || return 1
	done &&
	job_state_is queued 3
'

test_expect_success 'a key that may write may cancel and retry, by its name' '
	as writer cancel 3 >out &&
	test_grep "job 3 is cancelled" out &&
	as reader show 3 >out &&
	test_grep "cancelled .*writer" out &&
	as writer retry 3 >out &&
	job=$(sed -n "s/^job \([0-9]*\) queued; \`ssh -p $DOOR_PORT git@door log -f .*/\1/p" out) &&
	test -n "$job" &&
	as writer rebuild $U1 >out &&
	test_grep "job $job was queued for that already" out &&
	as writer rebuild --all >out &&
	test_grep "$U1" out &&
	as writer cancel $job >out &&
	as reader why $job >out &&
	test_grep "cancelled" out &&
	test_expect_code 64 as writer image set $U1 name=x 2>err &&
	test_grep "needs the right admin" err &&
	test_expect_code 1 as writer rollback $U1 2>err &&
	test_grep "what image $U1 was warm with before is not known" err
'

test_expect_success 'words that concern the node are for admins alone' '
	echo "$of_node" | while read -r word
	do
		for key in writer reader other brancher
		do
			test_expect_code 64 as $key $word 2>err &&
			test_grep "$word is about the whole node, and the key $key may not" err ||
				{ echo "$key $word"; exit 1; }
		done || exit 1
	done &&
	as admin key list >out &&
	test_grep "^reader *shop" out &&
	as admin resume >out &&
	as admin drain >out &&
	as admin sweep --json >out &&
	test_grep "$U2" out
'

test_expect_success 'no key may use the words for users on the node' '
	echo "$of_people" | while read -r word
	do
		for key in admin writer other
		do
			case $word in
			"base add" | "builder try") args="x x" ;;
			*) args=x ;;
			esac &&
			test_expect_code 64 as $key $word $args 2>err &&
			test_grep "works only on the node itself|one argument too many" err ||
				{ echo "$key $word"; exit 1; }
		done || exit 1
	done
'

test_expect_success 'create and admin: a repository, an image, and what to push to' '
	as admin repo create shelf >out &&
	test "$(tail -n 1 out)" = "ssh://git@door:$DOOR_PORT/shelf" &&
	as admin image add $U3 shelf >out &&
	test_grep "follows refs/heads/main of ssh://git@door:$DOOR_PORT/shelf" out &&
	as admin why $U3 >out &&
	test_grep "\`git push ssh://git@door:$DOOR_PORT/shelf HEAD:refs/heads/main\`" out &&
	as admin image set $U3 name=Shelf >out &&
	as admin image show $U3 >out &&
	test_grep "name: *Shelf" out &&
	as admin image remove $U3 >out &&
	test_expect_code 64 as other image add $U3 secret 2>err &&
	sed "s/secret/NAME/" err >theirs &&
	test_expect_code 64 as other image add $U3 nothing 2>err &&
	sed "s/nothing/NAME/" err >nowhere &&
	test_cmp nowhere theirs &&
	test_expect_code 64 as other repo create secret 2>err &&
	sed "s/secret/NAME/" err >theirs &&
	test_expect_code 64 as other repo create nothing 2>err &&
	sed "s/nothing/NAME/" err >nowhere &&
	test_cmp nowhere theirs
'

test_expect_success 'help, nothing and nonsense list the words that the key may say' '
	for line in "" help "-- --help" "-- -h" "hornero help" "hornero --help"
	do
		for key in writer reader other brancher admin
		do
			as $key $line >words.$key 2>&1
			code=$?
			test_grep "^  queue " words.$key &&
			test_grep "clone ssh://git@door:$DOOR_PORT/REPO, fetch" words.$key &&
			test_grep "^usage: ssh -p $DOOR_PORT git@door COMMAND" words.$key &&
			test_must_fail grep -E "key (add|remove)|--conf|--key" words.$key &&
			if test -n "$line"
			then
				test $code = 0
			else
				test $code = 64 &&
				test_grep "^hornero: hello $key\. There is no shell" words.$key
			fi ||
				{ echo "$key $line"; return 1; }
		done || return 1
	done &&
	for word in cancel retry rebuild rollback "image add" "image set" "repo create" \
		sweep gc drain "key list"
	do
		test_grep ! "^  $word" words.reader || return 1
	done &&
	test_must_fail grep -F "push (options" words.reader &&
	test_grep "archive --remote, push" words.writer &&
	test_grep "^  cancel " words.writer &&
	test_must_fail grep -E "^  (image add|repo create|sweep|gc)" words.writer &&
	test_grep "^  image add " words.other &&
	test_must_fail grep -E "^  (init|sweep|gc|drain|key list)" words.other &&
	for word in init sweep drain "key list"
	do
		test_grep "^  $word " words.admin || return 1
	done &&
	door_as reader &&
	script -qec "$TRASH/door-ssh door" /dev/null >words </dev/null
	test_grep "hello reader" words &&
	test_grep "^  queue " words &&
	test_expect_code 64 as reader qeue 2>err &&
	test_grep "there is no command .qeue." err &&
	test_grep "^Did you mean: queue\?" err &&
	test_grep "^  queue " err &&
	test_expect_code 64 as reader cancl 3 2>err &&
	test_must_fail grep "Did you mean" err &&
	test_expect_code 64 as reader key 2>err &&
	test_grep "no command .key." err &&
	test_expect_code 64 as writer image burn 2>err &&
	as reader queue --help >out &&
	test_grep "^usage: ssh -p $DOOR_PORT git@door queue \[--all\] .*\[--json\]" out &&
	test_must_fail grep -e --conf out &&
	as reader help queue >again &&
	test_cmp out again &&
	test_expect_code 64 as reader help cancel &&
	test_expect_code 64 as reader help nonsense
'

test_expect_success 'keys come and go by hornero key, from the next connection on' '
	ssh-keygen -q -t ed25519 -N "" -f deploy &&
	command hornero key add deploy deploy.pub --write "shop:refs/heads/deploy/*" >out &&
	door_as deploy &&
	git ls-remote door:shop >refs &&
	git -C work push -q door:shop main:refs/heads/deploy/1 2>push.out &&
	test_must_fail git -C work push door:shop main:refs/heads/other >push.out 2>&1 &&
	test_grep "push refused: refs/heads/other: the key deploy may not write it in shop" \
		push.out &&
	for name in secret nothing
	do
		test_expect_code 128 git ls-remote door:$name 2>err &&
		sed "s/$name/NAME/" err >read.$name &&
		test_expect_code 128 git -C work push door:$name main 2>err &&
		sed "s/$name/NAME/" err >write.$name || return 1
	done &&
	test_cmp read.secret read.nothing &&
	test_cmp write.secret write.nothing &&
	command hornero key remove deploy >out &&
	test_expect_code 128 git ls-remote door:shop 2>err &&
	test_grep "Permission denied" err
'

test_expect_success 'every form of a name' '
	door_as pusher &&
	for url in door:shop door:shop.git git@door:shop git@door:shop.git ssh://git@door/shop \
		ssh://git@door/shop.git ssh://git@door:$DOOR_PORT/shop \
		ssh://git@door:$DOOR_PORT/shop.git
	do
		git ls-remote "$url" >refs &&
		test_grep "refs/heads/main" refs &&
		git -C work push -q "$url" main 2>push.out || { echo "$url"; return 1; }
	done
'

test_expect_success 'no answer had anything of the other repository' '
	for key in writer reader other brancher
	do
		test -s all.$key &&
		sed -e "/there is no job 4242/d" \
			-e "/may not \(image add\|repo create\) in secret:/d" \
			-e "/no image $U2/d" \
			-e "/[Ii]mage $U2 is not registered/d" all.$key >said &&
		commit=$(echo $SECRET | cut -c 1-7) &&
		test_grep ! "secret|Hidden|$U2|$RELEASE|$DIGEST|$commit" said &&
		test_must_fail grep -w 4242 said || { echo "$key"; return 1; }
	done
'

test_done
