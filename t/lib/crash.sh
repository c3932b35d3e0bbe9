# crash.sh: deaths and failing calls at any point of any program, and what must hold afterwards.
# After node.sh, on a node that crash_node has made:
#
#     crash_points >points               "PROGRAM point|step NAME", out of the programs
#     crash_trace SCENE >passed          "PROGRAM NAME TIMES": the points that a scene passes
#     crash_case SCENE PROGRAM NAME ACTION N
#                                        arms that failpoint, plays the scene, checks all
#     crash_pair SCENE PROGRAM NAME PROGRAM NAME
#                                        dies at the first, then at the second point
#
# A scene is a function scene_NAME that uses the node; any of its commands may fail. mend_NAME, if
# there is one, repeats what it left undone.

test_requires jq jq
test_requires sqlite3 sqlite3
test_requires readelf binutils

crash_programs='hornero hornerod hornero-build hornero-check hornero-checkout hornero-collect
	hornero-door hornero-flatten hornero-glance hornero-hook hornero-keep hornero-kernel2disk
	hornero-mirror hornero-notify hornero-publish hornero-scrub hornero-serve hornero-sweep'
crash_n=0
crash_out=$TRASH/scene.out

# The hook has the names by which git runs it.
crash_points () {
	for crash__program in $crash_programs
	do
		crash__names=$crash__program
		test $crash__program != hornero-hook || crash__names='pre-receive post-receive'
		for crash__name in $crash__names
		do
			readelf -p hornero_failpoints "$HORNERO_BUILD/$crash__program" 2>/dev/null |
				sed -n "s/^ *\[ *[0-9a-f]*\] */$crash__name /p"
		done
	done | sort -u
}

# crash_node [LINE…]: as node_init; with users where that is possible, and a first image.
crash_node () {
	node_init "sweep_interval: 10h" "$@" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	change &&
	git -C "$HELLO_WORK" push -q origin main &&
	crash_settles
}

# change: a new commit whose artifact holds its number.
change () {
	crash_n=$((crash_n + 1)) &&
	printf 'hornero.raw:\n\tprintf "content %d" >$@\n\ttruncate -s 1M $@\n' $crash_n \
		>"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m $crash_n
}

crash__said () {
	cat "$NODE/hornerod.log" "$crash_out" "$NODE"/state/log/*.log 2>/dev/null
}

crash_trace () {
	node_stop &&
	node_set failpoint all:log &&
	rm -f "$NODE"/state/log/*.log &&
	: >"$crash_out" &&
	scene_$1 >>"$crash_out" 2>&1
	node_set failpoint
	crash__said |
		sed -n 's/.*event=failpoint-passed program=\([^ ]*\) point=\([^ ]*\).*/\1 \2/p' |
		sort | uniq -c | awk '{ print $2, $3, $1 }'
}

crash_reached () {
	crash__said | grep -q -F "event=failpoint point=$crash__spec"
}

crash_idle () {
	test -n "$node_pid" && kill -0 "$node_pid" &&
	test -z "$(pgrep -P "$node_pid")" &&
	test "$(sqlite3 -readonly -cmd '.timeout 10000' "$NODE/state/queue/queue.db" \
		"SELECT count(*) FROM jobs WHERE state IN ('queued', 'running', 'built')")" = 0
}

# crash__play SCENE SPEC: plays it with that failpoint, and ends hornerod: a crash after a death.
crash__play () {
	crash__spec=$2
	if test -n "$node_pid"
	then
		node_stop || return 1
	fi
	rm -f "$NODE"/state/log/*.log
	node_set failpoint "$crash__spec" &&
	: >"$crash_out" || return 1
	scene_$1 >>"$crash_out" 2>&1
	wait_until 'crash_reached || crash_idle' 120
	! crash_reached || crash_result=reached
	node_set failpoint || return 1
	tail -n 60 "$NODE/hornerod.log" >>"$crash_out"
	test -n "$node_pid" || return 0
	case $2 in
	*:kill:* | *:stop:*) node_crash ;;
	*) crash__end ;;
	esac
}

# crash__mend SCENE: what another start of the node and the commands that were interrupted leave.
crash__mend () {
	node_start || return 1
	! type mend_$1 >/dev/null 2>&1 || mend_$1
}

# Sets crash_result: reached, or missed.
crash_case () {
	crash_result=missed
	crash__play $1 $2/$3:$4:$5 || { echo "the end: $?"; return 1; }
	crash__mend $1 || return 1
	crash__retry || return 1
	crash_settles || { cat "$crash_out"; return 1; }
}

# crash_pair SCENE PROGRAM NAME PROGRAM NAME: two deaths, without a settled node in between.
crash_pair () {
	crash__play $1 $2/$3:kill:1 &&
	crash__play $1 $4/$5:kill:1 || { echo "the end: $?"; return 1; }
	crash__mend $1 && crash__retry || return 1
	crash_settles || { cat "$crash_out"; return 1; }
}

# hornerod may have ended by the error.
crash__end () {
	node__end TERM
	case $? in
	0 | 65 | 70 | 75 | 78) return 0 ;;
	esac
	return 1
}

# EIO is for an operator to mend, and so is a third death of one job: it is held with the reason
# until `hornero retry`.
crash__retry () {
	wait_until 'crash_idle || test -n "$(crash__held)"' 120 || return 1
	crash__held | while IFS='|' read -r crash__job crash__reason
	do
		case $crash__reason in
		*"Input/output error"* | *"disk I/O error"* | *"ended without a verdict"*) ;;
		*) echo "job $crash__job is held: $crash__reason"; return 1 ;;
		esac
		# A sweep may supersede it meanwhile.
		hornero retry "$crash__job" || test -z "$(crash__held)" || return 1
	done
}

crash__held () {
	crash__sql "SELECT id, reason FROM jobs WHERE state = 'held'"
}

# crash_is NAME COMMAND…: COMMAND prints nothing.
crash_is () {
	crash__what=$1
	shift
	"$@" >"$TRASH/left" 2>&1
	test ! -s "$TRASH/left" ||
	{ echo "$crash__what:"; cat "$TRASH/left"; return 1; }
}

crash__sql () {
	sqlite3 -readonly -cmd '.timeout 10000' "$NODE/state/queue/queue.db" "$1"
}

# Each push that was acknowledged has a job that ended, or there is a newer one. No two jobs of
# pushes published one commit.
crash__jobs () {
	crash__sql "SELECT 'open', * FROM jobs WHERE state IN ('queued', 'running', 'built');
		SELECT 'failed', * FROM jobs WHERE state = 'failed';
		SELECT 'twice', image, \"commit\", group_concat(id) FROM jobs
			WHERE state = 'published' AND origin = 'push'
			GROUP BY image, \"commit\" HAVING count(*) > 1;
		SELECT 'none for $1' WHERE NOT EXISTS (SELECT 1 FROM jobs
			WHERE state = 'published' AND '$1' IN (\"commit\", built_commit));
		SELECT 'attempt without an end', * FROM attempts WHERE ended_ms IS NULL"
}

# The names in Nova's cache are those of artifacts, with all their bytes. The store may have
# forgotten the artifact of an old release, whose name says which bytes it has.
crash__cache () {
	for crash__file in "$NODE/instances/_base"/* "$NODE/instances/_base"/.[!.]*
	do
		test -e "$crash__file" || continue
		expr "${crash__file##*/}" : '[0-9a-f]\{40\}$' >/dev/null ||
			echo "a foreign name: $crash__file"
		crash__digest=$(sha256sum <"$crash__file" | cut -d ' ' -f 1)
		crash__artifact=$NODE/instances/hornero/artifact/$crash__digest
		if test -e "$crash__artifact.json"
		then
			cmp "$crash__file" "$crash__artifact.raw"
		else
			echo "${crash__file##*/} $crash__digest"
		fi
	done >"$TRASH/cached"
	grep -v '^[0-9a-f]\{40\} [0-9a-f]\{64\}$' "$TRASH/cached"
	python3 - "$HELLO_UUID" "$TRASH/cached" <<-'END'
	import hashlib, sys, uuid
	for line in open(sys.argv[2]):
	    name, _, digest = line.strip().partition(" ")
	    release = uuid.uuid5(uuid.UUID(sys.argv[1]), digest)
	    if len(digest) == 64 and hashlib.sha1(str(release).encode()).hexdigest() != name:
	        print("no artifact of", name)
	END
}

# A file there that is not listed here is a leftover. The mark of a dead push stays until the next
# one, so there may be one. It is gone for the next case.
crash__files () {
	crash__find | tee "$TRASH/found"
	while read -r crash__file
	do
		case $crash__file in
		"$NODE"/*.tmp | "$NODE"/*.lock) rm -f "$crash__file" ;;
		esac
	done <"$TRASH/found"
}

crash__find () {
	find "$NODE" -name "*.tmp"
	find "$NODE/state/run" -type f ! -name agent.lock ! -name reloaded ! -name "done.*"
	find "$NODE/state/log" -type f ! -name "*.log" ! -name "*.verdict" ! -name "*.times" \
		! -name "*.zst"
	find "$NODE/unikernels" -mindepth 2 -maxdepth 2 ! -name src ! -name cache ! -name tree \
		! -name source
	find "$NODE/instances/hornero/stage" -mindepth 1
	find "$NODE/instances/hornero/artifact" -type f -name "*.raw" |
		while read -r crash__file
		do
			test -e "${crash__file%.raw}.json" || echo "no manifest: $crash__file"
		done
	find "$NODE/git" -name "*.lock" -o -name "tmp_*"
	find "$NODE/git" -name "hornero.push.*" | tail -n +2
	find "$NODE/git" -mindepth 1 -maxdepth 1 ! -name "[a-z]*.git"
	find "$NODE/state/queue" -name ".*" -type f
	grep -F "$TRASH" /proc/mounts
}

crash__processes () {
	for crash__pid in $(pgrep -f "$NODE")
	do
		test "$crash__pid" = "$node_pid" || test "$crash__pid" = "$node__publisher_pid" ||
			tr '\0' ' ' <"/proc/$crash__pid/cmdline" 2>/dev/null
	done
}

# The push is acknowledged and warm; nothing is left.
crash_settles () {
	git -C "$HELLO_WORK" push -q origin main &&
	crash__head=$(git -C "$HELLO_WORK" rev-parse HEAD) &&
	test "$(git -C "$HELLO_REPO" rev-parse main)" = "$crash__head" &&
	hornero wait "$HELLO_UUID" --timeout 120 || { hornero why "$HELLO_UUID"; return 1; }
	warm_text_is "content $crash_n" &&
	test "$(stat -c %s "$(node_warm_path "$HELLO_UUID")")" = 1048576 &&
	{ wait_until crash_idle 120 || { hornero queue; return 1; }; } &&
	wait_until node_cgroups_gone 20 &&
	crash_is "rows" crash__jobs "$crash__head" &&
	crash_is "Nova's cache" crash__cache &&
	crash_is "leftovers" crash__files &&
	crash_is "processes" crash__processes &&
	test "$(crash__sql 'PRAGMA integrity_check')" = ok
}
