#!/bin/sh
# Real SSH clients of Debian at the door: each reads and pushes, and the log has its cipher.
test_description='hornero-door: PuTTY, dropbear, paramiko, libssh2, dulwich, JGit, go-git'
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

# reads_and_pushes NAME: git with the program GIT_SSH; then a push with options, and a word.
reads_and_pushes () {
	url=git@127.0.0.1:one &&
	rm -rf copy &&
	git clone -q "$url" copy 2>words &&
	echo "$1" >>copy/file &&
	git -C copy commit -q -a -m "$1" &&
	git -C copy push -q origin main:refs/heads/$1 2>words || { cat words; return 1; }
	hooks_ref refs/heads/$1 &&
	test_must_fail git -C copy push -q -o bake origin main:refs/heads/$1-baked 2>words &&
	test_grep "unknown push option .bake" words &&
	git -C copy push -q -o skip origin main:refs/heads/$1-skipped 2>words &&
	hooks_ref refs/heads/$1-skipped &&
	"$GIT_SSH" git@127.0.0.1 "repo list" >words </dev/null &&
	test_grep "^one " words &&
	test_expect_code 64 "$GIT_SSH" git@127.0.0.1 "repo lst" >words 2>&1 </dev/null &&
	test_grep "Did you mean" words
}

# git_by NAME COMMAND…: the program that git starts; it gets the host and the line.
git_by () {
	printf '#!/bin/sh\nexec %s "$@"\n' "$2" >$1.sh &&
	chmod 0755 $1.sh &&
	GIT_SSH=$TRASH/$1.sh GIT_SSH_VARIANT=simple &&
	export GIT_SSH GIT_SSH_VARIANT
}

# made_by NAME: a commit of an implementation of git of its own.
made_by () {
	test "$(as_git git -C "$REPO" log -1 --format=%s refs/heads/$1)" = "by $1" &&
	test "$(as_git git -C "$REPO" show refs/heads/$1:$1)" = "$1" &&
	as_git git -C "$REPO" fsck --strict
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

if /usr/bin/python3 -c 'import paramiko' 2>/dev/null
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
		git_by paramiko "/usr/bin/python3 $TRASH/paramiko-ssh" &&
		reads_and_pushes paramiko &&
		logged_in "aes(128|256)-ctr" "hmac-sha2-(256|512).*"
	'
else
	echo '# paramiko is not here (Debian: python3-paramiko)'
fi

if /usr/bin/python3 -c 'import pygit2' 2>/dev/null
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
		repo = pygit2.clone_repository("ssh://git@127.0.0.1:$DOOR_PORT/one", "pygit2-copy",
		                               callbacks=Callbacks())
		who = pygit2.Signature("A", "a@b")
		blob = repo.create_blob(b"libgit2\n")
		tree = repo.TreeBuilder(repo.head.peel().tree)
		tree.insert("libgit2", blob, pygit2.GIT_FILEMODE_BLOB)
		repo.create_commit("refs/heads/libgit2", who, who, "by libgit2", tree.write(),
		                   [repo.head.target])
		repo.remotes["origin"].push(["refs/heads/libgit2"], callbacks=Callbacks())
		END
		/usr/bin/python3 pygit2-fetch >words 2>&1 ||
			{ cat words; tail -n 3 door.log; return 1; }
		test_cmp work/file pygit2-copy/file &&
		made_by libgit2 &&
		logged_in "aes(128|256)-ctr" "hmac-sha2-(256|512).*"
	'
fi

# The next three, too, are such: each clones, commits and pushes.
unset GIT_SSH GIT_SSH_VARIANT

if /usr/bin/python3 -c 'import dulwich, paramiko' 2>/dev/null
then
	test_expect_success 'dulwich with paramiko' '
		cat >dulwich-push <<-END &&
		import paramiko
		from dulwich import client, porcelain
		from dulwich.contrib.paramiko_vendor import ParamikoSSHVendor
		client.get_ssh_vendor = lambda: ParamikoSSHVendor(
		    key_filename="$TRASH/alice", allow_agent=False, look_for_keys=False)
		url = "ssh://git@127.0.0.1:$DOOR_PORT/one"
		repo = porcelain.clone(url, "dulwich-copy")
		with open("dulwich-copy/dulwich", "w") as f:
		    f.write("dulwich\n")
		porcelain.add("dulwich-copy", "dulwich-copy/dulwich")
		porcelain.commit("dulwich-copy", b"by dulwich", author=b"A <a@b>",
		                 committer=b"A <a@b>")
		porcelain.push("dulwich-copy", url, b"refs/heads/main:refs/heads/dulwich")
		END
		/usr/bin/python3 dulwich-push >words 2>&1 || { cat words; return 1; }
		made_by dulwich &&
		logged_in "aes(128|256)-ctr" "hmac-sha2-(256|512).*"
	'
else
	echo '# dulwich and paramiko are not here (Debian: python3-dulwich, python3-paramiko)'
fi

# JSch 0.1.54 knows RSA by SHA-1 alone: so a key and a host key of ECDSA. It erases half of such
# keys when it has signed once: so a new one for each connection.
if has javac default-jdk-headless && test -e /usr/share/java/org.eclipse.jgit.jar
then
	test_expect_success 'JGit with JSch' '
		ssh-keygen -q -t ecdsa -m PEM -N "" -C java -f java &&
		printf "name=\"java\",write=\"*\" %s\n" "$(cat java.pub)" >>"$NODE/keys" &&
		cat >Push.java <<-END &&
		import java.io.File;
		import com.jcraft.jsch.*;
		import org.eclipse.jgit.api.*;
		import org.eclipse.jgit.transport.*;
		import org.eclipse.jgit.util.FS;
		public class Push {
		  static void connect() {
		    SshSessionFactory.setInstance(new JschConfigSessionFactory() {
		      protected void configure(OpenSshConfig.Host h, Session s) {
		        s.setConfig("StrictHostKeyChecking", "no");
		      }
		      protected JSch createDefaultJSch(FS fs) throws JSchException {
		        JSch jsch = new JSch();
		        jsch.addIdentity("$TRASH/java");
		        return jsch;
		      }
		    });
		  }
		  public static void main(String[] a) throws Exception {
		    connect();
		    Git git = Git.cloneRepository().setURI("ssh://git@127.0.0.1:$DOOR_PORT/one")
		        .setDirectory(new File("jgit-copy")).call();
		    java.nio.file.Files.write(new File("jgit-copy/jgit").toPath(),
		        "jgit\n".getBytes());
		    git.add().addFilepattern("jgit").call();
		    git.commit().setMessage("by jgit").call();
		    connect();
		    for (PushResult r : git.push().setPushOptions(java.util.Arrays.asList("skip"))
		        .setRefSpecs(new RefSpec("refs/heads/main:refs/heads/jgit")).call())
		      for (RemoteRefUpdate u : r.getRemoteUpdates())
		        System.out.println(u.getStatus());
		  }
		}
		END
		jars=/usr/share/java/org.eclipse.jgit.jar:/usr/share/java/jsch.jar &&
		jars=$jars:/usr/share/java/slf4j-api.jar:/usr/share/java/javaewah.jar:. &&
		javac -cp $jars Push.java >words 2>&1 &&
		java -cp $jars Push >words 2>&1 || { cat words; tail -n 3 door.log; return 1; }
		test_grep "^OK" words &&
		made_by jgit &&
		logged_in "aes(128|256)-ctr" hmac-sha2-256
	'
else
	echo '# JGit is not here (Debian: libjgit-java, default-jdk-headless)'
fi

if has go golang-go && test -e /usr/share/gocode/src/github.com/go-git
then
	test_expect_success 'go-git' '
		mkdir -p go/src/push &&
		echo "module push" >go/src/push/go.mod &&
		cat >go/src/push/push.go <<-END &&
		package main

		import (
			"fmt"
			"os"

			"github.com/go-git/go-git/v5"
			"github.com/go-git/go-git/v5/config"
			"github.com/go-git/go-git/v5/plumbing/object"
			"github.com/go-git/go-git/v5/plumbing/transport/ssh"
			cryptossh "golang.org/x/crypto/ssh"
		)

		func check(err error) {
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}

		func main() {
			auth, err := ssh.NewPublicKeysFromFile("git", "$TRASH/alice", "")
			check(err)
			auth.HostKeyCallback = cryptossh.InsecureIgnoreHostKey()
			repo, err := git.PlainClone("go-copy", false, &git.CloneOptions{
				URL: "ssh://git@127.0.0.1:$DOOR_PORT/one", Auth: auth})
			check(err)
			check(os.WriteFile("go-copy/go-git", []byte("go-git\n"), 0644))
			tree, err := repo.Worktree()
			check(err)
			_, err = tree.Add("go-git")
			check(err)
			_, err = tree.Commit("by go-git", &git.CommitOptions{
				Author: &object.Signature{Name: "A", Email: "a@b"}})
			check(err)
			check(repo.Push(&git.PushOptions{Auth: auth, RefSpecs: []config.RefSpec{
				"refs/heads/main:refs/heads/go-git"}}))
		}
		END
		(
			GOPATH=$TRASH/go:/usr/share/gocode &&
			GO111MODULE=off GOCACHE=$TRASH/go-cache GOFLAGS= &&
			export GOPATH GO111MODULE GOCACHE GOFLAGS &&
			cd go/src/push && go build -o "$TRASH/go-push"
		) >words 2>&1 &&
		./go-push >words 2>&1 || { cat words; tail -n 3 door.log; return 1; }
		made_by go-git &&
		logged_in "aes(128|256)-gcm@openssh.com|aes(128|256)-ctr" ".*"
	'
else
	echo '# go-git is not here (Debian: golang-go, golang-github-go-git-go-git-dev)'
fi

test_expect_success 'nobody was shut out, and no process died' '
	test_must_fail grep -E "event=(refused|connection-died)" door.log
'

test_done
