#!/bin/sh
test_description='a push through OpenSSH and git-shell, under umask 077'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/sshd.sh"
test_requires sqlite3 sqlite3
test_requires ssh openssh-client
test -x /usr/sbin/sshd || test_skip_all 'sshd is not here (Debian: openssh-server)'
test "$(id -u)" -eq 0 || test_skip_all 'needs root, to make an account and to run sshd for it'
test_requires useradd passwd
test_requires perl perl
test_requires git-shell git
test_requires python3 python3

# The shell that hornero ships, which starts git's own.
shell=$test_root/libexec/git-shell

account=hornero-t$$
group=hornero-tq$$

# ssh as the pusher, whom nobody else's configuration or agent helps.
cat >ssh-pusher <<'END'
#!/bin/sh
exec ssh -F "$TRASH/ssh_config" "$@"
END
chmod 0755 ssh-pusher
GIT_SSH=$TRASH/ssh-pusher
export GIT_SSH
unset SSH_AUTH_SOCK

ssh_push () {
	git -C work push "ssh://$account@hornero-node$NODE/git/one.git" "$@" >push.out 2>&1
	ssh__code=$?
	cat push.out
	return $ssh__code
}

test_expect_success 'an account whose shell is git-shell, and a node that is its' '
	mkdir -p "${shell%/*}" &&
	cp "$HORNERO_SRC/etc/git-shell" "$shell" &&
	chmod 0755 "${shell%/*}" "$shell" &&
	groupadd "$group" &&
	test_cleanup "! getent group $group >/dev/null || groupdel $group" &&
	useradd --no-create-home --home-dir "$TRASH/home" --shell "$shell" --groups "$group" \
		"$account" &&
	test_cleanup account_remove &&
	usermod -p "*" "$account" &&
	GIT_UID=$(id -u "$account") &&
	QUEUE_GID=$(getent group "$group" | cut -d : -f 3) &&
	mkdir -m 0755 home &&
	mkdir -m 0700 home/.ssh &&
	ssh-keygen -q -t ed25519 -N "" -f key &&
	cp key.pub home/.ssh/authorized_keys &&
	chown -R "$account": home &&
	hooks_node &&
	hooks_repo one &&
	hooks_image $U1 one --name "The One" &&
	git init -q -b main work &&
	echo one >work/file &&
	git -C work add -A &&
	git -C work commit -q -m one
'

# internal-sftp and pam_umask apart, a session inherits sshd'\''s umask: 077 here, as careful sites
# have it.
test_expect_success 'sshd on a port of its own' '
	sshd_conf "PermitUserEnvironment HORNERO_KEY" "PermitTTY no" "X11Forwarding no" \
		"LogLevel VERBOSE" &&
	umask 077 &&
	start_sshd prlimit --cpu=60
	code=$?
	umask 022
	test $code = 0 &&
	cat >ssh_config <<-END
	Host hornero-node
	HostName 127.0.0.1
	Port $port
	IdentityFile $TRASH/key
	IdentitiesOnly yes
	UserKnownHostsFile $TRASH/known_hosts
	StrictHostKeyChecking accept-new
	BatchMode yes
	LogLevel ERROR
	END
'

test_expect_success 'a push is queued, and says so' '
	ssh_push main &&
	test_grep "^remote: hornero: job 1 queued for The One" push.out &&
	test_grep "^remote: hornero: job 1 queued for .*; a push with -o wait shows how it ends" \
		push.out &&
	hooks_sql "SELECT state, pushed_by, \"commit\" FROM jobs WHERE id = 1" &&
	echo "queued|$account|$(git -C work rev-parse HEAD)" >expect &&
	test_cmp expect rows
'

test_expect_success 'files made under umask 077 can be read by the group of the queue' '
	find "$REPO" ! -type l ! -group "$group" >found &&
	test_cmp /dev/null found &&
	find "$REPO" ! -type l ! -perm -0440 >found &&
	test_cmp /dev/null found &&
	find "$REPO" -type d ! -perm -0550 >found &&
	test_cmp /dev/null found &&
	setpriv --reuid 64992 --regid 64992 --groups "$QUEUE_GID" \
		git -c safe.directory="*" -C "$REPO" rev-parse refs/heads/main >got &&
	git -C work rev-parse HEAD >want &&
	test_cmp want got
'

test_expect_success 'the queue stays usable for its others: hornero, an operator' '
	for uid in 64992 64993
	do
		setpriv --reuid $uid --regid $uid --groups "$QUEUE_GID" --no-new-privs sqlite3 \
			"$DB" "BEGIN IMMEDIATE; UPDATE jobs SET priority = priority; COMMIT" ||
		return 1
	done &&
	for file in "$QUEUE"/queue.db*
	do
		test "$(stat -c "%a %G" "$file")" = "660 $group" || { ls -l "$QUEUE"; return 1; }
	done
'

test_expect_success 'a second push, and one that is refused with its reason' '
	echo two >work/file &&
	git -C work commit -q -a -m two &&
	ssh_push main &&
	test_grep "job 1 superseded by job 2" push.out &&
	echo "builder: [" >work/.hornero.yaml &&
	git -C work add -A &&
	git -C work commit -q -m bad &&
	test_must_fail ssh_push main &&
	test_grep "^remote: hornero: push refused: refs/heads/main: .hornero.yaml:2:1: " push.out &&
	git -C work reset -q --hard HEAD~1
'

test_expect_success 'push options come along' '
	ssh_push -o skip main:refs/heads/main &&
	test_grep "Everything up-to-date" push.out &&
	git -C work commit -q --allow-empty -m skipped &&
	ssh_push -o skip main &&
	test_grep "^remote: hornero: The One is not built from .* because of -o skip" push.out &&
	test_grep "job 2 cancelled" push.out &&
	test "$(stat -c %G "$NODE/state/skip/$U1")" = "$group"
'

test_expect_success 'the environment of the client does not come along' '
	echo three >work/file &&
	git -C work commit -q -a -m three &&
	set -- HORNERO_CONF=/nonexistent GIT_CONFIG_COUNT=1 \
		GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/none &&
	echo "SetEnv $*" >>ssh_config &&
	ssh_push main &&
	test_grep "job 3 queued for The One" push.out
'

test_expect_success 'the account can push and nothing else' '
	for command in "rm -rf $REPO/hooks" "cat $NODE/hornero.yaml" "sh -c true" \
		"mv $REPO/hooks $REPO/h" "git gc" ""
	do
		"$GIT_SSH" "$account@hornero-node" $command >words 2>&1 &&
		{ echo "allowed: $command"; cat words; return 1; }
	done
	test -x "$REPO/hooks/post-receive" &&
	mkdir -m 0755 home/git-shell-commands &&
	printf "#!/bin/sh\necho allowed by the operator\n" >home/git-shell-commands/hello &&
	chmod 0755 home/git-shell-commands/hello &&
	"$GIT_SSH" "$account@hornero-node" hello >words &&
	test_grep "allowed by the operator" words &&
	test_expect_code 128 "$GIT_SSH" "$account@hornero-node" cat >words 2>&1 &&
	rm -r home/git-shell-commands
'

# In ms; once the wrapper below has said what became of the connection.
spent_ms () {
	wait_until "test -s spent/bomb" 70 &&
	tail -n 1 spent/bomb | tr ms '  ' |
		awk '{ print int((($1 + $3) * 60 + $2 + $4) * 1000) }'
}

# Red without: ulimit in etc/git-shell (60 s, by the limit of sshd'\''s own that is above).
test_expect_success 'a small pack of large cost is refused within 5 s, and stops no other push' '
	python3 "$HORNERO_SRC/t/tools/hostile-pack.py" deltas 60 >request &&
	mkdir -m 0777 spent &&
	mv "$shell" "$shell.shipped" &&
	printf "#!/bin/sh\n%s \"\$@\"\ntimes >%s/new && mv %s/new %s/bomb\n" "$shell.shipped" \
		"$TRASH/spent" "$TRASH/spent" "$TRASH/spent" >"$shell" &&
	chmod 0755 "$shell" &&
	{
		"$GIT_SSH" "$account@hornero-node" "git-receive-pack '\''$NODE/git/one.git'\''" \
			<request >answer 2>words &
	} &&
	bomb=$! &&
	wait_until "pgrep -u $account -f \"index-pack|unpack-objects\"" 20 &&
	mv "$shell.shipped" "$shell" &&
	git -C work commit -q --allow-empty -m beside &&
	ssh_push main:refs/heads/beside &&
	{ wait $bomb; spent=$(spent_ms); } &&
	tr -cd "[:print:]\n" <answer >said &&
	test_grep "unpack (index-pack|unpack-objects) abnormal exit" said &&
	test $spent -gt 2000 -a $spent -lt 5000 &&
	test_must_fail hooks_ref refs/heads/bomb-0 &&
	find "$REPO/objects" -name "tmp_*" >found &&
	test_cmp /dev/null found &&
	test "$(hooks_ref refs/heads/beside)" = "$(git -C work rev-parse HEAD)" ||
	{ echo "spent: $spent ms"; cat words said; echo; return 1; }
'

# Red without: the case of git-upload in etc/git-shell.
test_expect_success 'fetches have no bound, hooks and pushes have it for each of their processes' '
	mkdir -m 0777 limits &&
	printf "#!/bin/sh\nulimit -t >%s/limits/hook\n" "$TRASH" >"$REPO/hooks/post-update" &&
	chmod 0755 "$REPO/hooks/post-update" &&
	printf "#!/bin/sh\nulimit -t >%s/limits/fetch\nexec \"\$@\"\n" "$TRASH" >pack-objects &&
	chmod 0755 pack-objects &&
	printf "[uploadpack]\n\tpackObjectsHook = %s/pack-objects\n" "$TRASH" >home/.gitconfig &&
	chmod 0644 home/.gitconfig &&
	ssh_push main:refs/heads/limits &&
	git clone -q "ssh://$account@hornero-node$NODE/git/one.git" copy &&
	echo 4 >expect &&
	test_cmp expect limits/hook &&
	echo 60 >expect &&
	test_cmp expect limits/fetch &&
	rm "$REPO/hooks/post-update" home/.gitconfig
'

locks () {
	(cd "$REPO" && find . -name "*.lock") | sort
}

# Red without: relics_remove in pre_receive.
test_expect_success 'a push removes the locks of a dead push, and keeps those of a slow one' '
	install -o "$account" -g "$group" -m 0640 /dev/null "$REPO/refs/heads/main.lock" &&
	install -o "$account" -g "$group" -m 0640 /dev/null "$REPO/HEAD.lock" &&
	echo dead >work/file &&
	git -C work commit -q -a -m dead &&
	ssh_push main &&
	test_grep "removed 2 leftover files of a dead push" push.out &&
	locks >left &&
	test_cmp /dev/null left &&
	mkfifo -m 0666 go &&
	mkdir -m 0777 told &&
	cat >"$REPO/hooks/reference-transaction" <<-END &&
	#!/bin/sh
	test "\$1" != prepared ||
	{ echo >$TRASH/told/held; read line <$TRASH/go; }
	END
	chmod 0755 "$REPO/hooks/reference-transaction" &&
	echo slow >work/file &&
	git -C work commit -q -a -m slow &&
	url=ssh://$account@hornero-node$NODE/git/one.git &&
	{ git -C work push "$url" main >slow.out 2>&1 & } &&
	slow=$! &&
	test_cleanup "kill $slow 2>/dev/null; :" &&
	wait_until "test -e told/held" 20 &&
	rm "$REPO/hooks/reference-transaction" &&
	locks >before &&
	test_grep "refs/heads/main.lock|HEAD.lock" before &&
	test_must_fail ssh_push -f HEAD~2:refs/heads/main &&
	setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID \
		"$test_root/libexec/hornero-hook" --clear "$REPO" &&
	locks >left &&
	test_cmp before left &&
	timeout 20 sh -c "echo on >go" &&
	wait $slow &&
	locks >left &&
	test_cmp /dev/null left
'

# Red without: is_confined in hooks/who.c.
test_expect_success 'a user of git-shell hears that the operator can run the commands' '
	ssh_push main:refs/heads/elsewhere &&
	test_grep "to have one built: hornero image add UUID one .*(ask the operator of the node)" \
		push.out
'

# As hornero-keys(5) has it: sshd names the key, and what it may write is in the keys file.
test_expect_success 'sshd gives the key its name, and the hooks its rights' '
	sed "s/^/restrict,environment=\"HORNERO_KEY=alice\" /" key.pub >home/.ssh/authorized_keys &&
	hornero key add alice key.pub --write "one:refs/heads/feature/*" &&
	git -C work checkout -q main &&
	echo four >work/file &&
	git -C work commit -q -a -m four &&
	test_must_fail ssh_push main &&
	test_grep "^remote: hornero: push refused: refs/heads/main: the key alice" push.out &&
	test_grep "refs/heads/main: the key alice may not write it in one" push.out &&
	test_must_fail ssh_push main main:refs/heads/feature/x &&
	ssh_push main:refs/heads/feature/x &&
	hornero key remove alice &&
	hornero key add alice key.pub --write "one" &&
	ssh_push main &&
	job=$(sed -n "s/.*job \([0-9]*\) .*queued.* for The One.*/\1/p" push.out) &&
	hooks_sql "SELECT pushed_by FROM jobs WHERE id = $job
		UNION ALL SELECT who FROM events WHERE job = $job AND event = \"queued\"" &&
	printf "alice\nalice\n" >expect &&
	test_cmp expect rows
'

test_expect_success 'the client cannot name another key' '
	hornero key remove alice &&
	ssh-keygen -q -t ed25519 -N "" -f admin &&
	hornero key add admin admin.pub --admin "*" &&
	echo "SetEnv HORNERO_KEY=admin" >>ssh_config &&
	echo five >work/file &&
	git -C work commit -q -a -m five &&
	test_must_fail ssh_push main &&
	test_grep "^remote: hornero: push refused: no key is named alice any more" push.out
'

test_done
