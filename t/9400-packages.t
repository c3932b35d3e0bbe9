#!/bin/sh
# Debian's packages, as far as a build of these sources shows it. t/9405-debian.t builds them.
test_description='debian/: each installed file is in one package; the lists of packages agree'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/setup.sh"
. "$HORNERO_SRC/t/lib/node.sh"
src=$HORNERO_SRC
debian=$HORNERO_SRC/debian
control=$debian/control

# field PACKAGE NAME: the names in a field of debian/control, sorted; "source" is the first part.
field () {
	awk -v package="$1" -v name="$2" '
		/^Package:/ { now = $2 }
		/^Source:/ { now = "source" }
		/^[A-Z]/ { inside = now == package && $1 == name ":" }
		inside && /^ / { print $1 }
	' "$control" | tr -d , | grep -v '^\$' | LC_ALL=C sort
}

# packed PACKAGE: the files of $TRASH/root that its list takes.
packed () {
	sed -e 's,^debian/tmp/,,' -e 's,^${env:UNITS},usr/lib/systemd/system,' \
		"$debian/$1.install" >patterns &&
	(
		cd root &&
		while read -r pattern
		do
			find $pattern ! -type d || echo "$1.install: nothing is at $pattern"
		done
	) <patterns
}

if test "$(sed -n 's/^\(prefix\|sysconfdir\) = //p' "$HORNERO_BUILD/Makefile" | tr '\n' ' ')" = \
	'/usr /etc '
then
	# Red without usr/sbin/hornerod in hornero.install; with hornero-door in it, too.
	test_expect_success 'each file that make install leaves is in exactly one package' '
		make -s -C "$HORNERO_BUILD" install DESTDIR="$TRASH/root" >out 2>&1 ||
		{ cat out; false; } &&
		(cd root && find * ! -type d ! -path etc/hornero/hornero.yaml) |
			LC_ALL=C sort >want &&
		for package in hornero hornero-door hornero-glance
		do
			packed $package || return 1
		done | LC_ALL=C sort >have &&
		test_cmp want have
	'
fi

test_expect_success 'Build-Depends, configure.ac and the file packages name the same libraries' '
	grep "^HORNERO_LIB(" "$src/configure.ac" | tr -d "[]()," |
		awk "{ print \$(NF - 1), NF == 6 ? \$4 : \"\" }" |
		sed "s/ $//" | LC_ALL=C sort >configure &&
	test "$(wc -l <configure)" -ge 13 &&
	sed -n "/^Build-Depends:/,/^S/p" "$control" |
		sed -n "s/^ \(lib[^ ,]*\|zlib1g-dev\)\(.*>= \([^)]*\)\)*.*/\1 \3/p" |
		sed "s/ $//" | LC_ALL=C sort >debian &&
	test_cmp configure debian &&
	packages_of build | grep -E "^(lib|zlib).*-dev$" | grep -v libc6-dev |
		LC_ALL=C sort >listed &&
	cut -d " " -f 1 debian >names &&
	test_cmp listed names
'

test_expect_success 'configure says which package has a library that is missing' '
	cat >pkg-config <<-\END &&
	#!/bin/sh
	case $* in
	*libgit2*) exit 1 ;;
	*) exec pkg-config "$@" ;;
	esac
	END
	chmod +x pkg-config &&
	mkdir -p sources/agent/hornerod &&
	: >sources/agent/hornerod/main.c &&
	cp -R "$src/configure" "$src/build-aux" sources/ &&
	test_must_fail env PKG_CONFIG="$TRASH/pkg-config" sources/configure -q 2>words &&
	test_grep "libgit2 >= 1.5 is missing; on Debian.*: apt-get install libgit2-dev;" words &&
	test_grep "on Fedora: dnf install libgit2-devel" words
'

test_expect_success 'hornero depends on the section [run] of the file packages' '
	packages_of run | LC_ALL=C sort >want &&
	field hornero Depends >have &&
	test_cmp want have
'

test_expect_success 'the version is that of configure.ac' '
	version=$(sed -n "s/^AC_INIT(\[hornero\], \[\([0-9.]*\)\].*/\1/p" "$src/configure.ac") &&
	test "$(sed -n "1s/^hornero (\([0-9.]*\)) .*/\1/p" "$debian/changelog")" = "$version"
'

test_expect_success 'the scripts of the packages: whole, and they end at an error' '
	for script in "$debian"/*.preinst "$debian"/*.postinst "$debian"/*.postrm "$debian"/*.config
	do
		sh -n "$script" &&
		grep -qx "set -e" "$script" || { echo "$script"; return 1; }
		case $script in
		*.config) ;;
		*) grep -qx "#DEBHELPER#" "$script" || { echo "$script"; return 1; } ;;
		esac
	done
'

test_expect_success 'the autopkgtest runs the quick start of README.md' '
	sed -n "/^    cp .*node.yaml [^&]*$/,/^$/s/^    //p" "$src/README.md" >quick &&
	test "$(grep -c hornero quick)" -eq 4 &&
	grep -Fxc -f quick "$debian/tests/quick-start" >count &&
	test "$(cat count)" -eq 4
'

# preinst KNOWN: what the package does, whose newest queue is of version KNOWN, if it is to replace
# hornero 9.
preinst () {
	sed -e "s,/etc/hornero/hornero.yaml,$HORNERO_CONF,g" -e "s,#QUEUE_VERSION#,$1,g" \
		"$debian/hornero.preinst" >preinst &&
	sh ./preinst upgrade 9 2>words
}

newest=$(sed -n 's/^-- version //p' "$HORNERO_SRC/db/schema.sql" | tail -n 1)

test_expect_success 'a package that does not know the version of the queue refuses, with words' '
	node_init &&
	preinst $newest &&
	test_cmp /dev/null words &&
	test_expect_code 1 preinst $((newest - 1)) &&
	test_grep "$NODE/.*/queue.db has version $newest" words &&
	test_grep "knows 1 to $((newest - 1))" words &&
	rm "$NODE"/state/queue/queue.db* &&
	preinst 1
'

# The version is in the log alone without the checkpoint in migrate_old(), db/create.c.
test_expect_success 'it sees the version of a queue that was migrated just now' '
	sed "/^-- version 2$/,\$d" "$src/db/schema.sql" >old.sql &&
	sqlite3 "$NODE/state/queue/queue.db" "PRAGMA journal_mode = WAL" ".read old.sql" \
		"PRAGMA application_id = 1752134254" "PRAGMA user_version = 1" &&
	chown "$(stat -c %u:%g "$NODE/state/queue")" "$NODE"/state/queue/* &&
	preinst 1 &&
	hornero init &&
	test_expect_code 1 preinst 1 &&
	test_grep "has version $newest" words
'

test_done
