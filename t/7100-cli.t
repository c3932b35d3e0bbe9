#!/bin/sh
test_description='the words of hornero: help, usage, listings, log, wait, why, cancel, rebuild'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

A=00000000-0000-4000-8000-0000000000aa
ONE=1111111111111111111111111111111111111111

seed () {
	"$HORNERO_BUILD/t/tools/seed" "$HORNERO_CONF" "$@"
}

# node NAME: a configuration and its directories, no agent.
node () {
	mkdir -p "$1" &&
	cat >"$1/hornero.yaml" <<-END &&
	repo_root: $TRASH/$1/git
	repo_base: $TRASH/$1/unikernels
	state_dir: $TRASH/$1/state
	instances_path: $TRASH/$1/instances
	builders_dir: $HORNERO_SRC/etc/builders.d
	libexec_dir: $HORNERO_BUILD
	isolation: none
	END
	HORNERO_CONF=$TRASH/$1/hornero.yaml &&
	export HORNERO_CONF &&
	hornero init >"$1.init"
}

# rows EXPRESSION FILE: the expression for each row r of a JSON listing.
rows () {
	python3 -c '
import json, sys
rows = json.load(open(sys.argv[2]))
for r in rows if isinstance(rows, list) else [rows]:
    print(eval(sys.argv[1], {"r": r}))' "$@"
}

words () {
	hornero --help | grep '^  hornero ' | cut -c 11-40 | sed 's/ *[A-Z[].*//; s/ *$//'
}

test_expect_success 'the whole and every word have --help, exit 0' '
	hornero --help >all 2>err &&
	test ! -s err &&
	hornero --version >version &&
	test_grep "^hornero [0-9]" version &&
	test "$(words | wc -l)" -ge 17 &&
	words | while read -r word
	do
		hornero $word --help >help 2>err &&
		test ! -s err || exit 1
		test_grep "^usage: hornero $word" help || exit 1
		test_grep "^  -h, --help" help || exit 1
	done
'

test_expect_success 'the list is by task' '
	grep -E "^[A-Z][a-z]+: |^  hornero " all >lines &&
	grep -o "^[A-Z][a-z]*" lines >headings &&
	printf "%s\n" Push See Undo Operate >want &&
	test_cmp want headings &&
	head -n 1 lines >first &&
	test_grep "^Push: " first &&
	sed -n "/^Undo/,/^\$/p" all >undo &&
	test_grep "hornero rollback" undo &&
	test_grep ! "hornero log" undo
'

test_expect_success 'help needs no configuration; a noun shows its words' '
	hornero -c /nowhere queue --help &&
	hornero image --help >help &&
	test_grep "hornero image add .UUID. REPO" help &&
	test_must_fail grep "hornero queue" help
'

test_expect_success 'usage errors: 64, with the nearest word or what is missing' '
	test_expect_code 64 hornero 2>err &&
	test_grep "^usage:" err &&
	test_expect_code 64 hornero qeue 2>err &&
	test_grep "Did you mean: queue" err &&
	test_expect_code 64 hornero imgae list 2>err &&
	test_grep "image list" err &&
	test_expect_code 64 hornero image lst 2>err &&
	test_grep "image list" err &&
	test_expect_code 64 hornero image 2>err &&
	test_grep "image add .UUID. REPO" err &&
	test_expect_code 64 hornero zzzzzz 2>err &&
	test_must_fail grep "Did you" err &&
	test_expect_code 64 hornero show 2>err &&
	test_grep "show needs JOB" err &&
	test_expect_code 64 hornero show 1 2 2>err &&
	test_grep "\"2\" is one argument too many" err &&
	test_expect_code 64 hornero queue --al1 2>err &&
	test_grep "al1" err &&
	test_expect_code 64 hornero wait 1 --timeout 2>err &&
	test_grep "needs a value" err &&
	test_expect_code 64 hornero log 1 --json 2>err &&
	test_grep "does not take --json" err &&
	printf "\033[31m" >red &&
	test_expect_code 64 hornero "$(cat red)" 2>err &&
	test_must_fail grep "$(cat red)" err
'

test_expect_success 'no configuration, a broken one: 78, file, line and column' '
	test_expect_code 78 hornero -c "$TRASH/none.yaml" queue 2>err &&
	test_grep none.yaml err &&
	printf "state_dir: %s\nworkers: many\n" "$TRASH/x" >bad.yaml &&
	test_expect_code 78 hornero -c "$TRASH/bad.yaml" queue 2>err &&
	test_grep "bad.yaml:2:[0-9]+: " err &&
	printf "state_dir: %s\nwrokers: 2\n" "$TRASH/x" >bad.yaml &&
	test_expect_code 78 hornero queue -c "$TRASH/bad.yaml" 2>err &&
	test_grep "bad.yaml:2:[0-9]+: .*wrokers" err
'

test_expect_success 'before init: 75, and the command that helps' '
	mkdir -p empty &&
	sed "s,^,," >empty/hornero.yaml <<-END &&
	repo_root: $TRASH/empty/git
	repo_base: $TRASH/empty/unikernels
	state_dir: $TRASH/empty/state
	instances_path: $TRASH/empty/instances
	END
	test_expect_code 75 hornero -c "$TRASH/empty/hornero.yaml" queue 2>err &&
	test_grep "hornero init" err
'

test_expect_success 'an empty node says so' '
	node one &&
	hornero queue >out &&
	test_grep "queue is empty" out &&
	test_grep "isolation: none" out &&
	test_grep "agent: not running" out &&
	hornero image list >out &&
	test_grep "hornero image add" out &&
	test_grep "isolation: none" out &&
	hornero cache >out &&
	test_grep "isolation: none" out &&
	for word in queue "image list" cache
	do
		hornero $word --json >out 2>err &&
		test_grep "isolation: none" err &&
		test "$(rows 1 out)" = "" || return 1
	done
'

test_expect_success 'every state in the queue, aligned, escaped, no colour' '
	sed -n "/^\.SH STATES/,/^\.SH WHAT/s/^\.B //p" "$HORNERO_SRC/doc/hornero.1" >states &&
	test -s states &&
	seed &&
	hornero queue --all >out &&
	for state in $(cat states)
	do
		test_grep "^ *[0-9]+  $state " out || return 1
	done &&
	test_grep "x1b.31mno rule to make target" out &&
	test_must_fail grep "$(cat red)" out &&
	test_grep "instance 7c9e6679 stands" out &&
	test_grep "next attempt in 9 min: the disk is full" out &&
	test_grep "isolation: none" out &&
	head -n 1 out >head &&
	columns="JOB  STATE       IMAGE  *REPO  *COMMIT  *ORIGIN" &&
	columns="$columns  ATTEMPT  CREATED  *ENDED  *EXPECTED  *NOTE" &&
	test_grep "^$columns$" head &&
	awk "{print \$1, \$2}" out >all &&
	hornero queue | awk "{print \$1, \$2}" >recent &&
	test_cmp all recent
'

test_expect_success 'the same as JSON: names, numbers, whole values, ASCII' '
	hornero queue --all --json >out 2>err &&
	test_grep "isolation: none" err &&
	rows "r[\"state\"]" out | sort -u >got &&
	sort states >want &&
	test_cmp want got &&
	rows "len(r[\"commit\"]) == 40 and r[\"created_ms\"] > 1e12 and len(r[\"image\"]) == 36" \
		out | sort -u >got &&
	echo True >want &&
	test_cmp want got &&
	open="(\"queued\", \"running\", \"built\", \"held\")" &&
	rows "(r[\"ended_ms\"] is None) == (r[\"state\"] in $open)" out | sort -u >got &&
	test_cmp want got &&
	test_must_fail env LC_ALL=C grep "[^ -~]" out
'

test_expect_success 'colour on a terminal only, never with NO_COLOR' '
	if command -v script >/dev/null
	then
		TERM=xterm script -qec "hornero queue --all" /dev/null >out </dev/null &&
		grep -q "$(printf "\033")\[31mfailed$(printf "\033")\[0m" out &&
		TERM=xterm NO_COLOR=1 script -qec "hornero queue --all" /dev/null >out </dev/null &&
		test_must_fail grep "$(printf "\033")" out
	fi
'

test_expect_success 'a job in full' '
	hornero show 2 >out &&
	test_grep "^state: *failed" out &&
	test_grep "^ *1 .*exit .*3.4 s.*123.0 MiB" out &&
	test_grep "by|queued" out &&
	test_grep "hornero log 2" out &&
	test_must_fail grep "$(cat red)" out &&
	hornero show --json 2 >out &&
	test "$(rows "r[\"attempts\"][0][\"build_ms\"]" out)" = 3456 &&
	test "$(rows "r[\"isolation\"]" out)" = none &&
	rows "[e[\"event\"] for e in r[\"events\"]]" out &&
	test_expect_code 64 hornero show 4711 2>err &&
	test_grep "no job 4711" err &&
	test_expect_code 64 hornero show x 2>err &&
	test_expect_code 64 hornero show 0 2>err &&
	test_expect_code 64 hornero show -- -1 2>err &&
	test_expect_code 64 hornero show 99999999999999999999 2>err
'

test_expect_success 'a log is printed safely, the newest attempt or the one asked for' '
	printf "first\n" >one/state/log/2.1.log &&
	printf "second \033[31mred\377\n\tgr\303\274n\n" >one/state/log/2.2.log &&
	hornero log 2 >out &&
	printf "second \\\\x1b[31mred\\\\xff\n\tgr\303\274n\n" >want &&
	test_cmp want out &&
	hornero log --attempt 1 2 >out &&
	echo first >want &&
	test_cmp want out &&
	test_expect_code 64 hornero log 2 -n 3 2>err &&
	test_grep "no log of attempt 3" err &&
	test_expect_code 1 hornero log 9 2>err &&
	test_grep "no attempt has begun" err &&
	test_expect_code 64 hornero log 4711
'

test_expect_success 'log -f of what has ended: the log, the outcome, its exit code' '
	test_expect_code 1 hornero log -f 2 >out &&
	test_grep "^first" out &&
	test_grep "^hornero: job 2 failed: " out &&
	printf "no newline" >one/state/log/1.1.log &&
	hornero log -f 1 >out 2>err &&
	test_grep "^no newline$" out &&
	test_grep "^hornero: job 1 is published" out &&
	test_grep "hornerod does not run" err &&
	hornero log -f 6 >out &&
	test_grep "instance 7c9e6679" out &&
	test_expect_code 1 hornero log -f 3 &&
	test_expect_code 1 hornero log -f 8 >out &&
	test_grep "by job 9" out
'

test_expect_success 'wait JOB: 0, 1, 75 with the reason' '
	hornero wait 1 >out &&
	test_grep "job 1 is published" out &&
	test_expect_code 1 hornero wait 2 2>err &&
	test_grep "no rule" err &&
	test_must_fail grep "$(cat red)" err &&
	test_expect_code 75 hornero wait 3 2>err &&
	test_grep "held: capstan is not installed.*hornero retry 3" err &&
	test_expect_code 1 hornero wait 5 2>err &&
	test_grep cancelled err &&
	test_expect_code 75 hornero wait 6 2>err &&
	test_grep "instance 7c9e6679" err &&
	test_expect_code 1 hornero wait 8 2>err &&
	test_grep "job 9" err &&
	test_expect_code 75 hornero wait 9 --timeout 0.2 2>err &&
	test_grep "job 9 is still queued, and the time is over" err &&
	tail -n 1 err >last &&
	test_grep "job 9 .*hornerod does not run" last &&
	test_expect_code 75 hornero wait --timeout 0 9 &&
	test_expect_code 64 hornero wait 9 --timeout soon &&
	test_expect_code 64 hornero wait 9 --timeout -1 &&
	test_expect_code 64 hornero wait 4711 &&
	test_expect_code 64 hornero wait nonsense
'

test_expect_success 'why: one line, the cause and a command' '
	for job in 1 2 3 4 5 6 7 8 9
	do
		hornero why $job >out &&
		test "$(wc -l <out)" -eq 1 &&
		test_grep "^Job $job .*\.$" out || return 1
	done &&
	hornero why 4 >out &&
	test_grep "systemctl start hornerod" out &&
	hornero why $A >out &&
	test_grep "not registered.*hornero image add $A" out
'

test_expect_success 'an agent that runs is seen by its lock' '
	(
		flock 9 &&
		hornero queue >out &&
		hornero why 4 >why &&
		hornero why 7 >why7
	) 9>one/state/run/agent.lock &&
	test_must_fail grep "agent: not running" out &&
	test_grep "next attempt in 9 min.*the disk is full" why &&
	test_grep "being built.*hornero log -f 7" why7
'

test_expect_success 'cancel: at once, or by the agent' '
	hornero cancel 9 >out &&
	test_grep "job 9 is cancelled" out &&
	hornero queue --all --json >out 2>err &&
	test "$(rows "r[\"state\"] if r[\"job\"] == 9 else 0" out | grep -v 0)" = cancelled &&
	test_expect_code 64 hornero cancel 9 &&
	test_expect_code 75 hornero cancel 7 2>err &&
	test_grep "hornerod does not run" err &&
	test -e one/state/run/cancel/7 &&
	(flock 9 && hornero cancel 7 >out) 9>one/state/run/agent.lock &&
	test_grep "being ended" out
'

test_expect_success 'retry' '
	hornero retry 2 >out &&
	test_grep "^job 10 queued" out &&
	test_expect_code 64 hornero retry 1 &&
	test_expect_code 64 hornero retry 4711
'

test_expect_success 'image add checks its arguments' '
	test_expect_code 64 hornero image add not-a-uuid hello 2>err &&
	test_grep "not an image UUID" err &&
	test_expect_code 64 hornero image add $A hello 2>err &&
	test_grep "hornero repo create hello" err &&
	hornero repo create team/hello >out &&
	REPO=$(tail -n 1 out) &&
	test -d "$REPO" &&
	test -f "$REPO/HEAD" &&
	test_expect_code 64 hornero image add $A team/hello --builder nobody 2>err &&
	test_grep "no usable builder .nobody" err &&
	test_expect_code 64 hornero image add $A team/hello --ref "../x" &&
	test_expect_code 64 hornero image add $A ../etc &&
	test_expect_code 64 hornero image add $A team/hello --subdir ../x &&
	test ! -e one/state/images.d/$A.yaml &&
	test_expect_code 64 hornero image add $(echo $A | tr a-f A-F) team/hello 2>err &&
	test_grep "has capital letters.*use $A" err &&
	hornero image add $A team/hello --name "Hello, \"world\": #1" --builder make >out &&
	test_grep "$A follows refs/heads/main" out &&
	test -f one/state/images.d/$A.yaml &&
	hornero image add $A team/hello >out &&
	test_grep "^unchanged: " out &&
	test_expect_code 64 hornero image add $A team/hello --name x 2>err &&
	test_grep "hornero image set" err &&
	B=00000000-0000-4000-8000-0000000000bb &&
	hornero image add $B team/hello
'

test_expect_success 'image add fails while another process changes an image file' '
	test_expect_code 75 flock one/state/images.d hornero image add \
		00000000-0000-4000-8000-0000000000cc team/hello 2>err &&
	test_grep "another process is changing an image file" err &&
	test ! -e one/state/images.d/00000000-0000-4000-8000-0000000000cc.yaml
'

test_expect_success 'image list, show and set' '
	hornero image list >out &&
	test_grep "^$A  Hello, \"world\": #1 .*team/hello .*none" out &&
	hornero image set $A subdir=node ref=refs/heads/next builder= name=Next &&
	hornero image show $A --json >out &&
	jq -c "[.subdir, .ref, .builder, .name, .state]" out >got &&
	echo "[\"node\",\"refs/heads/next\",null,\"Next\",\"none\"]" >want &&
	test_cmp want got &&
	hornero image show $A >out &&
	test_grep "^repository: .*/team/hello.git$" out &&
	test_grep "^cache file: .*/_base/[0-9a-f]{40}$" out &&
	test_expect_code 64 hornero image set $A colour=red 2>err &&
	test_grep colour err &&
	test_expect_code 64 hornero image set $A repo &&
	test_expect_code 64 hornero image set $A repo=other &&
	test_expect_code 78 hornero image show 00000000-0000-4000-8000-0000000000cc 2>err &&
	test_grep "hornero image add" err &&
	hornero image set $A subdir= ref=refs/heads/main
'

test_expect_success 'a broken image file is a row that says where' '
	C=00000000-0000-4000-8000-0000000000cc &&
	printf "repo: team/hello\nrfe: x\n" >one/state/images.d/$C.yaml &&
	hornero image list >out &&
	test_grep "^$C .*broken .*$C.yaml:2:[0-9]+:" out &&
	hornero image list --json >out 2>err &&
	rows "r[\"state\"]" out | sort >got &&
	printf "%s\n" broken none none >want &&
	test_cmp want got &&
	hornero why $C >out &&
	test_grep "ignored because of an error in its file: .*$C.yaml:2:" out &&
	test_expect_code 78 hornero image show $C &&
	test_expect_code 1 hornero rebuild --all 2>err &&
	test_grep "$C is skipped" err &&
	hornero image remove $C &&
	test ! -e one/state/images.d/$C.yaml &&
	test_expect_code 78 hornero image show $C
'

test_expect_success 'nothing pushed yet: wait 75, rebuild 1, why says push' '
	test_expect_code 75 hornero wait $A 2>err &&
	test_grep "nothing has been pushed" err &&
	test_expect_code 1 hornero rebuild $A 2>err &&
	test_grep "nothing has been pushed" err &&
	hornero why $A >out &&
	test_grep "git push .*team/hello.git HEAD:refs/heads/main" out
'

# A commit straight into the bare repository: hooks have tests of their own.
commit () {
	tree=$(git --git-dir="$REPO" mktree </dev/null) &&
	head=$(git --git-dir="$REPO" commit-tree -m "$1" $tree) &&
	git --git-dir="$REPO" update-ref refs/heads/main $head
}

test_expect_success 'rebuild queues the commit of the ref; a newer one supersedes' '
	commit a &&
	hornero rebuild $A >out &&
	test_grep "image $A: job 11 queued" out &&
	hornero rebuild $A >out &&
	test_grep "job 11 was queued for that already" out &&
	hornero rebuild $A --clean >out &&
	test_grep "job 12 queued" out &&
	hornero show 12 --json >out &&
	test "$(rows "r[\"commit\"], r[\"force\"], r[\"clean\"], r[\"origin\"]" out)" = \
		"('\''$head'\'', True, True, '\''rebuild'\'')" &&
	hornero rebuild --all --force >out &&
	test "$(wc -l <out)" -ge 2 &&
	test_expect_code 64 hornero rebuild &&
	test_expect_code 64 hornero rebuild $A --all
'

test_expect_success 'wait UUID: warm at the newest commit, not at an older one' '
	seed warm $A $head &&
	hornero wait $A >out &&
	test_grep "image $A is warm at" out &&
	commit b &&
	test_expect_code 75 hornero wait $A --timeout 0.1 2>err &&
	test_grep "image $A is not warm at .* yet, and the time is over" err &&
	tail -n 1 err >last &&
	test_grep "job 12 waits because hornerod does not run" last &&
	hornero image list >out &&
	test_grep "^$A .*warm" out &&
	hornero cache --json >out 2>err &&
	test "$(rows "r[\"size_bytes\"] if r[\"state\"] == \"warm\" else 0" out | grep -v ^0)" = \
		4096
'

# background NAME COMMAND…: its output in NAME.out, its exit code in NAME.rc when it has ended.
background () {
	background_name=$1
	shift
	{
		"$@" >"$background_name.out" 2>&1
		echo $? >"$background_name.rc.new" &&
		mv "$background_name.rc.new" "$background_name.rc"
	} &
}

test_expect_success 'wait and log -f see a job move, across attempts' '
	node two &&
	hornero repo create team/hello >out &&
	REPO=$(tail -n 1 out) &&
	hornero image add $A team/hello &&
	commit c &&
	background wait-image hornero wait $A --timeout 300 &&
	background wait-job hornero wait 1 --timeout 300 &&
	id=$(seed queue $A $head) &&
	test $id -eq 1 &&
	background follow hornero log -f 1 &&
	wait_until "grep -q \"has not begun\" follow.out" 20 &&
	seed claim &&
	echo "one line" >two/state/log/1.1.log &&
	wait_until "grep -q \"one line\" follow.out" 20 &&
	seed requeue 1 1 "a reboot" &&
	seed claim &&
	echo "another line" >two/state/log/1.2.log &&
	wait_until "grep -q \"another line\" follow.out" 20 &&
	printf more >>two/state/log/1.2.log &&
	wait_until "grep -q more follow.out" 20 &&
	test ! -e follow.rc &&
	seed warm $A $head &&
	seed publish 1 2 &&
	wait_until "test -e follow.rc && test -e wait-image.rc" 20 &&
	test "$(cat follow.rc wait-image.rc)" = "$(printf "0\n0")" &&
	test_grep "^hornero: attempt 2 of job 1" follow.out &&
	test_grep "^more$" follow.out &&
	test_grep "^hornero: job 1 is published" follow.out
'

test_expect_success 'wait UUID ends with the failed job, or the deferral, of the newest commit' '
	commit d &&
	background failing hornero wait $A --timeout 300 &&
	seed queue $A $head &&
	seed claim &&
	seed fail 2 1 "make exited 2" &&
	wait_until "test -e failing.rc" 20 &&
	test "$(cat failing.rc)" -eq 1 &&
	test_grep "make exited 2" failing.out &&
	commit e &&
	seed queue $A $head &&
	seed claim &&
	seed wait 3 1 "instance 7 stands on it" &&
	test_expect_code 75 hornero wait $A 2>err &&
	test_grep "instance 7 stands on it" err
'

test_expect_success 'wait UUID outlives a queue that is deleted' '
	commit f &&
	rm two/state/queue/queue.db* &&
	background patient hornero wait $A --timeout 300 &&
	seed warm $A $head &&
	wait_until "test -e patient.rc" 20 &&
	test "$(cat patient.rc)" -eq 0 &&
	rm -f two/state/queue/queue.db* &&
	commit g &&
	hornero why $A >out &&
	test_grep "no queue in" out &&
	hornero init &&
	hornero why $A >out &&
	test_grep "hornerod" out
'

test_expect_success 'Ctrl-C leaves log -f and says that the job goes on' '
	id=$(seed queue $A $ONE) &&
	{ hornero log -f $id >detach.out 2>detach.err & } &&
	pid=$! &&
	wait_until "grep -q \"has not begun\" detach.err" 20 &&
	kill -TERM $pid &&
	{ wait $pid; test $? -eq 143; } &&
	test_grep "goes on; .hornero log -f" detach.err
'

test_expect_success 'sweep is the sweep program, with our configuration' '
	mkdir -p libexec &&
	printf "#!/bin/sh\necho \"\$@\"\nexit 3\n" >libexec/hornero-sweep &&
	chmod +x libexec/hornero-sweep &&
	sed "s,^libexec_dir:.*,libexec_dir: $TRASH/libexec," "$HORNERO_CONF" >other.yaml &&
	test_expect_code 3 hornero -c other.yaml sweep --json >out &&
	echo "-c $TRASH/other.yaml --json" >want &&
	test_cmp want out &&
	rm libexec/hornero-sweep &&
	test_expect_code 78 hornero -c other.yaml sweep 2>err &&
	test_grep "libexec_dir" err
'

test_expect_success 'output that cannot be written is an error' '
	test_expect_code 75 hornero --help >/dev/full 2>err &&
	test_grep "cannot write" err
'

# follow_unread JOB: into a pipe that somebody holds open and nobody reads.
follow_unread () {
	hornero log -f --alive 1 "$1" >unread 2>unread.err
}

test_expect_success 'log -f --alive says that the job goes on, and stops when nobody reads' '
	node alive &&
	id=$(seed queue $A $ONE) &&
	mkfifo unread &&
	exec 7<>unread &&
	background alive hornero log -f --alive 1 $id &&
	background lost follow_unread $id &&
	wait_until "grep -q \"hornero: job $id is still queued\" alive.out && test -e lost.rc" 20 &&
	exec 7>&- &&
	test "$(cat lost.rc)" = 1 &&
	test ! -e alive.rc &&
	test_expect_code 64 hornero log -f --alive 0 $id &&
	hornero cancel $id &&
	wait_until "test -e alive.rc" 20
'

# checkpointed: the log of the database is written back, all of it.
checkpointed () {
	test "$(sqlite3 $queue 'PRAGMA wal_checkpoint(TRUNCATE)')" = '0|0|0'
}

# Red where rows are printed inside their transaction.
test_expect_success 'a listing that nobody reads blocks no checkpoint, and is whole' '
	queue=$TRASH/alive/state/queue/queue.db &&
	sqlite3 $queue "SELECT group_concat(char(34) || name || char(34))
		FROM pragma_table_info(\"jobs\") WHERE name != \"id\"" >columns &&
	sqlite3 $queue "
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
		INSERT INTO jobs (id, $(cat columns))
		SELECT 1000 + i, $(cat columns) FROM jobs, n WHERE jobs.id = $id" &&
	mkfifo listed &&
	{ hornero queue --all --json >listed & } &&
	exec 7<listed &&
	head -c 1 <&7 >first &&
	sqlite3 $queue "UPDATE jobs SET reason = \"x\" WHERE id = 1001" &&
	wait_until checkpointed 10 &&
	cat first - <&7 >all.json &&
	exec 7<&- &&
	wait $! &&
	test "$(rows "r[\"job\"]" all.json | sort -u | wc -l)" = \
		$(sqlite3 $queue "SELECT count(*) FROM jobs") &&
	test "$(jq length all.json)" = "$(sqlite3 $queue "SELECT count(*) FROM jobs")"
'

test_expect_success 'log of several jobs: one after the other, the worst exit code' '
	two=$(seed queue $A $ONE) &&
	seed claim &&
	seed publish $two 1 &&
	test_expect_code 1 hornero log -f $id $two >out &&
	test_grep "^hornero: job $id was cancelled" out &&
	test_grep "^hornero: job $two$" out &&
	test_grep "^hornero: job $two is published" out &&
	test_expect_code 64 hornero log 999 $two
'

test_done
