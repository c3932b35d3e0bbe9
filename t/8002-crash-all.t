#!/bin/sh
# Every point of every program, out of the programs themselves: die there or let the call fail,
# start again, settle. Each time all of crash_settles (t/lib/crash.sh) holds.
#
# HORNERO_TEST_LONG=1 plays all cases and some pairs of deaths, else a few of one scene by chance.
# HORNERO_TEST_SEED, printed, plays the same again; HORNERO_TEST_SCENES limits the scenes, and
# HORNERO_TEST_CASE='SCENE PROGRAM NAME ACTION N' plays only that one.
test_description='crashes: every failpoint of every program'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/crash.sh"

test "$(id -u)" -ne 0 || node_users
# ./check plays the same cases each time: it is about the change, not about luck.
seed=1
test -z "$HORNERO_TEST_LONG" || seed=$(date +%s)
seed=${HORNERO_TEST_SEED:-$seed}
echo "# HORNERO_TEST_SEED=$seed"

scenes=${HORNERO_TEST_SCENES:-push release words first upkeep handover notify migrate damaged}
OTHER=11111111-1111-4111-8111-111111111111
BACKUP=$TRASH/safe/node.tar
install -d -m 0700 "$TRASH/safe"
ssh-keygen -q -t ed25519 -N '' -C alice -f alice

# play: pushes a change, and waits until the point is reached or nothing is left to do.
play () {
	change &&
	git -C "$HELLO_WORK" push origin main
	test -z "$node_pid" || wait_until 'crash_reached || crash_idle' 120
}

# say COMMAND…: goes on, however it ends.
say () {
	echo "\$ $*"
	"$@" || echo "exit $?"
}

# start: the sweep of the start ends before anything is pushed. Else chance decides whether the
# hook or the sweep queues a push, and which of them passes a point.
start () {
	: >started
	say node_start
	test -z "$node_pid" || wait_until "crash_reached || ! kill -0 $node_pid ||
		test '$NODE/state/run/done.sweep' -nt started" 120
}

scene_push () {
	start
	play
}

scene_release () {
	hornero image set "$HELLO_UUID" releases=always
	start
	play
	play
	say command hornero gc
	say hornero rollback -t 10 "$HELLO_UUID"
	say hornero rollback -t 10 --undo "$HELLO_UUID"
}

mend_release () {
	! hornero image show "$HELLO_UUID" --json | jq -e .pinned ||
		hornero rollback -t 60 --undo "$HELLO_UUID" &&
	hornero image set "$HELLO_UUID" releases=never &&
	change # so that the content has no release when it begins again
}

# Each command that writes.
scene_words () {
	start
	say hornero image set "$HELLO_UUID" name=other
	say hornero image set "$HELLO_UUID" name=hello
	say hornero pause "$HELLO_UUID"
	say hornero resume "$HELLO_UUID"
	say hornero pause
	say hornero resume
	say command hornero key add alice "$TRASH/alice.pub" --read hello
	say command hornero key set alice --write hello
	say command hornero key remove alice
	say command hornero base add one.img "$TRASH/alice"
	say command hornero base add one.img "$TRASH/alice.pub" --replace
	say command hornero base remove one.img
	say hornero rebuild "$HELLO_UUID" --force
	say hornero cancel "$(hornero queue --json | jq -r '.[0].job')"
	say hornero config check --keep "$HORNERO_CONF"
	say hornero report --html "$TRASH/safe/page.html"
	say command hornero backup "$BACKUP"
	say command hornero gc --verify
	say hornero sweep
	play
}

mend_words () {
	command hornero key add alice "$TRASH/alice.pub" --read hello &&
	command hornero key remove alice &&
	hornero resume "$HELLO_UUID" &&
	hornero resume &&
	hornero image set "$HELLO_UUID" name=hello &&
	command hornero base add one.img "$TRASH/alice.pub" --replace &&
	command hornero base remove one.img &&
	command hornero backup "$BACKUP" &&
	for job in $(crash__sql "SELECT max(id) FROM jobs WHERE state = 'cancelled'")
	do
		hornero rebuild "$HELLO_UUID" || return 1
	done
}

scene_first () {
	rm -f "$(node_warm_path $OTHER)" # aged out by Nova
	rm -f "$NODE"/state/audit/*.jsonl # the first record of a month
	start
	say command hornero repo create other
	say hornero image add $OTHER other --builder make
	git -C "$HELLO_WORK" push "$NODE/git/other.git" main
	play
	say hornero image remove $OTHER
	say command hornero repo remove other --yes
	say command hornero gc
}

mend_first () {
	hornero image remove $OTHER &&
	{
		test ! -e "$NODE/git/other.git" ||
			command hornero repo remove other --yes
	} &&
	command hornero repo create other &&
	command hornero repo remove other --yes &&
	rm -f "$(node_warm_path $OTHER)" # the store may forget the artifact of a removed image
}

# Old logs, an old event, junk, a changed byte in Nova's cache, artifacts beyond the budget.
scene_upkeep () {
	sqlite3 "$NODE/state/queue/queue.db" \
		"INSERT INTO events (at_ms, job, attempt, event) VALUES (1, 0, 0, 'old')"
	play
	touch -d '2 hours ago' "$NODE"/state/log/*.log
	seq 1 20000 >"$NODE/state/log/1.1.log"
	touch -d '2 hours ago' "$NODE/state/log/1.1.log"
	echo junk >"$NODE/instances/hornero/artifact/$(printf %064d 7).raw"
	node_set store_budget 1M
	rm -rf "$NODE/state/toolchain"
	start
	wait_until 'crash_reached || crash_idle' 120
	say command hornero gc
	printf X | dd of="$(node_warm_path "$HELLO_UUID")" bs=1 seek=600000 conv=notrunc
	for round in 1 2 3
	do
		sed -i 's/"finished_ms": [0-9]*/"finished_ms": 1/' \
			"$NODE/instances/hornero/scrub.json"
		if test "$(id -u)" -eq 0
		then
			say node_as $node_hornero "$HORNERO_BUILD/hornero-scrub" -c "$HORNERO_CONF"
		else
			say "$HORNERO_BUILD/hornero-scrub" -c "$HORNERO_CONF"
		fi
	done
	say hornero sweep
	wait_until 'crash_reached || crash_idle' 120
}

mend_upkeep () {
	node_set store_budget &&
	change
}

# A reload while a build waits, and while it is published.
scene_handover () {
	start
	change
	rm -f "$NODE/unikernels/$HELLO_UUID/cache/here" "$NODE/unikernels/$HELLO_UUID/cache/go"
	sed -i "1a\\	$gate" "$HELLO_WORK/Makefile"
	git -C "$HELLO_WORK" commit -q -a --amend --no-edit
	git -C "$HELLO_WORK" push origin main
	wait_until "crash_reached || test -e '$NODE/unikernels/$HELLO_UUID/cache/here'" 120
	crash_reached || say kill -HUP "$node_pid"
	gate_open
	wait_until 'crash_reached || crash_idle' 120
}

mend_handover () {
	wait_until "test -e '$NODE/unikernels/$HELLO_UUID/cache'" 120 &&
	gate_open &&
	change
}

scene_notify () {
	hornero image set "$HELLO_UUID" on_warm=notify
	start
	play
	say hornero-notify --once
}

mend_notify () {
	hornero-notify --once &&
	hornero image set "$HELLO_UUID" on_warm=nothing
}

# The queue is of version 1.
scene_migrate () {
	sqlite3 "$NODE/state/queue/queue.db" \
		"DROP TRIGGER lines_insert; DROP TRIGGER lines_enter; DROP TRIGGER lines_leave;
		DROP TRIGGER lines_delete; DROP TABLE lines; DROP TABLE served;
		DROP INDEX jobs_claim; DROP INDEX jobs_due;
		ALTER TABLE jobs DROP COLUMN likely_builder; ALTER TABLE jobs DROP COLUMN likely_ms;
		ALTER TABLE jobs DROP COLUMN likely_cpu_ms; ALTER TABLE jobs DROP COLUMN charged_ms;
		CREATE INDEX jobs_claim ON jobs (priority, id, not_before_ms, image)
			WHERE state = 'queued';
		CREATE INDEX jobs_due ON jobs (not_before_ms)
			WHERE state = 'queued' AND not_before_ms > 0;
		ALTER TABLE attempts DROP COLUMN boot_ms; ALTER TABLE jobs DROP COLUMN how_built;
		ALTER TABLE jobs DROP COLUMN waiting_kind; PRAGMA user_version = 1;
		PRAGMA wal_checkpoint(TRUNCATE)"
	start
	play
}

scene_damaged () {
	rm -f "$NODE/state/queue"/queue.db.damaged-*
	sqlite3 "$NODE/state/queue/queue.db" "PRAGMA wal_checkpoint(TRUNCATE)"
	dd if=/dev/urandom of="$NODE/state/queue/queue.db" bs=4096 seek=1 count=60 conv=notrunc
	start
	play
}

# unreached: "NAME REASON" of each point that no scene passes.
unreached () {
	explain 't/6825-glance-crash.t dies there' glance-acted glance-before-action \
		glance-before-create glance-before-data glance-before-record glance-before-require \
		glance-before-tag glance-before-untag glance-created glance-data-given \
		glance-tagged glance-untagged registration-unlink
	explain 't/6845-stable-crash.t dies there' glance-before-describe glance-described \
		stable-looked stable-unlink
	explain 't/6854-rollout-faults.t dies there' rollout-asked rollout-before-pin \
		rollout-before-rebuild rollout-before-record rollout-record-unlink rollout-unlink
	explain 't/6865-share-faults.t dies there' share-before-answer share-before-rename \
		share-clear share-rename wanted-unlink offer-unlink
	explain 't/6875-mirror-faults.t dies there' mirror-before-record mirror-fetched \
		mirror-objects-rename mirror-unlink mirror-unlink-other
	explain 't/7172-placement-traits.t has the API' traits-before-set traits-unlink
	explain 't/6210-flatten.t and t/6220-flatten-running.t have instances' flatten-copying \
		flatten-done flatten-filled flatten-looked flatten-pulled flatten-sync \
		flatten-syncfs publish-flattened
	explain 't/6610-evict.t has a full cache' evict-locked evict-sync evict-unlink \
		evict-unlinked kept-unlink
	explain 't/6600-gc.t and t/6605-gc-checkouts.t have a full store' collect-manifest-gone \
		collect-manifest-unlink collect-moved collect-rename placed-unlink placed-rmdir
	explain 't/6340-confirm.t has an idle node' confirm-remarked
	explain 't/5540-fetch.t has a builder that fetches' fetch-before-rename fetch-rename \
		fetch-syncfs
	explain 't/4525-notify-audit.t dies there' notify-audit-before-cursor notify-audit-sync \
		auditcursor-unlink
	explain 't/8310-backup.t dies there' place-unlink restore-marked restore-queue-put \
		restore-queue-rename restore-queue-sync restore-queue-unlink \
		restore-repository-made restore-unmark
	explain 't/8020-dead-push.t has dead pushes' relic-removed relic-unlink underway-clear
	explain 't/8320-history.t has an old history' history-forgotten log-unlink
	explain 't/6510-rollback-faults.t stops there' pin-read
	explain 't/6170-changed.t changes the file of a release' staging-second \
		staging-second-clear staging-second-rename staging-second-same
	explain 't/6156-prepared-agent.t stops there' publish-prepared
	explain 't/8000-crash.t dies there' attempt-set-aside build-again-clean replace-renamed \
		queue-plan-done queue-report-done
	explain 'hornero-door makes its keys at its first start' hostkey-rename hostkey-sync \
		hostkey-undo doorcounts-clear doorcounts-rename doorcounts-undo
	explain 'hornero builder try has no node' try-log-unlink try-unlink
	explain 'only after another failure' backup-undo base-undo bell-undo build-unstage \
		create-unlink leftover-unlink log-pack-undo push-synced-rename push-synced-undo \
		queue-aside-prune queue-aside-prune-log refuse-rename refuse-unlink replace-undo \
		repo-undo share-undo staging-clear staging-second-undo staging-unlocked \
		staging-untake tree-park workdir-rename worktree-symlink worktree-symlink-again
	explain 'only of a work tree or store that another program changed' artifact-unlink \
		cancel-unlink done-unlink missing-unlink served-by-symlink served-clear \
		served-symlink-again served-unlink
	explain 'only with a record in Glance' pending-rename
}

explain () {
	explain__reason=$1
	shift
	printf "%s $explain__reason\n" "$@"
}

test_expect_success 'a node, and a first push' '
	crash_node "events_dir: $TRASH/events.d" &&
	install -d -m 0755 events.d &&
	install -m 0755 /bin/true events.d/10-true
'

if test -n "$HORNERO_TEST_CASE"
then
	test_expect_success "$HORNERO_TEST_CASE" '
		crash_case $HORNERO_TEST_CASE
	'
	test_done
fi

test_expect_success 'the points of the programs' '
	crash_points >points &&
	test "$(wc -l <points)" -gt 500
'

# cases SCENE: "SCENE PROGRAM NAME ACTION N" for each point that it passes, the first three times,
# if no scene before had that. The scene itself settles, too.
: >cases
cases () {
	crash_trace "$1" >"$1.passed" &&
	test -s "$1.passed" &&
	{ ! type mend_$1 >/dev/null 2>&1 || mend_$1; } &&
	crash_settles || { cat "$crash_out"; return 1; }
	while read -r program name times
	do
		test "$times" -lt 3 || times=3
		for n in $(seq "$times")
		do
			echo "$1 $program $name kill $n"
		done
		! grep -q "^$program step $name$" points ||
			printf "$1 $program $name %s 1\n" ENOSPC EIO EINTR ENOMEM
	done <"$1.passed" >>cases &&
	awk '{ scene = $1; $1 = "" } !seen[$0]++ { print scene $0 }' cases >fewer &&
	mv fewer cases
}

# random N: r is one of 0 … N - 1
random () {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	r=$((seed / 65536 % $1))
}

# random_line FILE: sets line.
random_line () {
	random "$(wc -l <"$1")"
	line=$(sed -n "$((r + 1))p" "$1")
}

if test -z "$HORNERO_TEST_LONG"
then
	printf '%s\n' $scenes >all
	random_line all
	scenes=$line
fi

for scene in $scenes
do
	test_expect_success "the points that the scene $scene passes" '
		cases $scene
	'
done

if test -n "$HORNERO_TEST_LONG" && test -z "$HORNERO_TEST_SCENES"
then
	test_expect_success 'each point is passed, or there is a reason' '
		cat *.passed | cut -d " " -f 2 | sort -u >passed &&
		sed "s/.* //" points | sort -u >names &&
		comm -23 names passed >unreached &&
		unreached | sort >reasons &&
		cut -d " " -f 1 reasons >explained &&
		comm -23 unreached explained >found &&
		comm -13 names explained >>found &&
		test_cmp /dev/null found
	'
fi

if test -n "$HORNERO_TEST_LONG"
then
	cp cases chosen
	pairs=40
else
	for i in 1 2 3 4 5 6 7 8 9 10 11 12
	do
		random_line cases
		echo "$line"
	done >chosen
	pairs=2
fi

# reaches SCENE PROGRAM NAME ACTION N: chance decides whether a job still runs when it is cancelled.
reaches () {
	for try in 1 2 3
	do
		crash_case "$@" || return 1
		test $crash_result = missed && test $5 -eq 1 || return 0
	done
	return 1
}

while read -r scene program name action n
do
	test_expect_success "$scene: $program/$name:$action:$n" '
		reaches $scene $program $name $action $n
	'
done <chosen

grep ' kill 1$' cases >deaths
for i in $(seq $pairs)
do
	random_line deaths
	first=$line
	grep "^${first%% *} " deaths >second
	random_line second
	pair=$(echo "$first $line" | cut -d ' ' -f 1,2,3,7,8)
	test_expect_success "two deaths: $pair" '
		crash_pair $pair
	'
done

test_expect_success 'nothing is left of the node when it stops' '
	node_stop &&
	hornerod --clean-up &&
	test -z "$(node_cgroups)"
'

test_done
