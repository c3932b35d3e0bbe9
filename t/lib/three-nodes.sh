# three-nodes.sh: three nodes as operators have them: each with a door, a server of artifacts and a
# mirror. One push to the first reaches all, and the others take its bytes, also while it dies. The
# cases of t/6880-three-nodes.t and, beside the real Glance, of t/6885-three-real.t. After nodes.sh,
# test.sh, node.sh, hooks.sh, glance.sh and serve.sh:
#
#     three_glance        a file defines it: starts Keystone and Glance
#     three_more          may be defined: more cases, before the first node dies

test_requires ssh openssh-client
test_requires ssh-keygen openssh-client

first=10.78.0.1

nodes_settings () {
	printf '%s\n' "git_user: $GIT_UID" "queue_group: $QUEUE_GID" \
		"libexec_dir: $test_root/libexec" "door_listen: 10.78.0.$1:2222" \
		"share_wait: 2m" "share_timeout: 45s"
}

key () {
	ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$1"
}

# may NODE NAME RIGHT: the key NAME.pub has the right to hello there.
may () {
	printf 'name="%s",%s="hello" %s\n' "$2" "$3" "$(cat "$2.pub")" >>"$TRASH/node$1/keys"
}

# as_git_there PROGRAM OUT LOG: in the background, a program of ours as git's user on this node,
# which says READY. Its pid is in `program`.
as_git_there () {
	nodes_in "$nodes_at" setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID \
		env PATH="$test_root/libexec:$PATH" "$test_root/libexec/$1" -c "$HORNERO_CONF" \
		>"$2" 2>"$3" </dev/null &
	program=$!
	test_cleanup "kill $program 2>/dev/null; wait $program; :"
	wait_until "grep -q READY '$2' || ! kill -0 $program" 120
	grep -q READY "$2" || { cat "$3"; return 1; }
}

# node N: with a door, a server of artifacts, hornero-glance --share and hornerod.
node () {
	node_at "$1" &&
	chmod 0755 "$NODE" &&
	chmod 0644 "$HORNERO_CONF" &&
	: >"$NODE/keys" &&
	chmod 0644 "$NODE/keys" &&
	nodes_hello "$1" &&
	nodes_serve &&
	as_git_there hornero-door "$NODE/door.out" "$NODE/door.log"
}

# follows N: node N mirrors the first one, through its door.
follows () {
	node_at "$1" &&
	access=$NODE/state/mirror/access &&
	key "mirror$1" &&
	install -o $GIT_UID -m 0600 "mirror$1" "$access/key" &&
	may 1 "mirror$1" read &&
	printf '[%s]:2222 %s\n' $first "$(ssh-keygen -y -f \
		"$TRASH/node1/state/door/ssh_host_ed25519_key")" >"$access/known_hosts" &&
	chmod 0644 "$access/known_hosts" &&
	may "$1" notice write &&
	hornero repo mirror hello "ssh://git@$first:2222/hello" &&
	as_git_there hornero-mirror "$NODE/mirror.out" "$NODE/mirror.log"
}

# push TEXT BYTES [COMMAND]: a commit whose artifact begins with TEXT, pushed to the first node by
# its door; then, after COMMAND there, the others are told.
push () {
	nodes_commit "$1" &&
	sed -i "s/1048576/$2/" "$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a --amend --no-edit &&
	git -C "$HELLO_WORK" push -q -o clean "ssh://git@$first:2222/hello" main 2>push.out ||
		{ cat push.out; return 1; }
	(node_at 1 && push_again && ${3:-:}) || return 1
	for n in 2 3
	do
		SSH_KEY=notice ./some-ssh -p 2222 git@10.78.0.$n repo fetch hello --no-wait ||
			return 1
	done
}

mirror_is () {
	test "$(hornero repo list --json | jq -r ".[0].state")" = "$1"
}

# The file comes first, the row of its job a moment later.
is_warm () {
	wait_until "warm_text_is $1" 120 && hornero wait "$HELLO_UUID" --timeout 120 >wait.out ||
	{
		hornero repo list
		hornero why "$HELLO_UUID"
		cat "$NODE/mirror.log" "$NODE/share.log"
		return 1
	}
}

test_expect_success 'three nodes with doors; two of them follow the first' '
	unset SSH_AUTH_SOCK &&
	mkdir -p "$test_root/libexec" &&
	cp "$HORNERO_BUILD"/hornero* "$test_root/libexec/" &&
	chmod -R a+rX "$test_root/libexec" &&
	three_glance &&
	nodes_work &&
	key alice && key notice &&
	cat >some-ssh <<-END &&
	#!/bin/sh
	exec ssh -F /dev/null -i "$TRASH/\${SSH_KEY:-alice}" -o IdentitiesOnly=yes \\
		-o BatchMode=yes -o UserKnownHostsFile="$TRASH/known_hosts" -o LogLevel=ERROR \\
		-o StrictHostKeyChecking=accept-new "\$@"
	END
	chmod 0755 some-ssh &&
	GIT_SSH=$TRASH/some-ssh && export GIT_SSH &&
	node 1 && may 1 alice write && nodes_registrar &&
	node 2 && node 3 &&
	follows 2 && follows 3
'

test_expect_success 'one push, one build, three warm' '
	push one 1048576 &&
	node_at 1 && is_warm one && nodes_built &&
	digest=$(image_field digest) &&
	for n in 2 3
	do
		node_at $n && is_warm one &&
		test_must_fail nodes_built &&
		test "$(image_field built)" = shared &&
		test "$(image_field digest)" = "$digest" &&
		wait_until "mirror_is current" 120 || return 1
	done
'

test_expect_success 'a push to a mirror is refused: the first node is the one to push to' '
	may 2 alice write &&
	test_expect_code 1 git -C "$HELLO_WORK" push -q "ssh://git@10.78.0.2:2222/hello" \
		main:refs/heads/other 2>words &&
	test_grep "hello follows ssh://git@$first:2222/hello" words
'

! command -v three_more >/dev/null || three_more

# begun N: bytes of the artifact are on their way to node N.
begun () {
	test -s "$TRASH/node$1/state/glance/shared/$HELLO_UUID.raw.tmp"
}

test_expect_success 'the first node loses its power in mid-transfer: the bytes come from Glance' '
	node_at 1 &&
	node_set serve_rate 1 &&
	kill $nodes_server && { wait $nodes_server; :; } &&
	nodes_serve &&
	push two 67108864 &&
	is_warm two &&
	wait_until "begun 2 && begun 3" 120 &&
	nodes_cut 1 &&
	for n in 2 3
	do
		node_at $n && is_warm two &&
		test_must_fail nodes_built &&
		test_grep "event=share-refused .*node=node1 " "$NODE/share.log" &&
		why_says "$HELLO_UUID" "took the bytes from node1, by Glance" || return 1
	done
'

test_expect_success 'the next notice says that it is away; the images stay warm' '
	node_at 2 &&
	test_expect_code 1 hornero repo fetch hello --timeout 120 >fetch.out 2>&1 &&
	mirror_is unreachable &&
	warm_text_is two
'
