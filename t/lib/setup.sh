# setup.sh: what ./check and ./try share: packages, the guests' kernel, a build of these sources
# aside, a delegated cgroup. $src is the source directory.

say () {
	printf '%s\n' "$*"
}

die () {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# packages_of SECTION…: the names in the file `packages`.
packages_of () {
	for section
	do
		sed -n "/^\\[$section\\]/,/^\\[[a-z]*\\]\$/{s/[[:space:]]*#.*//;/^\\[/d;/./p;}" \
			"$src/packages"
	done
}

# install_missing SECTION…: says what it installs before it does it; nothing where all is there.
install_missing () {
	if ! command -v dpkg-query >/dev/null
	then
		say "This is no Debian: nothing is installed; ./configure names what is missing."
		return 0
	fi
	missing=''
	for package in $(packages_of "$@")
	do
		# " not-installed " is what dpkg says of names that it only heard of.
		case " $(dpkg-query -W -f '${db:Status-Status} ' "$package" 2>/dev/null)" in
		*' installed '*) ;;
		*) missing="$missing $package" ;;
		esac
	done
	test -n "$missing" || return 0
	if test "$(id -u)" -eq 0
	then
		as_root=''
	elif command -v sudo >/dev/null &&
	sudo -n true 2>/dev/null
	then
		as_root='sudo -n'
	elif command -v sudo >/dev/null &&
	test -t 0
	then
		as_root=sudo
	else
		die "missing packages, and no right to install them: apt-get install$missing"
	fi
	say "Installing with apt-get:$missing"
	quietly $as_root apt-get update -q || say \
		'apt-get update failed; trying with the lists that are there'
	quietly $as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends --no-remove $missing ||
		{ cat "$scratch/quiet.log" >&2; die 'apt-get could not install them'; }
}

# Debian's kernel for the guests of the tests, where guest_kernel finds none: HORNERO_TEST_KERNEL.
# Unpacked in $scratch and not installed: in /boot it might become this machine's next boot. Nothing
# where no guest could run anyway.
fetch_kernel () {
	test "$(id -u)" -eq 0 &&
	test "$(uname -m)" = x86_64 &&
	command -v apt-get >/dev/null &&
	test -z "$(guest_kernel)" || return 0
	mkdir "$scratch/kernel"
	kernel__fetch || { quietly apt-get update -q && kernel__fetch; } || {
		cat "$scratch/quiet.log" >&2
		die "apt-get could not fetch a kernel for the guests;" \
			"HORNERO_TEST_KERNEL=.../boot/vmlinuz-* names another," \
			"--no-install leaves them out"
	}
}

# The kernel that fetch_kernel has fetched, if it had to.
use_kernel () {
	test -d "$scratch/kernel" || return 0
	HORNERO_TEST_KERNEL=$(ls "$scratch"/kernel/boot/vmlinuz-*) || exit 1
	export HORNERO_TEST_KERNEL
}

# The package in [kernel] is an empty one that depends on the newest of its kind.
kernel__fetch () {
	package=$(packages_of kernel)
	package=$(apt-cache show --no-all-versions "$package" 2>"$scratch/quiet.log" |
		sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p')
	test -n "$package" || return 1
	say "Fetching with apt-get, for the guests of the tests alone: $package"
	(cd "$scratch/kernel" && quietly apt-get download -q "$package") &&
	dpkg -x "$scratch"/kernel/*.deb "$scratch/kernel" &&
	rm "$scratch"/kernel/*.deb
}

# Debian 13's Nova for t/6115-nova-31.t: unpacked in HORNERO_TEST_NOVA, or in $scratch; made only
# where that is missing. Nothing of it is installed, so none of its daemons starts, and no script of
# a package runs.
fetch_nova () {
	test "$(id -u)" -eq 0 &&
	command -v mmdebstrap >/dev/null || return 0
	: "${HORNERO_TEST_NOVA:=$scratch/nova}"
	export HORNERO_TEST_NOVA
	test ! -e "$HORNERO_TEST_NOVA" || return 0
	say "Fetching Debian 13's python3-nova, for one test alone: $HORNERO_TEST_NOVA"
	quietly mmdebstrap --variant=extract --include="$(packages_of nova | tr '\n' ' ')" \
		--extract-hook='cat "$1"/usr/share/ca-certificates/mozilla/*.crt \
			>"$1/etc/ssl/certs/ca-certificates.crt"' \
		trixie "$HORNERO_TEST_NOVA.new" &&
	mv "$HORNERO_TEST_NOVA.new" "$HORNERO_TEST_NOVA" || {
		cat "$scratch/quiet.log" >&2
		rm -rf "$HORNERO_TEST_NOVA.new"
		die "mmdebstrap could not fetch Debian 13; HORNERO_TEST_NOVA=DIR names one that" \
			"is there, --no-install leaves it out"
	}
}

# quietly COMMAND…: its output in $scratch/quiet.log, for the one who finds that it failed.
quietly () {
	"$@" >"$scratch/quiet.log" 2>&1 </dev/null
}

# build_aside [CONFIGURE-OPTION…]: a copy of the sources in $scratch/src, built ($targets) in
# $scratch/build. The tree itself stays as it is, configured or not. What is built once needs no
# dependencies.
build_aside () {
	mkdir -p "$scratch/src" "$scratch/build"
	copy_sources "$scratch/src"
	(
		cd "$scratch/src" &&
		{ test -x configure || ./autogen.sh; } &&
		cd "$scratch/build" &&
		../src/configure --quiet --disable-dependency-tracking "$@" &&
		make -s -j "$(nproc)" ${targets:-all}
	) >"$scratch/build.log" 2>&1 </dev/null && return 0
	cat "$scratch/build.log" >&2
	die 'the build failed (its output is above)'
}

# copy_sources DIR: what git tracks or would track; all there is where this is no work tree.
copy_sources () {
	if test "$(git -c safe.directory="$src" -C "$src" rev-parse --show-toplevel 2>/dev/null)" \
		= "$src"
	then
		git -c safe.directory="$src" -C "$src" ls-files -z --cached --others \
			--exclude-standard |
			(
				cd "$src" &&
				tar --null --ignore-failed-read --no-recursion -T - -cf - \
					2>/dev/null
			)
	else
		tar -C "$src" --exclude=./build --exclude=./.git --exclude=./config.status \
			--exclude=./Makefile \
			--exclude='*.[oa]' -cf - .
	fi | tar -C "$1" -xf -
}

# Groups for builds: root makes them where it likes. Anybody else needs a cgroup v2 subtree that
# was handed over; in it a program that makes groups must be the only process of its own group.

# delegated COMMAND…: start this very command (the calling script) again in a systemd scope with
# such a subtree, in its leaf "here". Returns where that is not needed, not possible, or done.
delegated () {
	test "$(id -u)" -ne 0 &&
	test -f /sys/fs/cgroup/cgroup.controllers || return 0
	if test -z "$HORNERO_SCOPE"
	then
		scope='systemd-run --user --scope --quiet --collect -p Delegate=yes'
		$scope true 2>/dev/null </dev/null || return 0
		HORNERO_SCOPE=yes
		export HORNERO_SCOPE
		exec $scope "$@"
	fi
	own=$(group_own)
	mkdir "$own/here" &&
	echo $$ >"$own/here/cgroup.procs" &&
	echo '+cpu +memory +pids' >"$own/cgroup.subtree_control" ||
	say "The scope $own hands no controllers down."
}

group_own () {
	sed -n 's,^0::,/sys/fs/cgroup,p' /proc/self/cgroup
}

# Whether a program that is started by in_group can make groups with limits.
group_possible () {
	test "$(id -u)" -ne 0 || return 0
	group_base=$(group_own)
	group_base=${group_base%/here}
	test -n "$HORNERO_SCOPE" &&
	grep -qs memory "$group_base/cgroup.subtree_control"
}

# in_group NAME COMMAND…: as COMMAND, but alone in a group NAME where that is needed. Does not
# return: for a subshell or a background job.
in_group () {
	if test "$(id -u)" -ne 0 && group_possible
	then
		mkdir -p "$group_base/$1" || return 1
		# A second start: with controllers handed down only its leaf may have members.
		if test -d "$group_base/$1/agent"
		then
			group_leaf=$1/agent
			shift
			set -- "$group_leaf" "$@"
		fi
		exec sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group_base/$@"
	fi
	shift
	exec "$@"
}

# boot_guest FILE [MB [OPTION…]]: what a RAW image says on its serial port, in an emulated PC with
# that memory (64) and these options of QEMU. It changes nothing in the file, and ends with the
# guest.
boot_guest () {
	boot__file=$1
	boot__memory=${2:-64}
	test $# -lt 2 || shift
	shift
	timeout 400 qemu-system-x86_64 -accel tcg -m "$boot__memory" -nodefaults -no-user-config \
		-display none -no-reboot \
		-serial stdio -device isa-debug-exit,iobase=0x501,iosize=2 \
		-drive "file=$boot__file,format=raw,snapshot=on" "$@" </dev/null | tr -d '\r'
}
