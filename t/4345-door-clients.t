#!/bin/sh
# Real SSH clients of Debian at the door: each reads and pushes, and the log has its cipher.
test_description='hornero-door: PuTTY, dropbear, paramiko, libssh2'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
test_requires ssh openssh-client

# has COMMAND PACKAGE: shows what is missing.
has () {
	command -v "$1" >/dev/null && return 0
	echo "# $1 is not here (Debian: $2)"
	return 1
}

# logged_in CIPHER MAC: what the last login of the log has.
logged_in () {
	grep "event=login" door.log | tail -n 1 >last &&
	test_grep "cipher=$1 mac=$2\$" last
}

# reads_and_pushes NAME: git with the program GIT_SSH.
reads_and_pushes () {
	url=git@127.0.0.1:one &&
	rm -rf copy &&
	git clone -q "$url" copy 2>words &&
	echo "$1" >>copy/file &&
	git -C copy commit -q -a -m "$1" &&
	git -C copy push -q origin main:refs/heads/$1 2>words || { cat words; return 1; }
	hooks_ref refs/heads/$1
}

# git_by NAME COMMAND…: the program that git starts; it gets the host and the line.
git_by () {
	printf '#!/bin/sh\nexec %s "$@"\n' "$2" >$1.sh &&
	chmod 0755 $1.sh &&
	GIT_SSH=$TRASH/$1.sh GIT_SSH_VARIANT=simple &&
	export GIT_SSH GIT_SSH_VARIANT
}

test_expect_success 'a node with a repository' '
	door_node &&
	door_start &&
	hooks_repo one &&
	REPO=$NODE/git/one.git &&
	git init -q -b main work &&
	echo one >work/file &&
	git -C work add -A &&
	git -C work commit -q -m one &&
	git -C work push -q door:one main 2>push.out
'

if has plink putty-tools
then
	test_expect_success 'PuTTY ends on AES-GCM' '
		puttygen alice -o alice.ppk -O private &&
		for kind in ed25519 ecdsa
		do
			ssh-keygen -lf "$NODE/state/door/ssh_host_${kind}_key" || return 1
		done | awk "{ printf \"-hostkey %s \", \$2 }" >fingerprints &&
		git_by plink "plink -batch $(cat fingerprints) -i $TRASH/alice.ppk -P $DOOR_PORT" &&
		reads_and_pushes plink &&
		logged_in "aes(128|256)-gcm@openssh.com" aead-gcm
	'
fi

if has dbclient dropbear-bin
then
	test_expect_success 'dropbear ends on AES-CTR' '
		dropbearconvert openssh dropbear alice alice.dropbear 2>words &&
		git_by dbclient "dbclient -y -y -i $TRASH/alice.dropbear -p $DOOR_PORT" &&
		reads_and_pushes dbclient &&
		logged_in "aes(128|256)-ctr" hmac-sha2-256
	'

	test_expect_success 'dropbear with an old MAC fails by itself, and is named in the log' '
		test_must_fail dbclient -y -y -i alice.dropbear -m hmac-sha1 -p $DOOR_PORT \
			git@127.0.0.1 queue 2>words </dev/null &&
		test_grep "No matching algo mac" words &&
		left="event=left .*why=.no common MAC. .* client=.SSH-2.0-dropbear_[0-9.]*." &&
		wait_until "grep -E \"$left offers=.hmac-sha1.\" door.log" 20
	'
fi

if python3 -c 'import paramiko' 2>/dev/null
then
	test_expect_success 'paramiko ends on AES-CTR' '
		cat >paramiko-ssh <<-END &&
		#!/usr/bin/python3
		import os, sys, threading, paramiko
		client = paramiko.SSHClient()
		client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
		client.connect("127.0.0.1", $DOOR_PORT, "git", key_filename="$TRASH/alice",
		               allow_agent=False, look_for_keys=False)
		channel = client.get_transport().open_session()
		channel.exec_command(sys.argv[2])
		def feed():
		    while data := os.read(0, 65536): channel.sendall(data)
		    channel.shutdown_write()
		threading.Thread(target=feed, daemon=True).start()
		while data := channel.recv(65536): os.write(1, data)
		while data := channel.recv_stderr(65536): os.write(2, data)
		sys.exit(channel.recv_exit_status())
		END
		git_by paramiko "python3 $TRASH/paramiko-ssh" &&
		reads_and_pushes paramiko &&
		logged_in "aes(128|256)-ctr" "hmac-sha2-(256|512).*"
	'
else
	echo '# paramiko is not here (Debian: python3-paramiko)'
fi

if python3 -c 'import pygit2' 2>/dev/null
then
	test_expect_success 'libgit2 with libssh2 ends on AES-CTR' '
		door_key second "write=\"*\"" ecdsa &&
		cat >pygit2-fetch <<-END &&
		import sys, pygit2
		class Callbacks(pygit2.RemoteCallbacks):
		    def credentials(self, url, user, allowed):
		        return pygit2.Keypair("git", "$TRASH/second.pub", "$TRASH/second", "")
		    def certificate_check(self, certificate, valid, host):
		        return True
		pygit2.clone_repository("ssh://git@127.0.0.1:$DOOR_PORT/one", "pygit2-copy",
		                        callbacks=Callbacks())
		END
		python3 pygit2-fetch >words 2>&1 || { cat words; tail -n 3 door.log; return 1; }
		test_cmp work/file pygit2-copy/file &&
		logged_in "aes(128|256)-ctr" "hmac-sha2-(256|512).*"
	'
fi

test_expect_success 'nobody was shut out, and no process died' '
	test_must_fail grep -E "event=(refused|connection-died)" door.log
'

test_done
