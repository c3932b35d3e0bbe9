#!/bin/sh
test_description='the rooms: includes, calls, links; the distribution has every file'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

sandboxed='agent/sandboxed agent/sandboxed/boot agent/sandboxed/check agent/sandboxed/checkout
	agent/sandboxed/kernel2disk'
upkeep='agent/upkeep/collect agent/upkeep/keep agent/upkeep/scrub agent/upkeep/sweep'
rooms="lib conf state db store agent/common agent/cgroup agent/hornerod agent/build agent/netns
	agent/yield $sandboxed agent/publish agent/publish/flatten $upkeep hooks door serve glance
	notify mirror cli"

# nothing_says COMMAND…: a search whose every finding is a fault.
nothing_says () {
	"$@" >found
	test_cmp /dev/null found
}

# sources [ROOM…]: their C files and headers, relative to the source directory.
sources () {
	for room in ${*:-$rooms}
	do
		(cd "$HORNERO_SRC" && ls "$room"/*.c "$room"/*.h 2>/dev/null)
	done
}

# search PATTERN FILE…: in the source directory; finding nothing is fine.
search () {
	(cd "$HORNERO_SRC" && { grep -nE -e "$@" /dev/null || :; })
}

# only_in PATTERN ALLOWED: which files (an ERE of names) may hold it.
only_in () {
	search "$1" $(sources) | grep -vE "^($2):" >found || :
	test_cmp /dev/null found
}

# may_include ROOM OTHER…
may_include () {
	room=$1
	allowed=$(echo "$*" | tr ' ' '|')
	search '^#include "' $(sources "$room") |
		grep -vE "\"($allowed)/[a-z0-9_-]+\\.(h|inc)\"|\"config\\.h\"" >found || :
	test_cmp /dev/null found
}

# calls ROOM: "FROM TO SYMBOL" for each symbol of the file TO that the file FROM refers to. Objects
# are called FILE.o or PROGRAM-FILE.o. An object that outlived its source is none; a source without
# an object is a fault of its own.
calls () {
	(cd "$HORNERO_SRC/$1" && ls *.c) >sources &&
	(cd "$HORNERO_BUILD" && nm -A -g -P "$1"/*.o) >symbols &&
	awk '
		NR == FNR { sub(/\.c$/, ""); is_source[$0]; next }
		{ file = $1; sub(/\.o:$/, "", file); sub(/.*[\/-]/, "", file) }
		!(file in is_source) { next }
		{ has_object[file] }
		$3 ~ /^[Uvw]$/ { needs[file " " $2]; next }
		{ owner[$2] = file }
		END {
			for (file in is_source)
				if (!(file in has_object)) print file, file, "-"
			for (need in needs) {
				split(need, n, " ")
				if (n[2] in owner && owner[n[2]] != n[1])
					print n[1], owner[n[2]], n[2]
			}
		}
	' sources symbols | sort
}

# circles ROOM: each circle that tsort finds in its calls, and the symbols that lead round.
circles () {
	calls "$1" >calls || return 1
	awk -v room="$1" '$1 == $2 { print room "/" $1 ".c: it has no object" }' calls
	cut -d " " -f 1,2 calls | tsort 2>loops >/dev/null || :
	test ! -s loops || awk -v room="$1" '
		NR == FNR && / input contains a loop:$/ { n++; next }
		NR == FNR && /^tsort: / { inside[n, $2]; next }
		NR == FNR { print; next }
		{
			for (i = 1; i <= n; i++)
				if ((i, $1) in inside && (i, $2) in inside)
					round[i] = round[i] "\n\t" $1 " -> " $2 ": " $3
		}
		END { for (i = 1; i <= n; i++) print room ": a circle:" round[i] }
	' loops calls
}

programs='hornero hornerod hornero-boot hornero-build hornero-check hornero-checkout
	hornero-collect hornero-door hornero-flatten hornero-glance hornero-hook hornero-keep
	hornero-kernel2disk hornero-mirror hornero-netns hornero-notify hornero-publish
	hornero-scrub hornero-serve hornero-sweep hornero-yield'

# linked: "PROGRAM LIBRARY" for each library that a program of ours names itself.
linked () {
	(cd "$HORNERO_BUILD" && readelf -d $programs) |
		sed -n 's/^File: \(.*\)/\1/p; s/.*(NEEDED).*\[\(lib[a-z0-9_]*\).*/ \1/p' |
		awk '/^ / { print program $0; next } { program = $0 }'
}

# links_only LIBRARY PROGRAM…: of all our programs just these link it.
links_only () {
	library=$1
	shift
	sed -n "s/^\([^ ]*\) $library.*/\1/p" links | sort -u >have
	printf '%s\n' "$@" | sort >want
	test_cmp want have
}

test_expect_success 'includes only point down' '
	may_include lib lib &&
	may_include conf conf lib &&
	may_include state state conf lib &&
	may_include db db state lib &&
	may_include store store lib &&
	may_include agent/common agent/common db store state conf lib &&
	may_include agent/cgroup agent/cgroup conf lib &&
	may_include agent/hornerod agent/hornerod agent/cgroup agent/common \
		db store state conf lib &&
	may_include agent/build agent/build agent/cgroup agent/common \
		agent/sandboxed/checkout agent/sandboxed/kernel2disk store state conf lib &&
	may_include agent/netns agent/netns agent/sandboxed lib &&
	may_include agent/yield agent/yield agent/cgroup conf lib &&
	may_include agent/publish agent/publish agent/common store state conf lib &&
	may_include agent/publish/flatten agent/publish/flatten agent/publish conf lib &&
	may_include hooks hooks db store state conf lib &&
	may_include door door state conf lib &&
	may_include serve serve store conf lib &&
	may_include cli cli db store state conf lib &&
	may_include glance glance store conf lib &&
	may_include notify notify store state conf lib &&
	may_include mirror mirror store state conf lib &&
	for room in $sandboxed
	do
		may_include "$room" "$room" agent/sandboxed conf lib \
			$(test "${room##*/}" != kernel2disk || echo agent/sandboxed/check) ||
			return 1
	done &&
	for room in $upkeep
	do
		may_include "$room" "$room" agent/common db store state conf lib || return 1
	done
'

# Red with a call of word_nearest() in cli/view.c: grammar.c, where that is, calls view.c. Red
# without an object of cli/node.c.
test_expect_success 'calls between the files of a room go round in no circle' '
	for room in $rooms
	do
		circles "$room" || echo "$room: cannot be read"
	done >found &&
	test_cmp /dev/null found
'

test_expect_success 'each library is known in its room only' '
	only_in "#include <sqlite3.h>" "db/.*" &&
	only_in "#include <yaml.h>" "conf/.*" &&
	only_in "#include <git2" "agent/sandboxed/checkout/.*|agent/upkeep/sweep/refs\.c" &&
	only_in "#include <libcgroup.h>" "agent/cgroup/cg(find|set)\.c" &&
	only_in "#include <libssh/" "door/.*" &&
	only_in "#include <microhttpd.h>" "serve/.*" &&
	only_in "#include <seccomp.h>" "agent/build/syscalls\.c|door/limit\.c|lib/confine\.[ch]" &&
	only_in "#include <systemd/" "agent/hornerod/.*" &&
	only_in "#include <curl/" "glance/http\.c" &&
	only_in "#include <libvirt/" "agent/publish/flatten/pull\.c" &&
	only_in "#include <openssl/" "lib/sha\.c" &&
	only_in "#include <zstd.h>" "lib/pack\.c" &&
	json="agent/upkeep/(collect|sweep)/.*|agent/publish/(diskinfo|flatten/pull)\.c" &&
	only_in "#include <jansson.h>" "(store|cli|glance|notify)/.*|$json"
'

test_expect_success 'SQL is in db/ only' '
	only_in "\"(SELECT|INSERT|UPDATE|DELETE|PRAGMA|BEGIN) " "db/.*"
'

test_expect_success 'words of the CLI see images and jobs through cli/view.c only' '
	search "(^|[^a-z_0-9])(images?_load(_some)?|job_get) ?\(" $(sources cli) |
		grep -v "^cli/view\.c:" >found || :
	test_cmp /dev/null found
'

test_expect_success 'processes start in lib/spawn.c only' '
	only_in "(^|[^a-z_0-9>.\"])(v?fork|clone3?|system|popen|posix_spawnp?|daemon) ?\(" \
		"lib/spawn\.c"
'

test_expect_success 'every descriptor is closed on exec' '
	cat >find.awk <<-\EOT &&
	# A call may go on over lines: collect until its semicolon or brace.
	function report() { print FILENAME ":" start ": " text }
	function report_line() { text = line; start = FNR; report() }
	BEGIN {
		flagged = "open|openat|accept4|socket|socketpair|pipe2|memfd_create|eventfd|" \
			"signalfd|inotify_init1|epoll_create1|pidfd_open|dup3|mkostemp"
		flagged = "(^|[^a-z_0-9>.\"])(" flagged ") ?[(]"
		flagless = "(^|[^a-z_0-9>.\"])(accept|pipe|dup|mkstemp|inotify_init|creat) ?[(]"
	}
	{ line = $0; sub(/\/\*.*\*\//, "", line) }
	!open && line ~ flagged { open = 1; text = ""; start = FNR }
	open { text = text " " line }
	open && line ~ /[;{]/ {
		open = 0
		if (text !~ /CLOEXEC|pidfd_open/ && text !~ /"\/dev\/null"/) report()
	}
	line ~ flagless { report_line() }
	line ~ /fopen ?\(.*"/ && line !~ /"[rwa]\+?e"/ && line !~ /fdopen/ { report_line() }
	EOT
	(cd "$HORNERO_SRC" && awk -f "$TRASH/find.awk" $(sources | grep "\.c$")) >found &&
	test_cmp /dev/null found
'

test_expect_success 'no function that overruns its buffer or loses its error' '
	bad="strcat|sprintf|vsprintf|gets|atoi|atol|atoll|strtok|mktemp|tmpnam|alloca" &&
	only_in "(^|[^a-z_0-9>.\"])($bad) ?\(" none
'

test_expect_success 'no file of more than 600 lines' '
	(cd "$HORNERO_SRC" && wc -l $(sources)) | awk "\$1 > 600 && \$2 != \"total\"" >found &&
	test_cmp /dev/null found
'

test_expect_success 'nothing is left to be done in words' '
	word=TO; word="${word}DO|FIX""ME|XX""X[^X]" &&
	nothing_says search "(^|[^A-Za-z_.])($word)" $(sources) Makefile.am configure.ac README.md \
		HACKING.md NEWS try check evaluate
'

test_expect_success 'a room is a folder: its headers guard by its name' '
	(cd "$HORNERO_SRC" && awk "
		/^#ifndef / {
			name = FILENAME
			gsub(/[\/.-]/, \"_\", name)
			if (\$2 == \"HORNERO_\" toupper(name)) has_guard[FILENAME]
		}
		END {
			for (i = 1; i < ARGC; i++)
				if (!(ARGV[i] in has_guard)) print ARGV[i]
		}" $(sources | grep "\.h$")) >found &&
	test_cmp /dev/null found
'

# A file that was renamed keeps its old name there, and nobody finds it. main.c has its program's.
test_expect_success 'the head of each file begins with its name, main.c with its program' '
	(cd "$HORNERO_SRC" && awk "
		FNR <= 2 && (\$1 == \"/*\" || \$1 == \"*\") {
			name = FILENAME
			sub(/.*\//, \"\", name)
			sub(/\..\$/, \"\", name)
			if (\$2 == name \":\" || \$2 == name \",\") is_named[FILENAME]
		}
		END {
			for (i = 1; i < ARGC; i++)
				if (!(ARGV[i] in is_named)) print ARGV[i]
		}" $(sources | grep -v "/main\.c$")) >found &&
	test_cmp /dev/null found
'

test_expect_success 'each program links only what it needs' '
	linked >links &&
	links_only libgit2 hornero-checkout hornero-sweep &&
	links_only libcgroup hornero-build hornerod &&
	links_only libssh hornero-door &&
	links_only libmicrohttpd hornero-serve &&
	links_only libseccomp hornero-build hornero-door hornero-serve &&
	links_only libsystemd hornerod &&
	links_only libsqlite3 hornero hornerod hornero-collect hornero-hook hornero-scrub \
		hornero-sweep &&
	links_only libvirt hornero-flatten &&
	links_only libzstd hornero hornero-collect &&
	links_only libcurl hornero-glance &&
	links_only libcrypto hornero hornerod hornero-build hornero-collect hornero-glance \
		hornero-keep hornero-notify hornero-publish hornero-scrub hornero-serve \
		hornero-sweep
'

src_git () {
	git -c safe.directory="$HORNERO_SRC" -C "$HORNERO_SRC" "$@"
}

# Lists every file that belongs to the sources; configure's products do not.
source_files () {
	if src_git rev-parse --git-dir >/dev/null 2>&1
	then
		src_git ls-files --cached --others --exclude-standard
	else
		products='configure~?|aclocal\.m4|config\.h\.in~?|Makefile\.in'
		(cd "$HORNERO_SRC" && find . -type f | sed 's,^\./,,') |
			grep -vE "^(build-aux|autom4te\.cache|m4)/|^($products)\$"
	fi | grep -vE '^(\.gitignore|\.gitattributes|\.issues/.*)$' | sort
}

# too_wide: reads names of files and prints their lines of more than 100 columns. A tab ends at the
# next multiple of 8. Rows of a Markdown table cannot be wrapped.
too_wide () {
	(cd "$HORNERO_SRC" &&
		tr '\n' '\0' |
		xargs -0 perl -CSD -ne 'chomp; $l = $_;
			1 while s/\t+/" " x (8 * length($&) - length($`) % 8)/e;
			print "$ARGV:$.: $l\n" if length > 100 && !($ARGV =~ /\.md$/ && /^\|/);
			close ARGV if eof')
}

# Files that may have longer lines:
# - t/fuzz/corpus: inputs, byte for byte;
# - t/evaluate: recorded rows;
# - etc/builders.d: their bytes are part of the content key, so a wrapped comment would rebuild
#   every image at the next upgrade;
# - db/schema.sql: SQLite keeps the text of a table, and databases of other versions have it;
# - etc/monitoring/hornero.json: JSON has no way to continue an expression on the next line;
# - Debian's changelog: the line of a version names its maintainer;
# - crontabs and the examples of two manuals: their lines cannot continue on the next one.
wide='t/fuzz/corpus/|t/evaluate/|etc/builders\.d/|db/schema\.sql$|etc/cron\.d/'
wide="$wide|etc/monitoring/hornero\.json\$"
wide="$wide|debian/changelog|doc/hornero-(door\.8|keys\.5)\$"

# A distribution has no .gitignore: beside products of every kind only its C is told from them.
texts () {
	if test -f "$HORNERO_SRC/.gitignore"
	then
		source_files | grep -vE "^($wide)"
	else
		printf '%s\n' $(sources)
		(cd "$HORNERO_SRC" && find t bench examples -name '*.[ch]')
	fi
}

# The runner executes them.
test_expect_success 'each test file can be executed' '
	find "$HORNERO_SRC/t" -maxdepth 1 -name "*.t" ! -perm -111 >list &&
	test_cmp /dev/null list
'

# It hides the failure of each command of the list before it; { command || :; } does not.
test_expect_success 'no test goes on with "or else nothing" in the middle of a list' '
	test_must_fail grep -n -E "[|][|] (:|true) &&$" "$HORNERO_SRC"/t/*.t \
		"$HORNERO_SRC"/t/lib/*.sh "$HORNERO_SRC"/t/systemd/*.t
'

test_expect_success 'no line has more than 100 columns' '
	texts >names &&
	test -s names &&
	too_wide <names >found &&
	test_cmp /dev/null found
'

if test -f "$HORNERO_BUILD/Makefile" && test -f "$HORNERO_SRC/.gitignore"
then
	# As distdir does, which copies the files one by one for 4 s of a processor.
	test_expect_success 'every file of the tree is in the distribution' '
		source_files >have &&
		mkdir dist &&
		MAKEFLAGS= MFLAGS= make -s -C "$HORNERO_BUILD" distdir="$TRASH/dist" \
			--eval "distfiles:;@printf \"%s\n\" \$(srcdir) \$(DISTFILES)" \
			distfiles dist-hook >listed &&
		awk "NR == 1 { above = \$0 \"/\"; next }
			index(\$0, above) == 1 { \$0 = substr(\$0, length(above) + 1) }
			{ printf \"%s%c\", \$0, 0 }" listed | (
			cd "$HORNERO_SRC" && xargs -0 sh -c "find -L \"\$@\" -type f" -
		) >found &&
		{ cat found && ls dist; } | sort -u >distributed &&
		comm -23 have distributed >forgotten &&
		test_cmp /dev/null forgotten
	'
else
	test_skip 'every file of the tree is in the distribution' \
		'this is the distribution, or nothing is configured'
fi

test_done
