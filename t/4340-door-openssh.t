#!/bin/sh
# hornero-door behind a real sshd: forced commands, the same rights and words.
test_description='hornero-door --stdio behind OpenSSH'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
. "$HORNERO_SRC/t/lib/sshd.sh"

test -x /usr/sbin/sshd || test_skip_all 'sshd is not here (Debian: openssh-server)'
test_requires ssh openssh-client
test_requires python3 python3
test "$(id -u)" -eq 0 || test_skip_all 'an account can be made by root only'

account=hornero-d$$
group=hornero-dq$$

# /dev/log is this test's, for sshd and all that it starts. listener.py: what is said there, into a
# file.
cat >in-own-dev <<'END'
#!/bin/sh
mount -t tmpfs -o mode=0755 own "$TRASH/dev" || exit
for name in null zero full random urandom
do
	: >"$TRASH/dev/$name" &&
	mount --bind "/dev/$name" "$TRASH/dev/$name" || exit
done
: >"$TRASH/dev/log" &&
mount --bind "$TRASH/log.socket" "$TRASH/dev/log" &&
mount --move "$TRASH/dev" /dev &&
exec "$@"
END
cat >listener.py <<'END'
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("log.socket")
os.chmod("log.socket", 0o666)
while True:
    print(s.recv(65536).decode(), flush=True)
END
chmod 0755 in-own-dev

# authorized NAME: its line of authorized_keys.
authorized () {
	printf 'restrict,command="%s/hornero-door --stdio --key %s -c %s/hornero.yaml" %s\n' \
		"$test_root/libexec" "$1" "$NODE" "$(cat "$1.pub")"
}

# logged PATTERN: syslog has a line with it, within 20 s.
logged () {
	wait_until "grep -E -q -e '$1' syslog" 20 ||
	test_grep "$1" syslog
}

test_expect_success 'an account that owns the repositories, an sshd with a command for each key' '
	groupadd "$group" &&
	test_cleanup "! getent group $group >/dev/null || groupdel $group" &&
	useradd --no-create-home --home-dir "$TRASH/home" --shell /bin/sh --groups "$group" \
		"$account" &&
	test_cleanup account_remove &&
	usermod -p "*" "$account" &&
	GIT_UID=$(id -u "$account") &&
	QUEUE_GID=$(getent group "$group" | cut -d : -f 3) &&
	door_node &&
	door_key reader "read=\"one\"" &&
	mkdir -m 0755 home &&
	mkdir -m 0700 home/.ssh &&
	ssh-keygen -q -t ed25519 -N "" -f nobody &&
	for name in alice reader nobody
	do
		authorized $name
	done >home/.ssh/authorized_keys &&
	chown -R "$account": home &&
	sshd_conf "AcceptEnv GIT_PROTOCOL" "SetEnv PATH=$test_root/libexec:$PATH" &&
	mkdir dev &&
	{ python3 listener.py >syslog 2>&1 & } &&
	listener=$! &&
	test_cleanup "kill $listener 2>/dev/null; wait $listener 2>/dev/null; :" &&
	wait_until "test -S log.socket" 20 &&
	start_sshd unshare --mount --propagation private "$TRASH/in-own-dev" &&
	DOOR_PORT=$port &&
	sed -i "s/^User .*/User $account/" ssh_config &&
	printf "Port %s\n" $DOOR_PORT >>ssh_config
'

test_expect_success 'push, clone, archive, the words; the key is named' '
	hooks_repo one &&
	hooks_image $U1 one --name "The One" &&
	git init -q -b main work &&
	echo one >work/file &&
	git -C work add -A &&
	git -C work commit -q -m one &&
	git -C work push door:one main >push.out 2>&1 &&
	follow="ssh -p $DOOR_PORT $account@[^ ]* log -f 1" &&
	test_grep "^remote: hornero: job 1 queued for The One .*: $follow *\$" push.out &&
	test_grep "follow it with: ssh" push.out &&
	hooks_sql "SELECT pushed_by FROM jobs WHERE id = 1" &&
	echo alice >expect &&
	test_cmp expect rows &&
	GIT_TRACE_PACKET=1 git clone -q door:one.git copy 2>trace &&
	test_grep "version 2" trace &&
	git archive --remote=door:one main | tar xOf - file >got &&
	echo one >expect &&
	test_cmp expect got &&
	door_ssh queue >out &&
	test_grep "queued" out
'

test_expect_success 'rights, refusals and exit codes are those of the door' '
	door_as reader &&
	git ls-remote door:one >refs &&
	test_expect_code 128 git -C work push door:one main:refs/heads/no 2>words &&
	test_grep "no repository one that the key reader may push to" words &&
	test_expect_code 64 door_ssh 2>words &&
	test_grep "hello reader. There is no shell here" words &&
	test_expect_code 64 door_ssh "git-upload-pack ~/one" 2>words &&
	test_expect_code 64 door_ssh "sh -c id" 2>words &&
	door_as nobody &&
	test_expect_code 78 door_ssh queue 2>words &&
	test_grep "no usable line with the name nobody" words
'

# all_done: each command that syslog has has ended.
all_done () {
	test $(grep -c "event=command " syslog) = $(grep -c "event=done" syslog)
}

test_expect_success 'syslog has each command with its key and its end, and broken keys' '
	door_as alice &&
	printf "nonsense\n" >>"$NODE/keys" &&
	git ls-remote door:one >refs 2>words &&
	test_cmp /dev/null words &&
	wait_until all_done 20 &&
	peer="peer=127.0.0.1:[0-9]+" &&
	what="what=\"git-receive-pack .one.\"" &&
	logged "hornero-door\[[0-9]+\]: event=command $peer key=alice $what" &&
	logged "event=done $peer key=alice ms=[0-9]+ status=\"exit 0\" $what" &&
	logged "event=done $peer key=reader ms=[0-9]+ status=\"exit 65\" $what" &&
	logged "event=done .* key=reader .*status=\"exit 64\" what=\"sh -c id\"" &&
	logged "event=command-failed peer=.* key=nobody why=.*no usable line" &&
	logged "event=key-refused lines=1 first: .*keys:3:" &&
	sed -i "/^nonsense/d" "$NODE/keys"
'

test_expect_success 'syslog says what is wrong with the node, too' '
	chmod g+w "$NODE/keys" &&
	test_expect_code 78 door_ssh queue 2>words &&
	chmod g-w "$NODE/keys" &&
	test_grep "chmod go-w" words &&
	echo "nonsense: 1" >>"$NODE/hornero.yaml" &&
	door_ssh queue &&
	sed -i "/^nonsense/d" "$NODE/hornero.yaml" &&
	logged "event=command-failed peer=127.0.0.1:.* key=alice why=.*chmod go-w" &&
	logged "event=configuration-broken .*last-good of .* is used.*nonsense" &&
	door_ssh queue >out
'

test_expect_success 'an executed command is limited as at the door, and its death is reported' '
	REPO=$NODE/git/one.git &&
	limits="grep -hE \"^(Seccomp|NoNewPrivs):\" /proc/self/status" &&
	with_hook "$limits; grep core /proc/self/limits" \
		git -C work push door:one main:refs/heads/limits >push.out 2>&1 &&
	test_grep "^remote: Seccomp:.*2" push.out &&
	test_grep "^remote: NoNewPrivs:.*1" push.out &&
	test_grep "^remote: Max core file size +0 +0" push.out &&
	test_must_fail with_hook "kill -TERM \$PPID" git -C work push door:one \
		main:refs/heads/death >push.out 2>&1 &&
	logged "event=done .*status=.signal 15"
'

# Red without: cost_watch in door/stdio.c (some 60 s, by the limit of the forced command).
test_expect_success 'a small pack of large cost is refused, and costs less than 5 s' '
	python3 "$HORNERO_SRC/t/tools/hostile-pack.py" deltas 60 >request &&
	cp home/.ssh/authorized_keys keys.kept &&
	mkdir -m 0777 spent &&
	cat >timed <<-END &&
	#!/bin/sh
	ulimit -t 60
	"\$@"
	times >"$TRASH/spent/new"
	mv "$TRASH/spent/new" "$TRASH/spent/bomb"
	END
	chmod 0755 timed &&
	sed "/--key alice /s|command=.|&$TRASH/timed |" keys.kept >home/.ssh/authorized_keys &&
	{ door_ssh "git-receive-pack one" <request >answer 2>words; :; } &&
	wait_until "test -s spent/bomb" 70 &&
	cp keys.kept home/.ssh/authorized_keys &&
	spent=$(tail -n 1 spent/bomb | tr ms "  " |
		awk "{ print int(((\$1 + \$3) * 60 + \$2 + \$4) * 1000) }") &&
	tr -cd "[:print:]\n" <answer >said &&
	test_grep "unpack (index-pack|unpack-objects) abnormal exit" said &&
	test $spent -gt 2000 -a $spent -lt 5000 &&
	test $(grep -c "hornero: refused: this push costs the node" words) = 1 &&
	logged "event=push-too-dear $peer key=alice what=.git-receive-pack one" &&
	test_must_fail hooks_ref refs/heads/bomb-0 &&
	find "$NODE/git/one.git/objects" -name "tmp_*" >found &&
	test_cmp /dev/null found ||
	{ echo "spent: $spent ms"; cat words said; echo; return 1; }
'

# Red where feed_on() in door/stdio.c does not count: git needs some 5 s here, more than
# COST_FREE_MS.
test_expect_success 'a large file may cost more' '
	python3 "$HORNERO_SRC/t/tools/hostile-pack.py" random 160 >request &&
	door_ssh "git-receive-pack one" <request >answer 2>words &&
	tr -cd "[:print:]\n" <answer >said &&
	test_grep "ok refs/heads/bomb-0" said &&
	test_cmp /dev/null words
'

test_done
