#!/bin/sh
test_description='every durable step has a failpoint, and every program lists its own'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

# All C files of the rooms.
cd "$HORNERO_SRC" && ls lib/*.c conf/*.c db/*.c state/*.c store/*.c agent/*/*.c agent/*/*/*.c \
	hooks/*.c door/*.c serve/*.c cli/*.c glance/*.c notify/*.c mirror/*.c >"$TRASH/sources"
cd "$TRASH" || exit 1

# A step that does without, and why.
cat >without <<'EOT'
cli/doctor_system.c fsync: measures the disk with a file that has no name
EOT

# steps: "FILE CALL: LINE" of each durable call that no FAILSTEP holds. A call may go on over lines,
# so FAILSTEP may stand on the line before.
steps () {
	(cd "$HORNERO_SRC" && awk '
		BEGIN {
			call = "fsync|fdatasync|syncfs|rename|renameat|renameat2|link|linkat|"
			call = call "unlink|unlinkat|remove|symlink|symlinkat"
			call = "(^|[^a-z_0-9>.\"])(" call ") ?[(]"
		}
		FNR == 1 { before = "" }
		{ line = $0; sub(/\/\*.*/, "", line); if (line ~ /^ \*/) line = "" }
		{
			rest = line
			gsub(/FAILSTEP[(]"[a-z0-9-]+", [a-z0-9]+ ?[(]/, "", rest)
			if (before ~ /FAILSTEP[(]"[a-z0-9-]+",$/)
				sub(/^[ \t]+[a-z0-9]+ ?[(]/, "", rest)
			if (match(rest, call)) {
				name = substr(rest, RSTART, RLENGTH)
				gsub(/[^a-z0-9]/, "", name)
				print FILENAME " " name ": " line
			}
			before = line
		}' $(cat "$TRASH/sources"))
}

# Red with `unlink(path);` in state/stuck.c instead of its FAILSTEP.
test_expect_success 'no fsync, rename, link, unlink or symlink without a failpoint' '
	steps >found &&
	while read -r file call why
	do
		grep -q "^$file $call" found || echo "not there any more: $file $call $why"
		grep -v "^$file $call" found >rest || :
		mv rest found
	done <without >stale &&
	cat stale >>found &&
	test_cmp /dev/null found
'

# Red without failpoint() in db/txn.c txn_commit().
test_expect_success 'no commit of SQLite without a failpoint before it' '
	(cd "$HORNERO_SRC" && awk "
		FNR == 1 { last = -9 }
		/failpoint[(]/ { last = FNR }
		/\"COMMIT\"/ && FNR - last > 3 { print FILENAME \":\" FNR \": \" \$0 }
	" db/*.c) >found &&
	{ grep -v "&ignored" found >commits || :; } &&
	test_cmp /dev/null commits
'

# Red with failpoint_pass("test") anywhere in hooks/.
test_expect_success 'no failpoint that its program does not list' '
	(
		cd "$HORNERO_SRC" &&
		grep -nE "failpoint_(pass|fails)" $(cat "$TRASH/sources") /dev/null |
			sed "/^lib\/failpoint\.c:/d"
	) >found &&
	test_cmp /dev/null found
'

test_expect_success 'the programs list the points of all sources' '
	(cd "$HORNERO_SRC" && cat $(cat "$TRASH/sources")) |
		tr -d "\n" | grep -oE "(failpoint|FAILSTEP)[(][[:space:]]*\"[a-z0-9-]+\"" |
		sed "s/.*\"\(.*\)\"/\1/" | sort -u >want &&
	test "$(wc -l <want)" -gt 150 &&
	for program in hornero hornerod $(cd "$HORNERO_BUILD" && ls hornero-* | grep -v "\.")
	do
		readelf -p hornero_failpoints "$HORNERO_BUILD/$program" 2>err || return 1
	done | sed -n "s/^ *\[ *[0-9a-f]*\] *[a-z]* //p" | sort -u >have &&
	comm -23 want have >found &&
	test_cmp /dev/null found
'

test_done
