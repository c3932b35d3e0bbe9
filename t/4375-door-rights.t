#!/bin/sh
# Each right of hornero-keys(5), each word with each option, and each way of git: allowed or
# refused, through a real ssh. A row has the request and seven letters, one for each key of the list
# below: y allowed, n refused. The variables of a request are set anew for each key.
test_description='hornero-door: the table of rights'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
test_requires ssh openssh-client
test_requires ssh-keygen openssh-client
test_requires sqlite3 sqlite3
test_requires jq jq

keys='other reader brancher writer creator admin operator'

# By git: push options of one push, or -, and the refs.
git_table='
nyyyyyy  ls-remote
nyyyyyy  ls-remote, protocol 0
nyyyyyy  clone
nyyyyyy  archive
nnnyyyy  push - main:refs/heads/main
nnyyyyy  push - main:refs/heads/b/new
nnyyyyy  push - +older:refs/heads/b/forced
nnyyyyy  push - :refs/heads/b/gone
nnnyyyy  push - main:refs/heads/c
nnnyyyy  push - +older:refs/heads/forced
nnnyyyy  push - :refs/heads/gone
nnnyyyy  push - main:refs/tags/$key
nnnyyyy  push - main:refs/notes/$key
nnnyyyy  push - main:refs/heads/b
nnnyyyy  push - main:refs/heads/b/new main:refs/heads/d
nnyyyyy  push skip main:refs/heads/b/new
nnyyyyy  push rebuild main:refs/heads/b/new
nnyyyyy  push clean main:refs/heads/b/new
nnnyyyy  push image=$U1 main:refs/heads/main
nnyyyyy  push priority=-1 main:refs/heads/b/new
nnnnnyy  push priority=1 main:refs/heads/b/new
nnnnyny  push-new - main:refs/heads/main
'

# The words, about what the keys but the first and the last have rights to.
word_table='
yyyyyyy  help
yyyyyyy  queue
yyyyyyy  queue --all
yyyyyyy  queue --limit 5
yyyyyyy  queue --since 1h
yyyyyyy  queue --image $U1
yyyyyyy  queue --repo shop
yyyyyyy  queue --state failed
yyyyyyy  queue --pushed-by writer
yyyyyyy  queue --json
yyyyyyy  repo list
yyyyyyy  image list
yyyyyyy  image list --wanted
yyyyyyy  cache
yyyyyyy  stats
yyyyyyy  stats --since 1h
yyyyyyy  stats --image $U1
yyyyyyy  stats --repo shop
yyyyyyy  stats --limit 5
yyyyyyy  events
yyyyyyy  events --since 0
yyyyyyy  events --image $U1
yyyyyyy  events --limit 1
yyyyyyy  top
yyyyyyy  top --iterations 1
yyyyyyy  top --interval 1
yyyyyyy  why
nyyyyyy  why $ended
nyyyyyy  why $U1
nyyyyyy  show $ended
nyyyyyy  show --diff $ended
nyyyyyy  log $ended
nyyyyyy  log --follow $ended
nyyyyyy  log --follow --alive 5 $ended
nyyyyyy  log --attempt 1 $ended
nyyyyyy  log --since 1h $ended
nyyyyyy  log --tail 1 $ended
nyyyyyy  log --grep x $ended
nyyyyyy  wait $ended
nyyyyyy  wait --timeout 0 $U1
nyyyyyy  image show $U1
nyyyyyy  image current $U1
nnnyyyy  cancel $open
nnnyyyy  retry $open
nnnyyyy  rebuild $U1
nnnyyyy  rebuild --force $U1
nnnyyyy  rebuild --clean $U1
yyyyyyy  rebuild --all
yyyyyyy  rebuild --all --older-than 7d
yyyyyyy  rebuild --all --spread 1h
nnnyyyy  rollback $U1
nnnyyyy  rollback --timeout 1 $U1
nnnyyyy  rollback --undo $U1
nnnyyyy  pause $U1
nnnyyyy  resume $U1
nnyyyyy  repo fetch shop-mirror
nnyyyyy  repo fetch --no-wait shop-mirror
nnyyyyy  repo fetch --timeout 1 shop-mirror
nnnnnyy  image set $U1 name=The-One
nnnnnyy  image add shop
nnnnnyy  image add --ref refs/heads/x shop
nnnnnyy  image add --subdir sub shop
nnnnnyy  image add --builder make shop
nnnnnyy  image add --name Name shop
nnnnnyy  image remove $spare
nnnnnny  image add $free shop
nnnnnnn  image add --replace $free shop
nnnnyny  repo create shop-$key
'

others_table='
yyyyyyy  queue --image $U2
yyyyyyy  queue --repo secret
yyyyyyy  stats --image $U2
yyyyyyy  stats --repo secret
yyyyyyy  events --image $U2
nnnnnny  why $theirs
nnnnnny  why $U2
nnnnnny  show $theirs
nnnnnny  show --diff $theirs
nnnnnny  log $theirs
nnnnnny  log --follow $theirs
nnnnnny  wait $theirs
nnnnnny  wait $U2
nnnnnny  image show $U2
nnnnnny  image current $U2
nnnnnny  cancel $theirs
nnnnnny  retry $theirs
nnnnnny  rebuild $U2
nnnnnny  rollback $U2
nnnnnny  pause $U2
nnnnnny  resume $U2
nnnnnny  image set $U2 name=Hidden
nnnnnny  image add secret
nnnnnny  repo fetch secret
nnnnnny  repo create other-$key
'

node_table='
nnnnnny  config show
nnnnnny  config show --effective
nnnnnny  key list
nnnnnny  base list
nnnnnny  builder list
nnnnnny  builder show make
nnnnnny  cache --verify
nnnnnny  cache --placement
nnnnnny  events --audit
nnnnnny  events --audit --verify
nnnnnny  pause
nnnnnny  resume
nnnnnny  drain
nnnnnny  drain --timeout 1
nnnnnny  sweep
nnnnnny  gc --dry-run
nnnnnny  gc --verify
nnnnnny  gc
nnnnnny  doctor
nnnnnny  metrics
nnnnnnn  metrics --write
nnnnnny  status
nnnnnny  init
nnnnnnn  backup x
nnnnnnn  restore x
nnnnnnn  config check
nnnnnnn  base add x x
nnnnnnn  base remove x
nnnnnnn  builder check make
nnnnnnn  builder try make x
nnnnnnn  fleet
nnnnnnn  image import --from-glance
nnnnnnn  repo mirror shop https://localhost/x
nnnnnnn  repo remove shop
nnnnnnn  report --html -
nnnnnnn  key add x x
nnnnnnn  key set writer
nnnnnnn  key remove writer
nnnnnnn  complete -- x
nnnnnnn  hornero --conf /dev/null queue
nnnnnnn  hornero --key operator queue
nnnnnnn  queue --key operator
nnnnnnn  queue --conf /dev/null
'

# Options of words above that the table leaves out: who may say the word may say them, or they only
# go with hornero-glance, or with a word for users of the node alone.
no_rows='
base add --replace
base add --sha256
builder try --output
config check --keep
fleet --all
fleet --interval
fleet --iterations
fleet --nodes
fleet --timeout
fleet --watch
backup --no-repositories
restore --dry-run
image add --adopt
image add --follow
image add --glance
image add --no-wait
image add --timeout
image import --follow
image import --yes
key add --admin
key add --create
key add --ids
key add --read
key add --write
key set --admin
key set --create
key set --ids
key set --read
key set --write
events --follow
repo mirror --off
repo mirror --replace
repo remove --yes
report --served
report --since
'

# The words of a refusal for the key's sake, of a thing that the key may not see, and of a request
# that had nothing left to do.
said_no='may not|needs the right|works? only on the node|argument too many'
said_no="$said_no|is not an option|may follow --key"
said_no="^(remote: )?hornero: .*($said_no|there is no job|no image|there is no repository)"
said_absent="^(Image|hornero: image) .* is not registered"
said_done='is (cancelled|published) already|is published; only|is newer than|is no mirror'

# verdict CODE: y or n as the answer in `answer` means it, or ? and the answer.
verdict () {
	if grep -q -E "$said_absent" answer || { test $1 -ne 0 && grep -q -E "$said_no" answer; }
	then
		echo n
	elif test $1 -le 3 || test $1 = 75 || grep -q -E "$said_done" answer
	then
		echo y
	else
		echo "? exit code $1:"
		cat answer
	fi
}

# set_free: what an allowed request needs, made anew on the node.
set_free () {
	free=$(cat /proc/sys/kernel/random/uuid)
	case $request in
	"image remove"*)
		spare=$(hornero image add shop | sed -n "s/^image \([0-9a-f-]*\) .*/\1/p") ;;
	*gone*)
		as_git git -C "$SHOP" update-ref refs/heads/b/gone "$first"
		as_git git -C "$SHOP" update-ref refs/heads/gone "$first"
		;;
	*"refs/heads/b")
		as_git git -C "$SHOP" for-each-ref --format="delete %(refname)" refs/heads/b >gone
		as_git git -C "$SHOP" update-ref --stdin <gone
		;;
	*refs/heads/b/* | *refs/heads/forced | *refs/heads/[cd] | *refs/heads/main)
		as_git git -C "$SHOP" update-ref refs/heads/main "$first"
		as_git git -C "$SHOP" update-ref -d refs/heads/b
		as_git git -C "$SHOP" update-ref refs/heads/b/forced "$first"
		as_git git -C "$SHOP" update-ref refs/heads/forced "$first"
		as_git git -C "$SHOP" update-ref -d refs/heads/c
		as_git git -C "$SHOP" update-ref -d refs/heads/b/new
		;;
	esac
}

# asks KEY REQUEST: the request as that key. Its exit code; what it said is in `answer`.
asks () {
	key=$1
	request=$2
	set_free >set.out 2>&1
	GIT_SSH=$TRASH/ssh-$key
	case $request in
	ls-remote) git ls-remote door:shop ;;
	ls-remote,*) git -c protocol.version=0 ls-remote door:shop ;;
	clone) rm -rf clone.$key && git clone -q door:shop clone.$key ;;
	archive) git archive --remote=door:shop HEAD ;;
	push*)
		repo=shop
		test "${request#push-new}" = "$request" || repo=shop-pushed-$key
		request=${request#* }
		option=${request%% *}
		eval "option=\"$option\" refs=\"${request#* }\""
		test "$option" = - || refs="-o $option door:$repo $refs"
		test "$option" != - || refs="door:$repo $refs"
		git -C work push $refs
		;;
	*)
		eval "request=\"$request\""
		timeout 30 "$GIT_SSH" -p "$DOOR_PORT" door "$request" </dev/null
		;;
	esac >answer 2>&1
}

# table_is_true ROWS: asks each row as each key, and compares the letters.
table_is_true () {
	echo "$1" | sed "/^\$/d" >rows
	wrong=0
	while read -r letters row <&3
	do
		rest=$letters
		for key in $keys
		do
			want=${rest%"${rest#?}"}
			rest=${rest#?}
			asks $key "$row"
			got=$(verdict $?)
			test "$key" = operator || cat answer >>answers
			test "$got" = "$want" && continue
			echo "$key, $row: $want is right, not $got"
			cat answer
			wrong=$((wrong + 1))
		done
	done 3<rows
	test $wrong = 0
}

test_expect_success 'the table has each word, with each of its options' '
	printf "%s\n" "$word_table" "$others_table" "$node_table" |
		sed "s/^[yn]* *//" | sort -u >requests &&
	command hornero --help | sed -n "s/^  hornero //p" | cut -c 1-30 |
		sed "s/ *[A-Z[].*//; s/ *\$//" | sort -u >words &&
	while read -r word <&3
	do
		grep -q "^$word\( \|\$\)" requests || { echo "no row: $word"; return 1; }
		command hornero help $word |
			grep -o -E "^ *(-.,)? *--[a-z0-9-]+" | sed "s/.*--/--/" |
			grep -v -x -e --json -e --help -e --conf -e --version -e --key |
			sort -u >options
		while read -r option <&4
		do
			grep -q "^$word .*$option\( \|\$\)" requests ||
				echo "$no_rows" | grep -q -x -e "$word $option" ||
				{ echo "no row: $word $option"; return 1; }
		done 4<options
	done 3<words
'

test_expect_success 'a node with two repositories, and a key for each right' '
	door_live "compile_core_limit: 50" "door_login_timeout: 1h" "door_idle_timeout: 1h" &&
	command hornero repo create shop >create.out &&
	command hornero repo create secret >create.out &&
	command hornero repo create shop-mirror >create.out &&
	hornero repo mirror shop-mirror https://localhost:1/x &&
	hornero image add $U1 shop --name Shown &&
	hornero image add $U2 secret --name Hidden &&
	door_key other "admin=\"elsewhere\"" &&
	door_key reader "read=\"shop shop-mirror\"" &&
	door_key brancher "write=\"shop:refs/heads/b/* shop-mirror:refs/heads/b/*\"" &&
	door_key writer "write=\"shop shop-mirror\"" &&
	door_key creator "create=\"shop*\"" &&
	door_key admin "admin=\"shop shop-mirror\"" &&
	door_key operator "admin=\"*\",ids=\"*\"" &&
	node_start &&
	node_swept &&
	door_start &&
	for key in $keys
	do
		door_shared $key || return 1
	done &&
	mkdir work &&
	node_copy_hello work &&
	git init -q -b main work &&
	git -C work add -A &&
	git -C work commit -q -m shop &&
	first=$(git -C work rev-parse HEAD) &&
	git -C work branch older &&
	GIT_SSH=$TRASH/ssh-operator &&
	git -C work push -q door:shop main 2>push.out &&
	echo hidden >work/greeting &&
	git -C work commit -q -a -m hidden &&
	git -C work push -q door:secret main 2>push.out &&
	git -C work reset -q --hard "$first" &&
	hornero wait $U1 &&
	hornero wait $U2 &&
	hornero drain &&
	SHOP=$NODE/git/shop.git &&
	ended=$(hornero image show $U1 --json | jq .newest_job) &&
	theirs=$(hornero image show $U2 --json | jq .newest_job) &&
	git -C work commit -q --allow-empty -m two &&
	git -C work branch -f older &&
	git -C work commit -q --amend --allow-empty -m three &&
	git -C work push -q door:shop main 2>push.out &&
	open=$(hornero queue --json | jq "map(select(.state == \"queued\"))[0].job") &&
	test "$open" -gt 0
'

test_expect_success 'by git' '
	table_is_true "$git_table"
'

test_expect_success 'the words, about a repository of the key' '
	table_is_true "$word_table"
'

test_expect_success 'the words, about a repository of others' '
	table_is_true "$others_table"
'

test_expect_success 'the words about the node, and those for its users alone' '
	table_is_true "$node_table"
'

# A key that is refused, or sees an empty list, learns nothing of what it may not read.
test_expect_success 'no answer had anything of the other repository, but what was asked' '
	commit=$(hornero image show $U2 --json | jq -r .artifact.commit | cut -c 1-12) &&
	digest=$(hornero image show $U2 --json | jq -r .artifact.digest) &&
	test -s answers &&
	test_must_fail grep -a -E "Hidden|$digest|$commit" answers
'

# The same, however the client sets its environment.
test_expect_success 'the variables of a client give no right' '
	for variable in HORNERO_KEY=operator HORNERO_CONF=/dev/null HORNERO_DOOR=x GIT_DIR=/ \
		HORNERO_FROM=127.0.0.1 GIT_CONFIG_COUNT=1 LD_PRELOAD=/x PATH=/ HOME=/
	do
		env_options="$env_options $variable"
	done &&
	for key in other reader
	do
		"$TRASH/ssh-$key" -O exit door &&
		door_shared $key "-o \"SetEnv=$env_options\"" || return 1
	done &&
	keys="other reader" &&
	table_is_true "$others_table" &&
	table_is_true "$node_table" &&
	table_is_true "$(echo "$git_table" | grep push)"
'

test_expect_success 'both protocols name the branch of HEAD, and no ref that git hides' '
	as_git git -C "$SHOP" update-ref refs/heads/main "$first" &&
	as_git git -C "$SHOP" config transfer.hideRefs refs/hidden &&
	as_git git -C "$SHOP" update-ref refs/hidden/one "$first" &&
	GIT_SSH=$TRASH/ssh-writer &&
	for version in 0 2
	do
		git -c protocol.version=$version ls-remote --symref door:shop >refs &&
		test_grep "^ref: refs/heads/main	HEAD" refs &&
		test_grep ! refs/hidden refs &&
		test_expect_code 128 git -c protocol.version=$version -C work fetch door:shop \
			refs/hidden/one 2>err || return 1
	done &&
	printf "0014command=ls-refs\n00010009peel\n000csymrefs\n0000" >asked &&
	"$GIT_SSH" -o SetEnv=GIT_PROTOCOL=version=2 door git-upload-pack shop <asked >wire &&
	grep -a "HEAD symref-target:refs/heads/main" wire &&
	test_must_fail grep -a refs/hidden wire
'

test_done
