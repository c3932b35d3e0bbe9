#!/bin/sh
test_description='mirrors: https, limits, only what is new, the sandbox, deaths'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
. "$HORNERO_SRC/t/lib/sshd.sh"
. "$HORNERO_SRC/t/lib/upstream.sh"
upstream_requires
/usr/bin/python3 -c 'import cryptography' 2>/dev/null ||
	test_skip_all 'python3-cryptography is not here (Debian: python3-cryptography)'

test_expect_success 'an upstream with https and ssh, and a mirror without hornerod' '
	upstream_start &&
	upstream_commit one &&
	mkdir tls &&
	{ /usr/bin/python3 "$HORNERO_SRC/t/tools/git-https.py" "$TRASH/home" "$TRASH/tls" \
		>https.out 2>&1 & } &&
	https=$! &&
	test_cleanup "kill $https; wait $https; :" &&
	wait_until "grep -q ready https.out || ! kill -0 $https" 120 &&
	HTTPS=https://127.0.0.1:$(sed -n "s/^ready //p" https.out) &&
	door_live "sweep_interval: 10h" &&
	command hornero repo create hello &&
	command hornero repo create secret &&
	hornero image add $U1 hello --name Hello &&
	upstream_knows &&
	upstream_host_key &&
	mirror_start
'

test_expect_success 'https: an unknown certificate is not trusted, that of ca.pem is' '
	hornero repo mirror hello "$HTTPS/up.git" >out &&
	test_grep ! "access/key" out &&
	test_expect_code 1 mirror_fetch &&
	test_grep "untrusted: its certificate is not trusted .*access/ca\.pem" fetch.out &&
	install -m 0644 tls/cert.pem "$access/ca.pem" &&
	mirror_fetch &&
	mirror_has
'

# Red without http.followRedirects=false: the redirect of the first request is followed.
test_expect_success 'https: credentials, a repository that is not there, a redirect' '
	hornero repo mirror hello "$HTTPS/private/up.git" &&
	test_expect_code 1 mirror_fetch &&
	test_grep "denied: .*access/\.netrc" fetch.out &&
	echo "machine 127.0.0.1 login node password secret" >"$access/.netrc" &&
	chown "$GIT_UID" "$access/.netrc" &&
	chmod 0600 "$access/.netrc" &&
	mirror_fetch &&
	hornero repo mirror hello "$HTTPS/other.git" &&
	test_expect_code 1 mirror_fetch &&
	test_grep "missing: it has no such repository" fetch.out &&
	hornero repo mirror hello "$HTTPS/moved/up.git" &&
	test_expect_code 1 mirror_fetch &&
	mirror_is failed "302"
'

# Red without GIT_ALTERNATE_OBJECT_DIRECTORIES in mirror/fetch.c: the second is larger than the
# limit.
test_expect_success 'a fetch gets only what is new, and no more than push_size_limit' '
	node_set push_size_limit 2M &&
	mirror_stop &&
	mirror_start &&
	hornero repo mirror hello "$UP_URL" &&
	mirror_fetch &&
	for i in 1 2 3
	do
		head -c 900000 /dev/urandom >up/data$i &&
		upstream_commit data$i &&
		mirror_fetch || return 1
	done &&
	mirror_has &&
	head -c 3000000 /dev/urandom >up/data4 &&
	was=$(git -C up rev-parse HEAD) &&
	upstream_commit large &&
	test_expect_code 1 mirror_fetch &&
	test_grep "limit: what it sends is larger than push_size_limit" fetch.out &&
	test "$(mirror_ref refs/heads/main)" = "$was" &&
	git -C up reset -q --hard "$was" &&
	upstream_push +HEAD:main &&
	mirror_fetch
'

# A program in the place of ssh says what it sees. The failpoint keeps its words.
test_expect_success 'the sandbox of a fetch sees its repository, read-only, and no other' '
	mirror_stop &&
	node_set failpoint mirror-before-record &&
	cat >probe <<-\END &&
	#!/bin/sh
	{
		echo / $(ls /)
		sed "s/^/passwd /" /etc/passwd
		echo processes $(ls -d /proc/[0-9]* | wc -l)
		for file in /repo/x /access/x /etc/x /usr/x
		do
			touch $file 2>&1 | sed "s/^/refused /"
		done
	} >&2
	END
	chmod 0755 probe &&
	test_expect_code 137 unshare --mount --propagation private sh -c "
		mount --bind probe /usr/bin/ssh &&
		setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID \
			$test_root/libexec/hornero-mirror -c $NODE/hornero.yaml --repo hello" &&
	node_set failpoint &&
	words=$NODE/state/mirror/work/hello/stage/words &&
	cat $words &&
	test_grep "^/ access bin dev etc lib lib64 proc repo run sbin stage tmp usr$" $words &&
	test_grep "^passwd git:x:$GIT_UID:" $words &&
	test "$(grep -c ^passwd $words)" = 1 &&
	test "$(sed -n "s/^processes //p" $words)" -lt 12 &&
	test "$(grep -c "^refused .*Read-only" $words)" = 4
'

test_expect_success 'killed before the push, or before the record: the next start brings it' '
	for point in mirror-fetched mirror-before-record
	do
		node_set failpoint $point &&
		upstream_commit $point &&
		mirror_start &&
		wait_until "grep -q \"event=failpoint point=$point\" mirror.log" 120 &&
		mirror_stop KILL
		node_set failpoint &&
		mirror_start &&
		mirror_fetch &&
		mirror_has &&
		mirror_stop &&
		setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID \
			"$test_root/libexec/hornero-mirror" -c "$NODE/hornero.yaml" --repo hello &&
		ls "$NODE/state/mirror/work" >left &&
		test "$(cat left)" = hello.lock || return 1
	done
'

# Red without mirror_hold() in cli/repo_mirror.c: --off ends at once, and the fetch takes back what
# was pushed after it.
test_expect_success '--off waits for a fetch that moves refs, and none moves refs after it' '
	for point in mirror-fetched mirror-before-record
	do
		upstream_commit $point-off &&
		upstream_push HEAD:refs/heads/$point &&
		: >mirror.log &&
		node_set failpoint $point:stop &&
		mirror_start &&
		wait_until "grep -q \"event=failpoint point=$point\" mirror.log" 120 &&
		wait_until "test \"\$(ps -o stat= -p \$(pgrep -P $mirror_pid -x hornero-mirror) |
			cut -c 1)\" = T" 120 &&
		fetcher=$(pgrep -P $mirror_pid -x hornero-mirror) &&
		{ hornero repo mirror hello --off >off.out 2>&1 & } &&
		off=$! &&
		wait_until "grep -q \"moves refs of hello just now\" off.out" 120 &&
		kill -0 $off &&
		kill -CONT $fetcher &&
		wait $off &&
		test_grep "hello follows no upstream any more" off.out &&
		mirror_ref refs/heads/$point &&
		{ ls "$NODE/state/mirror" | grep -v -e access -e work >left || :; } &&
		test_cmp /dev/null left &&
		mirror_stop &&
		node_set failpoint &&
		hornero repo mirror hello "$UP_URL" --replace || return 1
	done
'

test_expect_success 'a stop at any moment of a fetch leaves no process' '
	kill -STOP $sshd &&
	for i in 1 2 3 4 5 6 7 8
	do
		mirror_start &&
		wait_until "pgrep -P $mirror_pid -x hornero-mirror" 120 &&
		wait_until "pgrep -f \"bwrap .*$TRASH\"" 120 &&
		mirror_stop &&
		wait_until "! pgrep -f \"$TRASH/node/state/mirror\"" 120 || return 1
	done &&
	mirror_start &&
	wait_until "pgrep -f \"^ssh .* -p $port \"" 120 &&
	mirror_stop &&
	kill -CONT $sshd &&
	wait_until "! pgrep -f \"^ssh .* -p $port \"" 120
'

test_done
