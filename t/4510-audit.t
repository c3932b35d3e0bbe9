#!/bin/sh
test_description='the audit log: pushes, commands and publications; what breaks its chain'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
test_requires jq jq
test_requires ssh-keygen openssh-client

# audit FILTER: what jq makes of the array of all records.
audit () {
	hornero events --audit --json --since 0 >audit.json &&
	jq -s -c "$1" audit.json
}

# last EVENT FILTER: of the last record of that event.
last () {
	audit "map(select(.event == \"$1\")) | last | $2"
}

# as_hornero COMMAND…: as the user of state_dir.
as_hornero () {
	test "$(id -u)" -ne 0 ||
	set -- setpriv --reuid $HORNERO_UID --regid $QUEUE_GID --groups $QUEUE_GID "$@"
	"$@"
}

# door_push ARG…: through the door, as alice.
door_push () {
	git -C clone push -q "$@" 2>push.out || { cat push.out; return 1; }
}

test_expect_success 'a node with a door, a key, a repository and an image' '
	door_node &&
	hooks_repo one &&
	hooks_image $U1 one --name web &&
	hooks_work &&
	door_start &&
	LOG=$(echo "$NODE"/state/audit/*.jsonl) &&
	test -f "$LOG"
'

test_expect_success 'commands that made something are there, with who, words and options' '
	audit "map(.command)" | grep "^\[\"init\",.*\"repo create\",\"image add\"\]$" &&
	test "$(last command ".words")" = "[\"$U1\",\"one\",\"--name=web\"]" &&
	test "$(last command ".by, .code")" = "$(printf "\"user\"\n0")" &&
	test "$(last command ".who")" = "\"$(id -un)\""
'

# Red without the record of pre-receive; without HORNERO_FROM in the door the address is missing.
test_expect_success 'a push through the door: key, fingerprint, address, refs; then jobs' '
	git clone -q door:one clone &&
	git -C clone checkout -q -b main &&
	git -C clone commit -q --allow-empty -m one &&
	git -C clone tag v1 &&
	commit=$(git -C clone rev-parse HEAD) &&
	door_push -o priority=-1 origin main v1 &&
	test "$(last push ".who, .by, .repo, .options")" = \
		"$(printf "\"alice\"\n\"key\"\n\"one\"\n[\"priority=-1\"]")" &&
	test "$(last push ".key")" = "\"$(ssh-keygen -lf alice.pub | cut -d " " -f 2)\"" &&
	last push ".from" | grep "^\"127\.0\.0\.1:[0-9]*\"$" &&
	test "$(last push "[.refs[].ref], .refs[0].new")" = \
		"$(printf "[\"refs/heads/main\",\"refs/tags/v1\"]\n\"%s\"" $commit)" &&
	test "$(last pushed "(.refs | length), .jobs[0].image, .jobs[0].commit")" = \
		"$(printf "2\n\"%s\"\n\"%s\"" $U1 $commit)" &&
	test "$(last pushed ".jobs[0].job")" = "$(node_job push.out)"
'

test_expect_success 'a refused push: why' '
	test_must_fail door_push -o nonsense origin main:x &&
	test "$(last push-refused ".who, .refs[0].ref")" = \
		"$(printf "\"alice\"\n\"refs/heads/x\"")" &&
	last push-refused .reason | grep "unknown push option"
'

test_expect_success 'a push by path: the user of the node' '
	hooks_push +main &&
	test "$(last push ".who, .by, .from")" = "$(printf "\"%s\"\n\"user\"\nnull" "$pusher")"
'

test_expect_success 'a command through the door: key and address' '
	door_ssh pause $U1 &&
	test "$(last command ".who, .by, .command, .words")" = \
		"$(printf "\"alice\"\n\"key\"\n\"pause\"\n[\"$U1\"]")" &&
	last command .from | grep "^\"127\.0\.0\.1:"
'

test_expect_success 'keys: fingerprint and rights as they are then' '
	ssh-keygen -q -t ed25519 -N "" -f bob &&
	hornero key add bob bob.pub --write "one:refs/heads/b/*" &&
	test "$(last command ".command, .fingerprint, .write")" = "$(printf \
		"\"key add\"\n\"%s\"\n\"one:refs/heads/b/*\"" \
		"$(ssh-keygen -lf bob.pub | cut -d " " -f 2)")" &&
	hornero key remove bob &&
	test "$(last command ".command, .words, .fingerprint")" = \
		"$(printf "\"key remove\"\n[\"bob\"]\nnull")"
'

# Red without cli->unchanged.
test_expect_success 'no record of what changed nothing, and none of a wrong command line' '
	before=$(audit length) &&
	hornero repo create one &&
	hornero image remove 99999999-9999-4999-8999-999999999999 &&
	test_must_fail hornero image set $U1 nonsense=1 &&
	hornero init &&
	test "$(audit length)" = "$before"
'

test_expect_success 'more refs than a record holds: several records' '
	hooks_in_work "for i in \$(seq 150); do git update-ref refs/heads/many/\$i HEAD; done" &&
	hooks_push "refs/heads/many/*:refs/heads/many/*" &&
	test "$(audit "map(select(.event == \"push\" and
		.refs[0].ref[0:16] == \"refs/heads/many/\")) | length > 1,
		(map(.refs) | add | length)")" = "$(printf "true\n150")"
'

test_expect_success 'listings: the last N, after a number, for people, as it grows' '
	all=$(audit length) &&
	hornero events --audit --limit 3 >out &&
	test "$(sed "s/  .*//" out)" = "$(seq $((all - 2)) $all)" &&
	n=$(audit "map(select(.event == \"push\"))[0].n") &&
	hornero events --audit --since $((n - 1)) --limit 2 >out &&
	test "$(sed "s/  .*//" out)" = "$(printf "%d\n%d" $n $((n + 1)))" &&
	test_grep "^$n  20..-.*Z  push  by alice from 127.0.0.1:[0-9]*  one  refs/heads/main" out &&
	test_expect_code 64 hornero events --audit --since yesterday &&
	test_expect_code 64 hornero events --verify &&
	rm -f feed &&
	{ hornero events --audit -f --json --since $all --limit 1 >feed & } &&
	feed=$! &&
	test_cleanup "kill $feed 2>/dev/null; :" &&
	hornero pause $U1 &&
	wait $feed &&
	test "$(jq -c ".n, .command" feed)" = "$(printf "%d\n\"pause\"" $((all + 1)))" &&
	hornero resume $U1
'

# Red without the check of the right: alice reads what other keys did.
test_expect_success 'of all keys only administrators of the node read it' '
	test_must_fail door_ssh events --audit 2>err &&
	test_grep "the key alice may not: it needs admin" err
'

test_expect_success 'a chain that is intact' '
	hornero events --audit --verify >out &&
	test_grep "^records 1 to $(audit length): the chain is intact; SHA-256 of the last: " out &&
	test "$(sed "s/.*: //" out)" = "$(tail -n 1 "$LOG" | tr -d "\n" | sha256sum |
		cut -d " " -f 1)" &&
	hornero events --audit --verify --json | jq -e ".intact and .problems == []"
'

# broken PATTERN: what the script on standard input makes of a copy of the log.
broken () {
	cp "$LOG" kept &&
	sed "$1" kept >"$LOG" &&
	test_expect_code 1 hornero events --audit --verify >out &&
	cat kept >"$LOG" &&
	test_grep "$2" out &&
	test_grep "the chain is broken" out
}

test_expect_success 'changed, removed, inserted lines break it, with file and line' '
	broken "${n}s/alice/mallory/" "jsonl:$((n + 1)): record $((n + 1)) does not follow" &&
	broken ${n}d "jsonl:$n: record $((n + 1)) follows record $((n - 1))" &&
	broken ${n}p "jsonl:$((n + 1)): record $n follows record $n" &&
	hornero events --audit --verify
'

test_expect_success 'a writer that died: the next one goes on, and the check says so' '
	printf "{\"n\":9" >>"$LOG" &&
	hornero pause $U1 &&
	hornero events --audit --verify >out &&
	test_grep "^1 incomplete lines" out &&
	test_grep "intact" out &&
	hornero resume $U1
'

# Red where pre-receive does not heed record().
test_expect_success 'no record, no push: refused in words, and nothing is stored' '
	chmod 0500 "$NODE/state/audit" &&
	mv "$LOG" kept.jsonl &&
	before=$(as_git git -C "$REPO" rev-parse main) &&
	hooks_commit file again &&
	mv "$NODE/state/audit" "$NODE/state/away" &&
	test_must_fail hooks_push main &&
	test_grep "push refused: it cannot be recorded: cannot open the audit log.s directory " \
		push.out &&
	test_grep "hornero init.*ask the operator" push.out &&
	test "$(as_git git -C "$REPO" rev-parse main)" = "$before" &&
	test -z "$(find "$REPO/objects" -name "tmp_objdir*")" &&
	test_must_fail hornero pause $U1 2>err &&
	test_grep "nothing is changed without a record: " err &&
	test_must_fail hornero status --json &&
	mv "$NODE/state/away" "$NODE/state/audit" &&
	chmod 02770 "$NODE/state/audit" &&
	mv kept.jsonl "$LOG" &&
	hooks_push main
'

test_expect_success 'a full disk: refused in words, and the log is as before' '
	test "$(id -u)" -eq 0 &&
	mv "$NODE/state/audit" "$NODE/state/away" &&
	mkdir "$NODE/state/audit" &&
	mount -t tmpfs -o size=64k,mode=02770,uid=$HORNERO_UID,gid=$QUEUE_GID none \
		"$NODE/state/audit" &&
	test_cleanup "umount \"$NODE/state/audit\"; :" &&
	hornero pause $U1 &&
	dd if=/dev/zero of="$NODE/state/audit/filler" bs=4k 2>/dev/null;
	wc -c "$NODE"/state/audit/*.jsonl >size &&
	hooks_commit file full &&
	while hooks_push "main:f$((n = n + 1))"; do :; done &&
	test_grep "push refused: it cannot be recorded: cannot write to .*No space left" push.out &&
	hornero events --audit --verify &&
	rm "$NODE/state/audit/filler" &&
	hooks_push main:f0
'

test_done
