#!/bin/sh
test_description='require_signed: pushes, commits and tags by SSH and GPG, or refused with words'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
test_requires jq jq
test_requires ssh-keygen openssh-client
test_requires gpg gnupg
test_requires gpgv gpgv

# named_git: ssh-keygen needs a name for its user. The door, and what it starts, see an /etc with
# one for git's number. Not only its password file: a mount on that ends when another test adds a
# user.
# door_start finds this setpriv before the real one.
named_git () {
	test "$(id -u)" -eq 0 || return 0
	mkdir etc &&
	(cd /etc && tar -cf - --ignore-failed-read passwd group nsswitch.conf ld.so.cache \
		ld.so.conf ld.so.conf.d hosts localtime ssl 2>/dev/null) | tar -xf - -C etc &&
	echo "hornero-t-git:x:$GIT_UID:$GIT_UID::/nonexistent:/bin/false" >>etc/passwd &&
	cat >"$test_root/libexec/setpriv" <<-END &&
	#!/bin/sh
	exec unshare -m sh -c 'mount --bind "$TRASH/etc" /etc &&
		exec /usr/bin/setpriv "\$@"' sh "\$@"
	END
	chmod 0755 "$test_root/libexec/setpriv"
}

# as_named_git COMMAND…: as git's user, with that name.
as_named_git () {
	(PATH=$test_root/libexec:$PATH && as_git "$@")
}

# sign_as NAME: git signs with that SSH key from here on.
sign_as () {
	git -C clone config gpg.format ssh &&
	git -C clone config user.signingKey "$TRASH/$1.pub"
}

# sign_as_gpg USER: the same with a GPG key.
sign_as_gpg () {
	git -C clone config gpg.format openpgp &&
	git -C clone config user.signingKey "$1"
}

# push ARG…: as alice, through the door.
push () {
	git -C clone push -q "$@" 2>push.out || { cat push.out; return 1; }
}

# refused PATTERN REPO REF: the last push was, in these words, and the ref is not there.
refused () {
	test_grep "^remote: hornero: push refused: $1" push.out &&
	test_grep "nothing of this push was taken" push.out &&
	test_must_fail git -C "$NODE/git/$2.git" -c safe.directory="*" rev-parse --verify -q \
		"$3^{object}" >is &&
	wait_until "test -z \"\$(find \"$NODE/git/$2.git/objects\" -name \"tmp_objdir*\")\"" 60
}

# commit TEXT [OPTION…]: one more commit in the clone.
commit () {
	commit__text=$1
	shift
	git -C clone commit -q --allow-empty -m "$commit__text" "$@"
}

test_expect_success 'a node that requires signatures, SSH keys, GPG keys' '
	GNUPGHOME=$TRASH/gpg &&
	export GNUPGHOME &&
	mkdir -m 0700 gpg &&
	test_cleanup "gpgconf --homedir \"$GNUPGHOME\" --kill all; :" &&
	make_gpg () {
		gpg -q --batch --passphrase "" --faked-system-time "$3" \
			--quick-generate-key "$1 <$1@example.org>" ed25519 sign "$2"
	} &&
	make_gpg good never 20260101T000000 &&
	make_gpg strange never 20260101T000000 &&
	make_gpg old 1d 20200101T000000 &&
	gpg --export good old >ring.gpg &&
	chmod 0644 ring.gpg &&
	door_node "require_signed: [push pushes, \"commit commits commits2:refs/heads/main\",
  tag tags]" "gpg_keyring: $TRASH/ring.gpg" &&
	chmod 0755 "$TRASH" &&
	named_git &&
	door_key bob "write=\"commits:refs/heads/b/* pushes:refs/heads/b/*\"" &&
	ssh-keygen -q -t ed25519 -N "" -C stranger -f stranger &&
	for name in pushes commits commits2 tags free
	do
		hooks_repo $name || return 1
	done &&
	door_start &&
	git init -q -b main clone &&
	for name in pushes commits commits2 tags free
	do
		git -C clone remote add $name door:$name || return 1
	done &&
	commit start
'

test_expect_success 'a repository of no rule takes what is not signed' '
	push free main
'

test_expect_success 'push: not signed' '
	test_must_fail push pushes main &&
	refused "the push is not signed, and pushes requires that: git push --signed" pushes main &&
	test_grep "git config gpg.format ssh; git config user.signingKey" push.out
'

test_expect_success 'push: signed by the SSH key of the pusher; the audit log names the signer' '
	sign_as alice &&
	push --signed pushes main &&
	test_must_fail grep "^error\|gpg" push.out &&
	hornero events --audit --json >audit.json &&
	jq -s -e "map(select(.event == \"push\")) | last | .signer == \"key alice\"" audit.json
'

test_expect_success 'push: an unknown SSH key' '
	sign_as stranger &&
	test_must_fail push --signed pushes main:x &&
	refused "the push: it is signed by the SSH key SHA256:[^ ]*, which is not in the" \
		pushes x
'

test_expect_success 'push: a known key that may not write the ref' '
	sign_as bob &&
	test_must_fail push --signed pushes main:x &&
	refused "refs/heads/x: the push: it is signed by the key bob, which may not write it" \
		pushes x &&
	push --signed pushes main:b/x
'

test_expect_success 'push: signed with GPG; an unknown and an expired key' '
	sign_as_gpg good@example.org &&
	push --signed pushes main:gpg &&
	sign_as_gpg strange@example.org &&
	test_must_fail push --signed pushes main:x &&
	refused "the push: it is signed by the GPG key [0-9A-F]*, which is not in gpg_keyring" \
		pushes x
'

# replay FILE PATTERN: the bytes that a client sent, for git receive-pack as the door starts it. The
# nonce of git is one of the second.
replay () {
	replay__at=$(date +%s)
	wait_until "test \$(date +%s) -gt $((replay__at + 1))" 10
	(cd "$NODE/git/pushes.git" && as_named_git env HORNERO_KEY=alice git receive-pack .) \
		<"$1" >replay.out 2>&1
	grep -a -F "$2" replay.out
}

# Red without the status of the nonce in signedpush.c: the old push is taken again.
test_expect_success 'push: the bytes of an earlier one, replayed' '
	sign_as alice &&
	printf "#!/bin/sh\ntee \"%s/stream\" | \"%s/door-ssh\" \"\$@\"\n" "$TRASH" "$TRASH" \
		>tee-ssh &&
	chmod 0755 tee-ssh &&
	GIT_SSH=$TRASH/tee-ssh git -C clone push -q --signed pushes main:replayed &&
	push --signed pushes :replayed &&
	chmod 0644 stream &&
	replay stream "has another nonce than git gave to it (BAD): it is one of an earlier" &&
	test_must_fail git -C "$NODE/git/pushes.git" -c safe.directory="*" rev-parse --verify -q \
		replayed
'

# git accepts unsigned refs beside a certificate. Red without check_lines().
test_expect_success 'push: a ref that the certificate does not name' '
	commit=$(git -C clone rev-parse main) &&
	cat >"$TRASH/smuggle.py" <<-\END &&
	import subprocess, sys
	repo, oid, certificate = sys.argv[1:]
	zeros = "0" * 40
	p = subprocess.Popen(["git", "receive-pack", repo], stdin=subprocess.PIPE,
	                     stdout=subprocess.PIPE)
	def packet():
	    size = int(p.stdout.read(4), 16)
	    return p.stdout.read(size - 4) if size else b""
	nonce = ""
	while True:
	    line = packet()
	    if not line:
	        break
	    for word in line.split(b"\0")[-1].split():
	        if word.startswith(b"push-cert="):
	            nonce = word[10:].decode()
	body = ("certificate version 0.1\npusher alice 1 +0000\npushee x\nnonce %s\n\n%s %s %s\n"
	        % (nonce, zeros, oid, "refs/heads/named"))
	signed = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", certificate],
	                        input=body.encode(), stdout=subprocess.PIPE, check=True).stdout
	def send(data):
	    p.stdin.write(b"%04x" % (len(data) + 4) + data)
	send(("%s %s refs/heads/smuggled\0 report-status push-options\n" % (zeros, oid)).encode())
	send(b"push-cert\0report-status\n")
	for line in (body.encode() + signed).splitlines(True):
	    send(line)
	send(b"push-cert-end\n")
	p.stdin.write(b"00000000PACK\0\0\0\2\0\0\0\0")
	p.stdin.write(bytes.fromhex("029d08823bd8a8eab510ad6ac75c823cfd3ed31e"))
	p.stdin.close()
	print(p.stdout.read().decode(errors="replace"))
	END
	chmod 0755 smuggle.py &&
	install -m 0644 alice key-copy &&
	{ test "$(id -u)" -ne 0 || chown $GIT_UID key-copy; } &&
	chmod 0600 key-copy &&
	as_named_git env HORNERO_KEY=alice python3 "$TRASH/smuggle.py" \
		"$NODE/git/pushes.git" $commit "$TRASH/key-copy" >smuggle.out 2>&1;
	cat smuggle.out &&
	test_grep "refs/heads/smuggled: the certificate of this push does not name it" \
		smuggle.out &&
	test_must_fail git -C "$NODE/git/pushes.git" -c safe.directory="*" rev-parse --verify -q \
		smuggled
'

test_expect_success 'commit: not signed; by an unknown key; with a changed message' '
	sign_as alice &&
	test_must_fail push commits main &&
	refused "refs/heads/main: commit [0-9a-f]*: it is not signed" commits main &&
	test_grep "git commit --amend -S --no-edit" push.out &&
	git -C clone checkout -q --orphan signed &&
	sign_as stranger &&
	commit one -S &&
	test_must_fail push commits signed &&
	refused "refs/heads/signed: commit .*: it is signed by the SSH key SHA256:" \
		commits signed &&
	sign_as alice &&
	commit one -S --amend &&
	git -C clone cat-file commit HEAD | sed "s/^one/two/" >forged &&
	forged=$(git -C clone hash-object -t commit -w --stdin <forged) &&
	test_must_fail push commits $forged:refs/heads/forged &&
	refused "refs/heads/forged: commit .*: its SSH signature is not good: ssh-keygen says: " \
		commits forged
'

# Red where only the last commit is checked.
test_expect_success 'commit: each new one must be signed, not only the last' '
	push commits signed &&
	commit two &&
	commit three -S &&
	test_must_fail push commits signed:three &&
	refused "refs/heads/three: commit $(git -C clone rev-parse --short=7 HEAD~): it is not" \
		commits three &&
	git -C clone rebase -q --exec "git commit -q --amend -S --no-edit --allow-empty" HEAD~2 &&
	push commits signed:three
'

# Red where rev-list leaves out what any ref leads to.
test_expect_success 'commit: one that came by a ref without a rule is new to a ref with one' '
	git -C clone checkout -q main &&
	commit unsigned &&
	push commits2 main:wip &&
	test_must_fail push commits2 main &&
	refused "refs/heads/main: commit .*: it is not signed" commits2 main &&
	git -C clone checkout -q signed &&
	push commits2 signed:main
'

test_expect_success 'commit: by GPG; expired; a key without the right; deletes' '
	sign_as_gpg good@example.org &&
	commit gpg -S &&
	push commits signed:gpg &&
	sign_as_gpg old@example.org &&
	printf "#!/bin/sh\nexec gpg --faked-system-time 20200101T120000 \"\$@\"\n" >gpg-old &&
	chmod 0755 gpg-old &&
	git -C clone -c gpg.program="$TRASH/gpg-old" commit -q -S --allow-empty -m old &&
	test_must_fail push commits signed:old &&
	refused "refs/heads/old: commit .*: it is signed by the GPG key .*, which has expired" \
		commits old &&
	git -C clone reset -q --hard HEAD~ &&
	sign_as bob &&
	commit bob -S &&
	test_must_fail push commits signed:bob &&
	refused "refs/heads/bob: commit .*: it is signed by the key bob, which may not" \
		commits bob &&
	push commits signed:b/bob &&
	push commits :b/bob
'

test_expect_success 'tag: without an object, not signed, signed; a branch needs no signature' '
	sign_as alice &&
	git -C clone tag light main &&
	test_must_fail push tags light &&
	refused "refs/tags/light: it is a tag without an object" tags refs/tags/light &&
	git -C clone tag -a -m x plain main &&
	test_must_fail push tags plain &&
	refused "refs/tags/plain: it is not signed" tags refs/tags/plain &&
	git -C clone tag -s -m x v1 main &&
	push tags v1 main
'

test_expect_success 'a signed tag of a commit that is not: refused where commits must be signed' '
	test_must_fail push commits v1 &&
	refused "refs/tags/v1: commit .*: it is not signed" commits refs/tags/v1
'

test_expect_success 'a signature of another kind, and a commit with two' '
	for header in "gpgsig -----BEGIN SIGNED MESSAGE-----" "gpgsig x
gpgsig y"
	do
		git -C clone cat-file commit main | awk -v h="$header" "/^\$/ && !done { print h;
			done = 1 } { print }" >odd &&
		odd=$(git -C clone hash-object -t commit -w --stdin <odd) &&
		test_must_fail push commits $odd:refs/heads/odd || return 1
		grep -q "its signature is of a kind that is not taken\|it has two signatures" \
			push.out || { cat push.out; return 1; }
	done
'

test_expect_success 'no program or no ring to check with: refused, and the operator is named' '
	sign_as_gpg good@example.org &&
	git -C clone checkout -q signed &&
	git -C clone reset -q --hard commits/gpg &&
	commit again -S &&
	mv ring.gpg away &&
	test_must_fail push commits signed:again &&
	test_grep "signature of a commit cannot be checked: .*cannot read gpg_keyring" push.out &&
	mv away ring.gpg &&
	push commits signed:again
'

# doctor_says STATE PATTERN: about signatures.
doctor_says () {
	hornero doctor --json >doctor.json
	jq -e --arg s "$1" --arg p "$2" "[.[] | select(.check == \"signatures\" and
		.state == \$s and (.finding | test(\$p)))] | length == 1" doctor.json ||
		{ jq -c "map(select(.check == \"signatures\"))" doctor.json; return 1; }
}

# Red without the second part of add_missing().
test_expect_success 'doctor names a repository that gives no nonce; init mends it' '
	config=$NODE/git/pushes.git/config &&
	sed -i "/certNonceSeed/d; /^\[gpg/d; /program = /d; /allowedSigners/d" "$config" &&
	doctor_says bad "pushes.git/config has no receive.certNonceSeed" &&
	hornero init >out &&
	test_grep "mended *$config" out &&
	test "$(git config -f "$config" gpg.ssh.program)" = "$test_root/libexec/hornero-hook" &&
	sign_as alice &&
	push --signed pushes main:mended &&
	mv ring.gpg away &&
	doctor_says bad "gpg_keyring .*: No such file" &&
	mv away ring.gpg
'

test_expect_success 'a wrong rule: file and line' '
	sed "s/tag tags/label tags/" "$NODE/hornero.yaml" >wrong.yaml &&
	test_expect_code 78 hornero config check "$TRASH/wrong.yaml" >out 2>&1 &&
	test_grep "wrong.yaml:[0-9]*:[0-9]*: .*label tags.*push, commit or tag is allowed" out
'

test_done
