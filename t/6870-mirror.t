#!/bin/sh
test_description='hornero repo mirror: a node follows an upstream behind a real sshd'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
. "$HORNERO_SRC/t/lib/sshd.sh"
. "$HORNERO_SRC/t/lib/upstream.sh"
upstream_requires

test_expect_success 'an upstream, and a node with an image of the repository that is to follow it' '
	upstream_start &&
	upstream_commit one &&
	door_live "sweep_interval: 10h" &&
	command hornero repo create hello &&
	hornero image add $U1 hello --name Hello &&
	hornero image set $U1 builder=make &&
	door_key hook "write=\"hello\"" &&
	door_key reader "read=\"hello\"" &&
	door_key other "write=\"elsewhere\"" &&
	node_start &&
	node_swept &&
	door_start &&
	mirror_start
'

test_expect_success 'a URL is of ssh or https, and has no password' '
	for url in "file://$UP" "$UP" "ext::sh -c true" "git://host/up" "http://host/up" \
		"https://user:secret@host/up" "ssh://user:secret@host/up" "git@host:up" \
		"ssh://-oProxyCommand=true/up" "ssh://-l@host/up" "ssh://host" "https://host/" \
		"ssh://host:99999999/up" "ssh://host/up up" "https://host/up?x" "ssh://[::1/up"
	do
		test_expect_code 64 hornero repo mirror hello "$url" 2>err &&
		test_grep "ssh://USER@HOST/PATH or https://HOST/PATH is allowed" err ||
			{ echo "$url"; return 1; }
	done &&
	test_expect_code 64 hornero repo mirror hello 2>err &&
	test_grep "needs a URL or --off" err &&
	test_expect_code 64 hornero repo mirror absent "$UP_URL" 2>err &&
	test_grep "hornero repo create absent" err &&
	test_expect_code 64 hornero repo fetch hello 2>err &&
	test_grep "hello is no mirror" err &&
	hornero repo mirror hello --off >out &&
	test_grep "^unchanged: hello is no mirror" out &&
	test "$(hornero repo list --json | jq ".[0].upstream")" = null
'

# Red with StrictHostKeyChecking=accept-new.
test_expect_success 'an upstream whose host key is unknown is not trusted' '
	upstream_knows &&
	hornero repo mirror hello "$UP_URL" >out &&
	test_grep "hornero repo fetch hello" out &&
	test_grep "mirror/access/key" out &&
	test_expect_code 1 mirror_fetch &&
	test_grep "untrusted: its host key is not known .*known_hosts" fetch.out &&
	mirror_is untrusted "is not known" &&
	hornero metrics >figures &&
	test_grep "^hornero_mirrors{state=\"untrusted\"} 1" figures &&
	test_grep "^hornero_mirrors{state=\"current\"} 0" figures &&
	test_grep "^hornero_mirror_up 1" figures &&
	hornero why $U1 >out &&
	test_grep "follows $UP_URL, and the last fetch failed .*untrusted" out &&
	test_expect_code 2 hornero doctor >out &&
	test_grep "mirrors .*hello cannot follow .*untrusted" out &&
	test_grep "event=mirror-untrusted repo=hello" mirror.log &&
	test ! -e "$access/known_hosts"
'

test_expect_success 'a key that the upstream does not know is denied' '
	upstream_host_key &&
	mv home/.ssh/authorized_keys kept &&
	test_expect_code 1 mirror_fetch &&
	test_grep "denied: it does not accept the key of this node .*access/key.pub" fetch.out &&
	mv kept home/.ssh/authorized_keys
'

test_expect_success 'repo fetch: one push of the upstream is warm here, by the queue' '
	mirror_fetch &&
	test_grep "hello: 1 ref moved" fetch.out &&
	job=$(node_job fetch.out) &&
	hornero wait "$job" --timeout 120 &&
	test "$(mirror_ref refs/heads/main)" = "$(git -C up rev-parse HEAD)" &&
	test "$(hornero show $job --json | jq -r .pushed_by)" = mirror &&
	mirror_is current &&
	hornero why $U1 >out &&
	test_grep "follows $UP_URL, and was current" out &&
	{ hornero doctor --json >out || :; } &&
	test "$(jq -r "map(select(.check == \"mirrors\"))[0].state" out)" = ok &&
	mirror_fetch &&
	test_grep "nothing new" fetch.out
'

# Red without KEY_WRITE for the word.
test_expect_success 'a notice through the door: a key that may write, and no other' '
	for key in reader other
	do
		door_as $key &&
		test_expect_code 64 door_ssh repo fetch hello 2>err &&
		test_grep "may not repo fetch in hello: it needs the right write" err || return 1
	done &&
	upstream_commit two &&
	door_as hook &&
	door_ssh repo fetch hello --no-wait >out &&
	test_grep "hello is fetched from" out &&
	mirror_has &&
	hornero wait $U1 --timeout 120 &&
	door_ssh repo list >out &&
	test_grep "hello .*$UP_URL .*current" out &&
	door_as other &&
	door_ssh repo list --json >out &&
	test "$(cat out)" = "[]" &&
	door_as hook &&
	test_expect_code 64 door_ssh repo mirror hello "$UP_URL" 2>err &&
	test_grep "only on the node itself" err
'

test_expect_success 'the hook of the upstream gives the notice: a push there is built here' '
	cp "$TRASH/hook" home/notice-key &&
	cat >home/up.git/hooks/post-receive <<-END &&
	#!/bin/sh
	exec ssh -F /dev/null -i "$TRASH/home/notice-key" -o StrictHostKeyChecking=accept-new \
		-o UserKnownHostsFile="$TRASH/home/known" -p $DOOR_PORT git@127.0.0.1 \
		repo fetch hello --no-wait
	END
	chmod 0755 home/up.git/hooks/post-receive &&
	upstream_commit three &&
	mirror_has &&
	hornero wait $U1 --timeout 120 &&
	rm home/up.git/hooks/post-receive
'

test_expect_success 'a push to a mirror is refused, by its path and through the door' '
	was=$(mirror_ref refs/heads/main) &&
	git -C up commit -q --allow-empty -m stray &&
	test_must_fail env -u GIT_SSH setpriv --reuid $GIT_UID --regid $GIT_UID \
		--groups $QUEUE_GID git -c safe.directory="*" -C up push "$NODE/git/hello.git" \
		HEAD:main >out 2>&1 &&
	test_grep "push refused: hello follows $UP_URL; push there" out &&
	door_as hook &&
	test_must_fail git -C up push door:hello HEAD:main >out 2>&1 &&
	test_grep "push refused: hello follows $UP_URL" out &&
	test_grep "hornero repo mirror hello --off" out &&
	git -C up reset -q --hard HEAD~1 &&
	test "$(mirror_ref refs/heads/main)" = "$was"
'

# Red without the check of the owner in hooks/who.c.
test_expect_success 'nobody but the owner of the repository can claim to be the mirror' '
	git -C up commit -q --allow-empty -m stray &&
	test_must_fail env HORNERO_MIRROR=1 git -C up push "$NODE/git/hello.git" HEAD:main \
		>out 2>&1 &&
	test_grep "HORNERO_MIRROR is set, but only the owner" out &&
	git -C up reset -q --hard HEAD~1
'

test_expect_success 'tags and branches come and go' '
	git -C up tag -a -m v1 v1 &&
	upstream_push v1 HEAD:refs/heads/side HEAD:refs/notes/none &&
	mirror_fetch &&
	test_grep "hello: 2 refs moved" fetch.out &&
	test "$(mirror_ref refs/tags/v1)" = "$(git -C up rev-parse v1)" &&
	mirror_ref refs/heads/side &&
	test_must_fail mirror_ref refs/notes/none &&
	upstream_push :v1 :side &&
	mirror_fetch &&
	test_grep "hello: 2 refs moved" fetch.out &&
	test_must_fail mirror_ref refs/tags/v1 &&
	test_must_fail mirror_ref refs/heads/side
'

test_expect_success 'a rewound branch follows, and each place says so' '
	was=$(git -C up rev-parse HEAD) &&
	git -C up reset -q --hard HEAD~1 &&
	upstream_push +HEAD:main &&
	mirror_fetch &&
	test_grep "rewound: refs/heads/main $(echo $was | cut -c 1-7)" fetch.out &&
	test "$(mirror_ref refs/heads/main)" = "$(git -C up rev-parse HEAD)" &&
	mirror_is current "refs/heads/main" &&
	test_grep "event=mirror-rewound repo=hello ref=refs/heads/main" mirror.log &&
	hornero why $U1 >out &&
	test_grep "rewound: the upstream removed commits from refs/heads/main" out &&
	{ hornero doctor >out || :; } &&
	test_grep "mirrors .*hello was rewound by" out &&
	upstream_commit four &&
	mirror_fetch &&
	mirror_is current "null null"
'

# Red without the loop over single refs in push_batch().
test_expect_success 'what pre-receive refuses stays away, and stops no other branch' '
	was=$(mirror_ref refs/heads/main) &&
	echo "builder: [" >up/.hornero.yaml &&
	git -C up commit -q -a -m broken &&
	upstream_push HEAD:main HEAD~1:refs/heads/good &&
	test_expect_code 1 mirror_fetch &&
	test_grep "refused: refs/heads/main: .*\.hornero\.yaml:2" fetch.out &&
	mirror_is refused "hornero.yaml" &&
	test "$(mirror_ref refs/heads/main)" = "$was" &&
	test "$(mirror_ref refs/heads/good)" = "$was" &&
	git -C up reset -q --hard HEAD~1 &&
	upstream_push +HEAD:main :good &&
	mirror_fetch
'

test_expect_success 'a changed host key; a missing, an empty, a silent upstream: each by its word' '
	was=$(mirror_ref refs/heads/main) &&
	ssh-keygen -q -t ed25519 -N "" -f another &&
	upstream_host_key another.pub &&
	test_expect_code 1 mirror_fetch &&
	test_grep "untrusted: its host key has changed, so another machine may answer" fetch.out &&
	upstream_host_key &&
	mv "$UP" home/away &&
	test_expect_code 1 mirror_fetch &&
	test_grep "missing: it has no such repository" fetch.out &&
	git init -q --bare "$UP" &&
	chown -R "$account": "$UP" &&
	test_expect_code 1 mirror_fetch &&
	test_grep "empty: it has no branch and no tag; the refs of this node stay" fetch.out &&
	rm -rf "$UP" &&
	mv home/away "$UP" &&
	kill -STOP $sshd &&
	node_set mirror_timeout 2s &&
	kill -HUP $mirror_pid &&
	wait_until "grep -q event=reloaded mirror.log" 60 &&
	test_expect_code 1 mirror_fetch &&
	test_grep "limit: mirror_timeout: .* did not end within 2000 ms" fetch.out &&
	kill -CONT $sshd &&
	node_set mirror_timeout &&
	kill $sshd && wait $sshd
	kill -HUP $mirror_pid &&
	wait_until "test \$(grep -c event=reloaded mirror.log) -eq 2" 60 &&
	test_expect_code 1 mirror_fetch &&
	test_grep "unreachable: it cannot be reached .*Connection refused" fetch.out &&
	mirror_is unreachable &&
	test "$(mirror_ref refs/heads/main)" = "$was"
'

test_expect_success 'without a notice, sweep_interval finds what the upstream has' '
	start_sshd &&
	node_set sweep_interval 1s &&
	mirror_stop &&
	UP_URL=ssh://$account@127.0.0.1:$port$UP &&
	upstream_host_key &&
	hornero repo mirror hello "$UP_URL" &&
	mirror_start &&
	mirror_fetch &&
	upstream_commit five &&
	mirror_has
'

test_expect_success '--off: pushes are accepted again, and nothing is fetched' '
	hornero repo mirror hello --off >out &&
	test_grep "hello follows no upstream any more" out &&
	{ ls "$NODE/state/mirror" | grep -v -e access -e work >left || :; } &&
	test_cmp /dev/null left &&
	door_as hook &&
	git -C up commit -q --allow-empty -m ours &&
	git -C up push -q door:hello HEAD:main 2>push.out &&
	test "$(hornero repo list --json | jq ".[0].upstream")" = null &&
	test_expect_code 64 hornero repo mirror hello "$UP_URL" 2>err &&
	test_grep "those that the upstream lacks would go; --replace accepts that" err &&
	hornero repo mirror hello "$UP_URL" --replace &&
	mirror_fetch &&
	test "$(mirror_ref refs/heads/main)" = "$(git -C up rev-parse HEAD~1)" &&
	mirror_stop &&
	test_expect_code 75 hornero repo fetch hello 2>err &&
	test_grep "hornero-mirror does not run" err
'

test_done
