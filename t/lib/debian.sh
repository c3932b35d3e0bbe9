# debian.sh: Debian's packages of these sources, built and installed in roots by mmdebstrap. After
# test.sh, setup.sh and guest.sh:
#
#     debian_requires
#     debian_build bookworm           # $TRASH/debs has the packages, `lintian` its words
#     debian_others                   # $TRASH/newer, $TRASH/older: the same, as other versions
#     debian_guest bookworm           # a guest of that suite runs t/systemd/packages.t

debian_requires () {
	test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
	guest_requires
	test_requires mmdebstrap mmdebstrap
	test_requires dpkg-deb dpkg
}

# debian__needs: what a build needs, without the versions.
debian__needs () {
	sed -n '/^Build-Depends:/,/^[A-Z].*: /s/^ \([^ ,]*\).*/\1/p' "$HORNERO_SRC/debian/control"
}

# debian__names LINE…: on one line, with commas.
debian__names () {
	echo "$*" | tr -s ' \n' ,
}

# debian_build SUITE: as an ordinary user of a root of its own. The root is gone afterwards.
debian_build () {
	mkdir -p "$TRASH/build/hornero" "$TRASH/debs" &&
	(src=$HORNERO_SRC && copy_sources "$TRASH/build/hornero") &&
	cat >"$TRASH/build/run" <<-\END &&
	set -e
	useradd --create-home builder
	cp -R /build/hornero /home/builder/
	chown -R builder /home/builder
	su builder -c 'cd && cd hornero && dpkg-buildpackage -us -uc -j2'
	cd /home/builder
	su builder -c 'lintian --fail-on error,warning *.changes' >/build/lintian 2>&1 ||
	echo "exit $?" >>/build/lintian
	mkdir /build/out
	cp *.deb *.dsc *.changes /build/out/
	END
	mmdebstrap --quiet --variant=buildd \
		--include="$(debian__names $(debian__needs) lintian)" \
		--customize-hook="copy-in $TRASH/build /" \
		--customize-hook='chroot "$1" sh /build/run' \
		--customize-hook="sync-out /build/out $TRASH/debs" \
		--customize-hook="copy-out /build/lintian $TRASH" \
		"$1" /dev/null >build.log 2>&1 ||
	{ tail -n 50 build.log; return 1; }
}

# debian__again DIR VERSION COMMAND…: the packages of $TRASH/debs as VERSION in $TRASH/DIR, the one
# of hornero changed by COMMAND, which gets its root as the last word.
debian__again () {
	debian__dir=$1
	debian__version=$2
	shift 2
	mkdir "$TRASH/$debian__dir" || return 1
	for debian__deb in debs/hornero_*.deb debs/hornero-door_*.deb debs/hornero-glance_*.deb
	do
		rm -rf again &&
		dpkg-deb -R "$debian__deb" again &&
		sed -i -e "s/^Version: .*/Version: $debian__version/" \
			-e "s/(= [0-9.]*)/(= $debian__version)/" again/DEBIAN/control || return 1
		case $debian__deb in
		debs/hornero_*) "$@" again || return 1 ;;
		esac
		dpkg-deb --root-owner-group -b again "$TRASH/$debian__dir" >/dev/null || return 1
	done
}

# A newer one: two builders have changed.
debian__newer () {
	echo '# another version' >>"$1/etc/hornero/builders.d/make.yaml" &&
	echo '# another version' >>"$1/etc/hornero/builders.d/solo5.yaml"
}

# An older one, which does not know the newest version of the queue.
debian__older () {
	debian__known=$(sed -n 's/.*-gt "\([0-9]*\)"$/\1/p' "$1/DEBIAN/preinst") &&
	sed -i "s/-gt \"$debian__known\"/-gt \"$((debian__known - 1))\"/" "$1/DEBIAN/preinst"
}

debian_others () {
	debian__again newer 99.1 debian__newer &&
	debian__again older 0.0.9 debian__older
}

# debian_guest SUITE: boots a root of that suite, with all that the packages depend on, but without
# them.
debian_guest () {
	guest_root=$TRASH/root
	mkdir "$TRASH/depends" &&
	for debian__deb in debs/hornero_*.deb debs/hornero-door_*.deb debs/hornero-glance_*.deb
	do
		dpkg-deb -f "$debian__deb" Depends | sed "s/hornero ([^)]*), //"
	done >"$TRASH/depends/list" &&
	mmdebstrap --quiet --variant=apt \
		--include="$(debian__names systemd dbus gcc make openssh-client procps jq cron)" \
		--customize-hook="copy-in $TRASH/depends /" \
		--customize-hook='chroot "$1" xargs -d "\n" apt-get satisfy -y \
			<"$1/depends/list"' \
		--customize-hook='rm -r "$1/depends"' \
		"$1" "$guest_root" >root.log 2>&1 ||
	{ tail -n 50 root.log; return 1; }
	guest_make_bare &&
	for debian__dir in debs newer older
	do
		mkdir "$guest__over/hornero/$debian__dir" &&
		cp $(ls $debian__dir/*.deb | grep -v dbgsym) "$guest__over/hornero/$debian__dir/" ||
		return 1
	done &&
	cp -R "$HORNERO_SRC/debian/tests" "$guest__over/hornero/tests.debian" &&
	echo here t/systemd/packages.t >tests &&
	guest_run 3000 tests
}
