# upstream.sh: a repository behind a real sshd, and a node that follows it. After test.sh, node.sh,
# hooks.sh, door.sh and sshd.sh:
#
#     upstream_requires        skips the file where it cannot run
#     upstream_start           sshd at 127.0.0.1:$port, with the bare repository $UP, and ./up, a
#                              clone of it to push from; its URL is $UP_URL
#     upstream_commit TEXT     one more commit of ./up, pushed: its artifact begins with TEXT
#     upstream_push REF…       git push from ./up
#     upstream_knows           the node has a key, which may log in there
#     upstream_host_key [FILE] the node trusts that host key, by default the right one
#     mirror_start, mirror_stop  hornero-mirror as git's user; its log is mirror.log
#     mirror_fetch             `hornero repo fetch hello`; its words are in fetch.out
#     mirror_is STATE [REGEX]  `repo list` says that of hello
#     mirror_ref REF           its commit in the node's repository
#     mirror_has               the node's repository has the commit of ./up: waits for it

mirror_pid=''

upstream_requires () {
	test_requires ssh openssh-client
	test_requires ssh-keygen openssh-client
	test_requires jq jq
	test_requires perl perl
	test -x /usr/sbin/sshd || test_skip_all 'sshd is not here (Debian: openssh-server)'
	test "$(id -u)" -eq 0 || test_skip_all 'needs root, to make an account and to run sshd'
	test_requires useradd passwd
	test_requires systemd-socket-activate systemd
}

upstream_start () {
	account=hornero-t$$
	UP=$TRASH/home/up.git
	useradd --no-create-home --home-dir "$TRASH/home" --shell /bin/sh "$account" &&
	test_cleanup account_remove &&
	usermod -p "*" "$account" &&
	mkdir -m 0755 home &&
	mkdir -m 0700 home/.ssh &&
	: >home/.ssh/authorized_keys &&
	command git init -q --bare -b main "$UP" &&
	chown -R "$account": home &&
	sshd_conf &&
	start_sshd &&
	UP_URL=ssh://$account@127.0.0.1:$port$UP &&
	command git config --global --add safe.directory "*" &&
	command git clone -q "$UP" up
}

upstream_push () {
	command git -C up push -q origin "$@" &&
	chown -R "$account": home
}

upstream_commit () {
	node_copy_hello up &&
	{
		printf 'hornero.raw:\n\thead -c 1048576 /dev/zero >$@\n' &&
		printf "\tprintf '%%s' '%s' | dd of=\$@ conv=notrunc 2>/dev/null\n" "$1" &&
		printf '.PHONY: hornero.raw\n'
	} >up/Makefile &&
	command git -C up add -A &&
	command git -C up commit -q -m "$1" &&
	upstream_push "HEAD:${2:-main}"
}

upstream_knows () {
	access=$NODE/state/mirror/access
	ssh-keygen -q -t ed25519 -N '' -C node -f "$access/key" &&
	chown "$GIT_UID" "$access/key" &&
	cat "$access/key.pub" >>home/.ssh/authorized_keys
}

upstream_host_key () {
	printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d ' ' -f 1,2 "${1:-hostkey.pub}")" \
		>"$NODE/state/mirror/access/known_hosts" &&
	chmod 0644 "$NODE/state/mirror/access/known_hosts"
}

mirror_start () {
	rm -f mirror.out
	env PATH="$test_root/libexec:$PATH" \
		setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID \
		"$test_root/libexec/hornero-mirror" -c "$NODE/hornero.yaml" \
		>mirror.out 2>>mirror.log </dev/null &
	mirror_pid=$!
	test_cleanup "test -z \"\$mirror_pid\" || { kill \$mirror_pid; wait \$mirror_pid; }; :"
	wait_until "grep -q READY mirror.out || ! kill -0 $mirror_pid" 60
	grep -q READY mirror.out || { cat mirror.log; return 1; }
}

mirror_stop () {
	kill "-${1:-TERM}" "$mirror_pid"
	wait "$mirror_pid"
	mirror__code=$?
	mirror_pid=''
	return $mirror__code
}

mirror_fetch () {
	hornero repo fetch hello --timeout 120 "$@" >fetch.out 2>&1
	mirror__code=$?
	cat fetch.out
	return $mirror__code
}

mirror_is () {
	hornero repo list --json >list.json &&
	jq -e --arg state "$1" --arg words "${2:-}" '.[] | select(.repo == "hello") |
		.state == $state and ("\(.problem) \(.rewound)" | test($words))' list.json ||
		{ cat list.json mirror.log; return 1; }
}

mirror_has () {
	wait_until 'test "$(mirror_ref refs/heads/main)" = "$(command git -C up rev-parse HEAD)"' \
		120
}

mirror_ref () {
	command git -c safe.directory='*' -C "$NODE/git/hello.git" rev-parse --verify -q "$1"
}
