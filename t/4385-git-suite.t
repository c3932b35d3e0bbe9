#!/bin/sh
# git's own tests, with each process that serves a repository behind OpenSSH and git-shell, then
# behind the door. Those that fail in both need the client's configuration, hooks or environment.
if test -z "$SUITE_NAMESPACE" && test "$(id -u)" -eq 0
then
	SUITE_NAMESPACE=yes
	export SUITE_NAMESPACE
	exec unshare --mount --propagation private sh "$0"
fi
test_description='hornero-door: t54xx to t57xx of git itself'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
. "$HORNERO_SRC/t/lib/sshd.sh"

test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
test -n "$SUITE_NAMESPACE" || test_skip_all 'needs root, to show repositories under other names'
test_requires ssh openssh-client
test_requires apt-get apt
test_requires useradd passwd
test_requires perl perl
test_requires patch patch
test_requires xz xz-utils
test -x /usr/sbin/sshd || test_skip_all 'sshd is not here (Debian: openssh-server)'

# Debian's sources of the git that is installed here, from where its packages come, in ./suite.
suite_source () {
	mkdir -p apt/sources apt/lists/partial apt/cache &&
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg &&
	apt-cache policy git | sed -n "s,^ *[0-9]* \([^ ]*://[^ ]*\) \([^/ ]*\)/\([^ ]*\) .*,\
		deb-src [signed-by=$keyring] \1 \2 \3,p" |
		tr -d "\t" | sort -u >apt/sources/git.list &&
	set -- -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$TRASH/apt/sources" \
		-o Dir::State::lists="$TRASH/apt/lists" -o Dir::Cache="$TRASH/apt/cache" &&
	apt-get "$@" update &&
	(cd apt && apt-get "$@" source --download-only \
		"git=$(dpkg-query -W -f '${Version}' git)") &&
	mkdir suite &&
	tar -x -f apt/git_*.orig.tar.xz -C suite --strip-components=1 &&
	tar -x -f apt/git_*.debian.tar.xz -C suite &&
	while read -r patch
	do
		patch -s -p1 -d suite <"suite/debian/patches/$patch" || return 1
	done <suite/debian/patches/series
}

# suite_run NAME CONFIG HOST WORDS: the tests, served by HOST of the ssh_config CONFIG; WORDS is the
# name of a repository there as printf writes it. NAME has the tests that are not ok.
suite_run () {
	rm -rf out root && mkdir out root && chown $GIT_UID out root &&
	printf '#!/bin/sh\nexec ssh -F %s -i %s/suite-key -o SendEnv=GIT_PROTOCOL %s "$@"\n' \
		"$TRASH/$2" "$TRASH" "$3" >suite-ssh &&
	chmod 0755 suite-ssh &&
	env -u GIT_SSH -u GIT_CONFIG_GLOBAL HOME="$TRASH/root" TRASH="$TRASH" \
		GIT_TEST_INSTALLED=/usr/bin GIT_TEST_EXEC_PATH="$TRASH/core" \
		SUITE_CORE="$(command git --exec-path)" SUITE_ROOT="$NODE/git" \
		SUITE_SSH="$TRASH/suite-ssh" SUITE_NAME="$4" \
		setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID \
		--inh-caps +sys_admin --ambient-caps +sys_admin sh -c '
			cd "$TRASH/suite/t" && ls t5[4567]*.sh | xargs -P 6 -I % sh -c "
				TEST_OUTPUT_DIRECTORY=\"$TRASH/root/%.out\" \
				sh ./% --root=\"$TRASH/root\" \
					>\"$TRASH/out/%\" 2>&1 </dev/null
				echo ended \$? >>\"$TRASH/out/%\""'
	for seen in "$NODE"/git/r*.git
	do
		umount "$seen" && rmdir "$seen" || return 1
	done
	(
		cd out &&
		grep -H -E '^(not ok|FATAL|ended [^01])' -- *
	) | grep -v 'known breakage' | sed 's/\.sh:/: /' | LC_ALL=C sort >"$1" &&
	grep -c '^ended' out/* >ends &&
	test_grep ! ':0$' ends
}

GIT_UID=64983 # it gets a name below, and other tests want the usual one without

test_expect_success 'the sources of git, and what their tests need' '
	suite_source >source.log 2>&1 || { cat source.log; return 1; }
	make -s -C suite -j2 NO_CURL=1 NO_EXPAT=1 NO_GETTEXT=1 NO_TCLTK=1 NO_PERL= \
		all >make.log 2>&1 || { tail -n 20 make.log; return 1; }
	chown -R $GIT_UID suite
'

test_expect_success 'a node, a user of OpenSSH, and a program in the place of what serves' '
	door_node "door_connections: 100" &&
	account=hornero-t$$ &&
	useradd --non-unique --uid $GIT_UID --no-create-home --home-dir "$TRASH/home" \
		--shell /usr/bin/git-shell "$account" &&
	test_cleanup "userdel -f $account" &&
	usermod -p "*" "$account" &&
	mkdir -p home/.ssh &&
	cp alice.pub home/.ssh/authorized_keys &&
	chown -R $GIT_UID home &&
	install -o $GIT_UID -m 0600 alice suite-key &&
	install -o $GIT_UID -m 0644 /dev/null known_sshd &&
	install -o $GIT_UID -m 0644 /dev/null known_hosts &&
	sshd_conf "AcceptEnv GIT_PROTOCOL" "MaxStartups 200" "MaxSessions 200" &&
	start_sshd &&
	cat >sshd_client <<-END &&
	Host sshd
	HostName 127.0.0.1
	User $account
	Port $port
	UserKnownHostsFile $TRASH/known_sshd
	StrictHostKeyChecking accept-new
	BatchMode yes
	LogLevel ERROR
	END
	cp -rs "$(command git --exec-path)" core &&
	for word in git-upload-pack git-receive-pack
	do
		cp --remove-destination "$HORNERO_SRC/t/git-suite/git-by-ssh" core/$word ||
			return 1
	done
'

test_expect_success 'behind OpenSSH and git-shell' '
	suite_run openssh sshd_client sshd "$NODE/git/%s.git" &&
	cat openssh &&
	test "$(cat out/* | grep -c "^ok ")" -gt 2000 &&
	test "$(grep -c . openssh)" -lt 150
'

test_expect_success 'behind the door: what differs is explained' '
	door_start &&
	install -o $GIT_UID -m 0644 /dev/null known_hosts &&
	suite_run door ssh_config door "%s" &&
	{ diff openssh door || :; } | grep "^[<>]" >have
	sed "s/ *#.*//; /^$/d" "$HORNERO_SRC/t/git-suite/differences" >want &&
	test_cmp want have
'

test_done
