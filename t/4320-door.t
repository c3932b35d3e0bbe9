#!/bin/sh
# hornero-door with the real OpenSSH client and the real git: what a pusher and a reader do all day.
test_description='hornero-door: push, clone, fetch, ls-remote, archive, words, keys and rights'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test_requires ssh openssh-client
test_requires script bsdutils
test_requires ssh-keygen openssh-client

test_expect_success 'hornero init makes host keys that only git can read, once' '
	door_node &&
	ls "$NODE/state/door" >found &&
	printf "%s\n" ssh_host_ecdsa_key ssh_host_ed25519_key >expect &&
	test_cmp expect found &&
	for key in "$NODE"/state/door/*
	do
		test "$(stat -c "%a" "$key")" = 600 &&
		ssh-keygen -y -P "" -f "$key" >/dev/null || return 1
	done &&
	test "$(id -u)" -ne 0 || test "$(stat -c %u "$NODE"/state/door/ssh_host_ed25519_key)" = \
		"$GIT_UID" &&
	cksum "$NODE"/state/door/* >before &&
	hornero init >init.out &&
	cksum "$NODE"/state/door/* >after &&
	test_cmp before after
'

test_expect_success 'it listens, and never as root' '
	door_start &&
	test "$(id -u)" -ne 0 || {
		test_expect_code 78 "$test_root/libexec/hornero-door" -c "$NODE/hornero.yaml" \
			2>words &&
		test_grep "does not serve as root" words
	}
'

test_expect_success 'a push is queued under the name of its key' '
	hooks_repo one &&
	hooks_image $U1 one --name "The One" &&
	git init -q -b main work &&
	echo one >work/file &&
	git -C work add -A &&
	git -C work commit -q -m one &&
	git -C work push door:one main >push.out 2>&1 || { cat push.out; cat door.log; return 1; }
	test_grep "^remote: hornero: job 1 queued for The One" push.out &&
	hooks_sql "SELECT pushed_by FROM jobs WHERE id = 1" &&
	echo alice >expect &&
	test_cmp expect rows
'

test_expect_success 'clone, fetch, ls-remote, in protocol v0 and v2, by every form of the name' '
	for version in 0 1 2
	do
		git -c protocol.version=$version clone -q door:one.git clone$version &&
		test "$(git -C clone$version rev-parse HEAD)" = "$(git -C work rev-parse HEAD)" || \
			return 1
	done &&
	GIT_TRACE_PACKET=1 git -c protocol.version=2 ls-remote door:one >refs 2>trace &&
	test_grep "version 2" trace &&
	test_grep "refs/heads/main" refs &&
	for url in door:one door:one.git door:/one door:/one.git ssh://door/one \
		ssh://git@door:$DOOR_PORT/one.git
	do
		git ls-remote "$url" >refs &&
		test_grep "refs/heads/main" refs || { echo "$url"; return 1; }
	done &&
	echo two >work/file &&
	git -C work commit -q -a -m two &&
	git -C work push -q door:one main 2>push.out &&
	git -C clone0 fetch -q &&
	test "$(git -C clone0 rev-parse origin/main)" = "$(git -C work rev-parse HEAD)"
'

test_expect_success 'archive' '
	git archive --remote=door:one main >one.tar &&
	tar xOf one.tar file >got &&
	echo two >expect &&
	test_cmp expect got &&
	test_must_fail git archive --remote=door:one nonsense >none.tar 2>words &&
	test_grep "remote: .*nonsense|no such ref" words
'

test_expect_success 'a push that a hook refuses says why, and its exit code is not 0' '
	echo "builder: [" >work/.hornero.yaml &&
	git -C work add -A &&
	git -C work commit -q -m bad &&
	test_must_fail git -C work push door:one main >push.out 2>&1 &&
	test_grep "^remote: hornero: push refused: refs/heads/main: .hornero.yaml:2:1: " push.out &&
	git -C work reset -q --hard HEAD~1
'

test_expect_success 'push options arrive, and the name of the key' '
	with_hook "echo options \$GIT_PUSH_OPTION_COUNT \$GIT_PUSH_OPTION_0 key \$HORNERO_KEY" \
		git -C work push -o skip door:one main:refs/heads/options >push.out 2>&1 &&
	test_grep "^remote: options 1 skip key alice" push.out
'

test_expect_success 'exit codes and standard error are those of the program, and so is its death' '
	REPO=$NODE/git/one.git &&
	test_expect_code 128 door_ssh "git-upload-pack one" </dev/null >out 2>words &&
	test_grep "^fatal: the remote end hung up" words &&
	test_expect_code 0 door_ssh queue >out 2>words &&
	test_cmp /dev/null words &&
	test_expect_code 64 door_ssh show 2>words >out &&
	test_cmp /dev/null out &&
	with_hook "head -c 3000000 /dev/zero | tr \"\\0\" x; echo; echo end" \
		git -C work push door:one main:refs/heads/told >push.out 2>&1 &&
	test $(tr -dc x <push.out | wc -c) -ge 3000000 &&
	test_grep "^remote: end" push.out &&
	test_must_fail with_hook "kill -TERM \$PPID" git -C work push door:one \
		main:refs/heads/death >push.out 2>&1 &&
	wait_until "grep \"event=done .*status=.signal 15 .*git-receive-pack .one\" door.log" 20
'

test_expect_success 'packs larger than every window, both ways, while keys are exchanged anew' '
	hooks_repo big &&
	git init -q -b main large &&
	head -c 12000000 /dev/urandom >large/noise &&
	head -c 3000000 /dev/zero >large/zeroes &&
	git -C large add -A &&
	git -C large commit -q -m large &&
	DOOR_SSH_OPTIONS="-o RekeyLimit=1M" &&
	export DOOR_SSH_OPTIONS &&
	git -C large push -q door:big main 2>push.out &&
	git clone -q door:big large.copy &&
	unset DOOR_SSH_OPTIONS &&
	cmp large/noise large.copy/noise &&
	cmp large/zeroes large.copy/zeroes &&
	as_git git -C "$REPO" fsck --strict 2>words
'

test_expect_success 'the words of hornero, as far as the key may' '
	door_ssh queue >out &&
	test_grep "The One" out &&
	door_ssh hornero queue --json >out &&
	jq -e ".[0].job" out >/dev/null &&
	door_ssh image show $U1 >out &&
	test_grep "The One" out &&
	test_expect_code 64 door_ssh "show \"1 2" 2>words &&
	test_grep "ends inside a quote" words &&
	test_expect_code 64 door_ssh nonsense 2>words &&
	test_grep "nonsense" words || return 1
	for line in "-c /etc/passwd queue" "queue -c /etc/passwd" "--key bob queue" \
		"queue --key bob" "init"
	do
		door_ssh "$line" >words 2>&1 &&
		{ echo "$line"; cat words; return 1; }
	done
	test ! -e "$TRASH/etc"
'

test_expect_success 'no shell, no terminal, no subsystem, nothing forwarded; no other program' '
	test_expect_code 64 door_ssh >words 2>&1 &&
	test_grep "^hornero: hello alice. There is no shell here" words &&
	test_expect_code 64 door_ssh -tt >words 2>&1 </dev/null &&
	test_grep "^hornero: hello alice. There is no shell here" words &&
	test_expect_code 255 door_ssh -s sftp >words 2>&1 &&
	for line in "sh -c true" "rm -rf $REPO/hooks" "git gc" "git-shell" \
		"git-receive-pack one; id" "git-upload-pack \`id\`" "git-upload-pack --help" \
		"git upload-pack -h" "true && git-upload-pack one"
	do
		door_ssh "$line" >words 2>&1 &&
		{ echo "$line"; cat words; return 1; }
		test_must_fail grep -E "uid=|usage: git" words || return 1
	done &&
	test -x "$REPO/hooks/post-receive" &&
	test_expect_code 255 door_ssh -W 127.0.0.1:$DOOR_PORT >words 2>&1 &&
	test_expect_code 255 door_ssh -o ExitOnForwardFailure=yes -R 0:127.0.0.1:1 queue >words \
		2>&1 &&
	door_ssh -A -X queue >words 2>&1 &&
	test_grep "superseded" words
'

# on_terminal COMMAND…: ssh -t from a terminal, with the keys that arrive at standard input.
on_terminal () {
	script -qec "$TRASH/door-ssh -t door $*" /dev/null
}

test_expect_success 'ssh -t: the command runs without a terminal, and its lines begin at the left' '
	for line in help "repo list" "show 1 2" "show \"1"
	do
		door_ssh "$line" >want 2>&1 </dev/null
		code=$?
		sed -i "s/\$/\r/" want &&
		test_expect_code $code on_terminal "'\''$line'\''" >got </dev/null &&
		test_cmp want got || return 1
	done
'

test_expect_success 'ssh -t: of many short lines none is lost, though each gets longer' '
	seq 400000 >"$NODE/state/log/2.1.log" &&
	chmod 0644 "$NODE/state/log/2.1.log" &&
	door_ssh log --attempt 1 2 >want &&
	test_grep "^400000\$" want &&
	sed -i "s/\$/\r/" want &&
	on_terminal log --attempt 1 2 >got </dev/null &&
	cmp want got &&
	rm "$NODE/state/log/2.1.log"
'

test_expect_success 'ssh -t: Ctrl-C ends the command, no other key does' '
	mkfifo keys-typed &&
	{ on_terminal events -f <keys-typed >got & } &&
	exec 9>keys-typed &&
	wait_until "grep -q \"event=command .*what=.events -f\" door.log" 20 &&
	printf "q\004\n" >&9 &&
	on_terminal queue >other </dev/null &&
	test_must_fail grep "event=done .*what=.events -f" door.log &&
	printf "\003" >&9 &&
	wait_until "grep -q \"event=done .*what=.events -f\" door.log" 20 &&
	exec 9>&- &&
	wait $!
	grep "event=done .*what=.events -f" door.log >end &&
	test_must_fail grep "Terminated\|Killed" end
'

test_expect_success 'ssh -t: git'\''s bytes stay as they are' '
	printf 0000 >bye &&
	door_ssh "git-upload-pack one" <bye >want &&
	door_ssh -tt "git-upload-pack one" <bye >got &&
	test_grep "refs/heads/main" want &&
	cmp want got
'

test_expect_success 'of the client'\''s environment comes GIT_PROTOCOL, as git writes it' '
	REPO=$NODE/git/one.git &&
	with_hook "env | sort | sed s/^/env:/" env LC_EVIL=evil GIT_EVIL=evil \
		DOOR_SSH_OPTIONS="-o SendEnv=*EVIL* -o SetEnv=GIT_PROTOCOL=version=2:x;id" \
		git -C work push door:one main:refs/heads/env >push.out 2>&1
	test_grep "env:HORNERO_KEY=alice" push.out &&
	test_grep "env:HOME=$NODE/git" push.out &&
	test_must_fail grep -iE "evil|env:SSH_|env:GIT_CONFIG_COUNT|;id" push.out
'

test_expect_success 'a read key cannot push, and sees no repository that it may not read' '
	door_key reader "read=\"one\"" &&
	door_as reader &&
	git ls-remote door:one >refs &&
	test_grep "refs/heads/main" refs &&
	test_expect_code 128 git -C work push door:one main:refs/heads/no 2>words &&
	test_grep "no repository one that the key reader may push to" words &&
	test_expect_code 128 git ls-remote door:big 2>words &&
	sed "s/big/NAME/" words >there &&
	test_expect_code 128 git ls-remote door:not-there 2>words &&
	sed "s/not-there/NAME/" words >absent &&
	test_cmp there absent &&
	test_grep "no repository NAME that the key reader may read" there &&
	door_as alice
'

test_expect_success 'a push makes the repository that a key may create; nothing else makes one' '
	door_key maker "create=\"team/*\"" &&
	door_as maker &&
	test_expect_code 128 git ls-remote door:team/new 2>words &&
	test ! -e "$NODE/git/team" &&
	test_expect_code 128 git -C work push door:other/new main 2>words &&
	test ! -e "$NODE/git/other" &&
	git -C work push door:team/new main >push.out 2>&1 &&
	test_grep "^hornero: made the repository team/new\$" push.out &&
	git -C work push door:team/new main >push.out 2>&1 &&
	test_must_fail grep "made the repository" push.out &&
	test -x "$NODE/git/team/new.git/hooks/post-receive" &&
	git ls-remote door:team/new >refs &&
	test_grep "refs/heads/main" refs &&
	door_as alice &&
	test_expect_code 128 git -C work push door:team/other main 2>words &&
	test_grep "no repository team/other that the key alice may push to" words
'

test_expect_success 'other tools get an error of one line' '
	test_expect_code 64 door_ssh "git-lfs-authenticate one upload" 2>words >out &&
	test_cmp /dev/null out &&
	echo "hornero: no git-lfs here: push without it, or set lfs.url elsewhere" >expect &&
	test_cmp expect words &&
	for line in "scp -t /tmp" "rsync --server -e.LsfxCIvu . one" \
		"git-annex-shell configlist /~/one"
	do
		test_expect_code 64 door_ssh "$line" 2>words >out &&
		test_cmp /dev/null out &&
		test "$(wc -l <words)" = 2 &&
		test_grep "there is no command .${line%% *}" words &&
		test_grep "ssh -p $DOOR_PORT git@.* help. lists" words || { cat words; return 1; }
	done
'

test_expect_success 'names that lead elsewhere' '
	git init -q --bare elsewhere.git &&
	ln -s "$TRASH/elsewhere.git" "$NODE/git/link.git" &&
	mkdir real &&
	git init -q --bare real/x.git &&
	ln -s "$TRASH/real" "$NODE/git/dir" &&
	for name in "~/one" "~git/one" ../git/one one/../one /etc "$NODE/git/one.git" \
		./one one.git/. one.git/hooks link dir/x .one "one " "one
" ""
	do
		test_expect_code 128 git ls-remote "door:$name" >refs 2>words ||
		{ echo "taken: $name"; cat refs words; return 1; }
	done &&
	test_expect_code 128 git ls-remote ssh://door//one 2>words &&
	test_grep "hornero: \"/one\"" words
'

test_expect_success 'keys: every kind that is taken, and none other' '
	for kind in ecdsa rsa
	do
		door_key $kind "read=\"one\"" $kind &&
		door_as $kind &&
		git ls-remote door:one >refs || { cat door.log; return 1; }
	done &&
	ssh-keygen -q -t ed25519 -N "" -f stranger &&
	door_as stranger &&
	test_expect_code 128 git ls-remote door:one 2>words &&
	test_grep "Permission denied \(publickey\)" words &&
	door_as alice &&
	DOOR_SSH_OPTIONS="-o PubkeyAuthentication=no" &&
	export DOOR_SSH_OPTIONS &&
	test_expect_code 128 git ls-remote door:one 2>words &&
	unset DOOR_SSH_OPTIONS &&
	test_grep "Permission denied \(publickey\)" words
'

test_expect_success 'a removed key is gone with the next connection; a broken line stops nobody' '
	door_as reader &&
	git ls-remote door:one >refs &&
	sed -i "/name=\"reader\"/d" "$NODE/keys" &&
	printf "nonsense\nnonsense\n" >>"$NODE/keys" &&
	test_expect_code 128 git ls-remote door:one 2>words &&
	before=$(grep -c event=key-refused door.log) &&
	door_as alice &&
	git ls-remote door:one >refs &&
	test_grep "event=key-refused lines=2 first: .*keys:[0-9]+:" door.log &&
	test $(($(grep -c event=key-refused door.log) - before)) = 1
'

# ends_on CIPHER MAC SSH-OPTION…: the log of that login has both.
ends_on () {
	cipher=$1 mac=$2 &&
	shift 2 &&
	before=$(wc -l <door.log) &&
	door_ssh "$@" queue >out 2>words || { cat words; return 1; }
	tail -n +$((before + 1)) door.log >new &&
	test_grep "event=login .* cipher=$cipher mac=$mac\$" new
}

test_expect_success 'modern algorithms, AES-GCM, strict key exchange; no compression' '
	door_ssh -vv -o LogLevel=DEBUG2 -C queue >out 2>words;
	sed -n "/peer server KEXINIT/,/reserved/p" words | tr -d "\r" >offer &&
	test_grep "KEX algorithms: .*curve25519-sha256,.*kex-strict-s-v00@openssh.com" offer &&
	test_grep "ciphers stoc: aes256-gcm@openssh.com,aes128-gcm@openssh.com\$" offer &&
	test_grep "compression stoc: none\$" offer &&
	test_must_fail grep -iE "sha1|group1|cbc|ctr|ssh-rsa|ssh-dss|zlib|md5" offer &&
	for option in HostKeyAlgorithms=ecdsa-sha2-nistp256 HostKeyAlgorithms=ssh-ed25519 \
		Ciphers=aes128-gcm@openssh.com
	do
		rm -f other_hosts &&
		door_ssh -o "$option" -o UserKnownHostsFile=other_hosts queue >out || return 1
	done
'

# Red where offer_choose() offers all groups: the second one ends on CTR.
test_expect_success 'a client that has AES-GCM gets it; others get AES-CTR, with etm if they can' '
	gcm=@openssh.com &&
	ends_on aes[0-9]*-gcm$gcm aead-gcm &&
	ends_on aes128-gcm$gcm aead-gcm -c aes256-ctr,aes128-gcm$gcm &&
	ends_on aes256-ctr hmac-sha2-256-etm$gcm -c aes256-ctr \
		-m hmac-sha2-512,hmac-sha2-256-etm$gcm &&
	ends_on aes128-ctr hmac-sha2-512 -c aes128-ctr,aes256-ctr -m hmac-sha2-512,hmac-sha1 &&
	ends_on aes256-gcm$gcm aead-gcm -c aes256-gcm$gcm -m hmac-sha1 &&
	DOOR_SSH_OPTIONS="-c aes256-ctr -m hmac-sha2-256 -o RekeyLimit=1M" &&
	export DOOR_SSH_OPTIONS &&
	git -C large push -q door:big main:refs/heads/ctr 2>push.out &&
	rm -rf large.copy &&
	git clone -q door:big large.copy &&
	unset DOOR_SSH_OPTIONS &&
	cmp large/noise large.copy/noise
'

# Red where disagree() sends nothing, or where its clients count as
# CONNECTION_STRANGE (the fifth is refused).
test_expect_success 'a client without a common algorithm is told so, and not shut out' '
	DOOR_SSH_OPTIONS="-b 127.0.0.66 -o LogLevel=INFO" &&
	export DOOR_SSH_OPTIONS &&
	for option in "Ciphers=aes128-cbc:cipher:aes256-gcm.*,aes128-ctr" \
		"KexAlgorithms=diffie-hellman-group14-sha256:key exchange:curve25519-sha256" \
		"HostKeyAlgorithms=rsa-sha2-256:host key:ssh-ed25519" \
		"HostKeyAlgorithms=rsa-sha2-512:host key:ssh-ed25519" \
		"KexAlgorithms=diffie-hellman-group16-sha512:key exchange:curve25519-sha256" \
		"Ciphers=3des-cbc:cipher:aes256-gcm.*,aes128-ctr"
	do
		what=${option#*:} &&
		what=${what%%:*} &&
		offers=${option%%:*} &&
		test_expect_code 255 door_ssh -o "${option%%:*}" queue 2>words &&
		test_grep "no matching $what .*found. Their offer: ${option##*:}" words &&
		hint="hint=.hornero-door(8): BEHIND OPENSSH." &&
		client="client=.SSH-2.0-OpenSSH[^ ]*.* offers=.*${offers#*=}" &&
		wait_until "grep \"event=left .* why=.no common $what. $hint $client\" door.log" \
			20 || return 1
	done &&
	test_expect_code 255 door_ssh -c aes256-ctr -m hmac-sha1 queue 2>words &&
	test_grep "no matching MAC found. Their offer: hmac-sha2-256-etm.*,hmac-sha2-512" words &&
	door_ssh queue >out &&
	unset DOOR_SSH_OPTIONS &&
	test_must_fail grep "event=refused peer=127.0.0.66" door.log
'

# silent BYTES: a client that says them and then waits for the lists of the door; prints them.
silent () {
	python3 -c "
import socket, sys
s = socket.create_connection((\"127.0.0.1\", int(sys.argv[1])))
s.settimeout(30)
s.sendall(sys.argv[2].encode() + bytes([13, 10]))
got = b\"\"
while b\"kex-strict\" not in got or b\"none\" not in got:
    more = s.recv(65536)
    if not more: sys.exit(1)
    got += more
print(got.decode(errors=\"replace\"))" "$DOOR_PORT" "$1"
}

test_expect_success 'a client that waits for the lists of the door gets them all' '
	silent SSH-2.0-waits >lists &&
	test_grep "SSH-2.0-hornero" lists &&
	test_grep "aes128-gcm@openssh.com,aes256-ctr,aes128-ctr" lists
'

test_expect_success 'several commands over one connection' '
	DOOR_SSH_OPTIONS="-o ControlMaster=auto -o ControlPersist=60" &&
	DOOR_SSH_OPTIONS="$DOOR_SSH_OPTIONS -o ControlPath=$TRASH/control" &&
	export DOOR_SSH_OPTIONS &&
	before=$(grep -c event=login door.log) &&
	git ls-remote door:one >refs 2>words &&
	git clone -q door:big again 2>words &&
	door_ssh queue >out &&
	for i in 1 2 3 4 5
	do
		git ls-remote door:one >refs.$i 2>&1 &
		pids="$pids $!"
	done &&
	wait $pids &&
	for i in 1 2 3 4 5
	do
		test_grep "refs/heads/main" refs.$i || return 1
	done &&
	{
		door_ssh -O exit 2>words
		unset DOOR_SSH_OPTIONS
	} &&
	test $(($(grep -c event=login door.log) - before)) = 1
'

test_expect_success 'twenty at once' '
	for i in $(seq 20)
	do
		git ls-remote door:one >refs.$i 2>&1 & eval "pid$i=$!"
	done
	for i in $(seq 20); do eval "wait \$pid$i" || { cat refs.$i; return 1; }; done
'

test_expect_success 'the log has the key, the address, the command and its end' '
	test_grep "event=login peer=127\.0\.0\.1:[0-9]+ key=alice type=ssh-ed25519" door.log &&
	test_grep "event=command peer=[0-9.:]+ key=alice what=\"git-receive-pack .one.\"" \
		door.log &&
	cost="received=[0-9]+ sent=[0-9]+ ms=[0-9]+ cpu_ms=[0-9]+" &&
	ended="status=\"exit 0\" what=\"git-upload-pack .one.\"" &&
	test_grep "event=done peer=[0-9.:]+ key=alice $cost $ended" door.log &&
	test_grep "event=left peer=[0-9.:]+ key=alice why=\"closed\"" door.log
'

test_expect_success 'and no secrets: no key, and nothing of what was pushed' '
	cat alice.pub reader.pub "$NODE"/state/door/* | tr -s " " "\n" | grep -E \
		"^[A-Za-z0-9+/=]{24,}$" >secrets &&
	test -s secrets &&
	test_must_fail grep -F -f secrets door.log
'

test_expect_success 'asked to stop it stops' '
	door_stop &&
	test_grep "event=stopped cut_off=0" door.log &&
	test_must_fail grep -E "Sanitizer|runtime error:" door.log
'

test_done
