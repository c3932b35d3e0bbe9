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
test "$(id -u)" -eq 0 || test_skip_all 'an account can be made by root only'

account=hornero-d$$
group=hornero-dq$$

test_expect_success 'an account that owns the repositories, and an sshd that knows one command for each key' '
	groupadd "$group" && test_cleanup "! getent group $group >/dev/null || groupdel $group" &&
	useradd --no-create-home --home-dir "$TRASH/home" --shell /bin/sh --groups "$group" "$account" &&
	test_cleanup "userdel $account 2>/dev/null; ! getent passwd $account" && usermod -p "*" "$account" &&
	GIT_UID=$(id -u "$account") && QUEUE_GID=$(getent group "$group" | cut -d : -f 3) && door_node && door_key reader "read=\"one\"" &&
	mkdir -m 0755 home && mkdir -m 0700 home/.ssh &&
	for name in alice reader
	do
		printf "restrict,command=\"%s/hornero-door --stdio --key %s -c %s/hornero.yaml\" %s\n" \
			"$test_root/libexec" $name "$NODE" "$(cat $name.pub)"
	done >home/.ssh/authorized_keys &&
	printf "restrict,command=\"%s/hornero-door --stdio --key nobody -c %s/hornero.yaml\" %s\n" \
		"$test_root/libexec" "$NODE" "$(ssh-keygen -q -t ed25519 -N "" -f nobody && cat nobody.pub)" >>home/.ssh/authorized_keys &&
	chown -R "$account": home && ssh-keygen -q -t ed25519 -N "" -f hostkey &&
	cat >sshd_config <<-END &&
	ListenAddress 127.0.0.1
	HostKey $TRASH/hostkey
	PidFile none
	UsePAM no
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	AuthorizedKeysFile $TRASH/home/.ssh/authorized_keys
	AcceptEnv GIT_PROTOCOL
	SetEnv PATH=$test_root/libexec:$PATH
	StrictModes no
	AllowUsers $account
	END
	{ test -d /run/sshd || { mkdir /run/sshd && test_cleanup "rmdir /run/sshd"; }; } && start_sshd && DOOR_PORT=$port &&
	test_cleanup "kill $sshd 2>/dev/null; wait $sshd 2>/dev/null; :" &&
	sed -i "s/^User .*/User $account/" ssh_config && printf "Port %s\n" $DOOR_PORT >>ssh_config
'

test_expect_success 'push, clone, archive, the words; the key is named' '
	hooks_repo one && hooks_image $U1 one --name "The One" &&
	git init -q -b main work && echo one >work/file && git -C work add -A && git -C work commit -q -m one &&
	git -C work push door:one main >push.out 2>&1 && test_grep "^remote: hornero: job 1 queued for The One .*follow it with: ssh -p $DOOR_PORT $account@[^ ]* log -f 1 *\$" push.out &&
	hooks_sql "SELECT pushed_by FROM jobs WHERE id = 1" && echo alice >expect && test_cmp expect rows &&
	GIT_TRACE_PACKET=1 git clone -q door:one.git copy 2>trace && test_grep "version 2" trace &&
	git archive --remote=door:one main | tar xOf - file >got && echo one >expect && test_cmp expect got &&
	door_ssh queue >out && test_grep "queued" out
'

test_expect_success 'rights, refusals and exit codes are those of the door' '
	door_as reader && git ls-remote door:one >refs &&
	test_expect_code 128 git -C work push door:one main:refs/heads/no 2>words &&
	test_grep "no repository one that the key reader may push to" words &&
	test_expect_code 64 door_ssh 2>words && test_grep "hello reader. There is no shell here" words &&
	test_expect_code 64 door_ssh "git-upload-pack ~/one" 2>words && test_expect_code 64 door_ssh "sh -c id" 2>words &&
	door_as nobody && test_expect_code 78 door_ssh queue 2>words && test_grep "no usable line with the name nobody" words
'

test_done
