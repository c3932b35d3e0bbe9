#!/bin/sh
# Root's programs in directories of git's and hornero's users, who put something else under a name
# between two steps: a failpoint stops us there. Files of root's must stay as they are.
test_description='root never works by name in somebody else'\''s directory'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"

test "$(id -u)" -eq 0 || test_skip_all 'only root has what others want'

as_hornero () {
	setpriv --reuid $HORNERO_UID --regid $HORNERO_UID --groups $QUEUE_GID "$@"
}

arm () {
	node_set failpoint "$1"
}

# roots DIR: a directory of root's that looks like a half-made repository, and what it is
roots () {
	mkdir -m 0700 "$1" "$1/hooks" "$1/objects" &&
	echo "Host x" >"$1/config" &&
	echo key >"$1/authorized_keys" &&
	ln -s /etc/passwd "$1/hooks/pre-receive" &&
	chmod 0600 "$1/config" "$1/authorized_keys"
}

# plain DIR: one of root's into which a repository would fit
plain () {
	mkdir -m 0700 "$1" &&
	echo key >"$1/authorized_keys" &&
	chmod 0600 "$1/authorized_keys"
}

state_of () {
	find "$1" -printf '%p %U %G %m %s %l\n' | sort
}

# stopped_create NAME POINT: repo create, stopped there; sets pid and hidden
stopped_create () {
	arm "$2:stop" &&
	{ hornero repo create "$1" >create.out 2>&1 & pid=$!; } &&
	wait_until "test \"\$(ps -o stat= -p $pid | cut -c 1)\" = T" 20 &&
	hidden=$(echo "$NODE/git"/.new-*) &&
	test -d "$hidden"
}

test_expect_success 'a node, whose repositories are git'\''s' '
	hooks_node &&
	test "$(stat -c %u "$NODE/git")" = $GIT_UID &&
	chmod 0755 "$NODE/git" &&
	roots "$TRASH/roots" &&
	state_of "$TRASH/roots" >before
'

# Red without: both O_NOFOLLOW and the checks of make_hidden (repo-named; each alone suffices
# against a link, the checks alone against a directory); is_half_made in remove_half (directories
# that look like a repository); the work by descriptor (the others).
for point in repo-named repo-hidden repo-filled
do
	test_expect_success "repo create: exchanged for a link at $point" '
		plain "$TRASH/plain" &&
		state_of "$TRASH/plain" >plain.before &&
		stopped_create app-$point $point &&
		as_git sh -c "mv \"\$1\" \"\$1.moved\" && ln -s \"\$2\" \"\$1\"" - "$hidden" \
			"$TRASH/plain" &&
		kill -CONT $pid &&
		test_must_fail wait $pid &&
		state_of "$TRASH/plain" >after &&
		test_cmp plain.before after &&
		rm -rf "$NODE"/git/.new-* "$NODE"/git/app-* "$TRASH/plain"
	'

	for like in plain roots
	do
		test_expect_success "repo create: exchanged for root's $like directory at $point" '
			$like "$NODE/git/roots" &&
			state_of "$NODE/git/roots" >inner &&
			stopped_create dir-$point $point &&
			as_git sh -c "mv \"\$1\" \"\$1.moved\" && mv \"\$2\" \"\$1\"" - "$hidden" \
				"$NODE/git/roots" &&
			kill -CONT $pid &&
			test_must_fail wait $pid &&
			cat create.out &&
			found=$(find "$NODE/git" -name authorized_keys) &&
			as_git mv "${found%/*}" "$NODE/git/roots" &&
			state_of "$NODE/git/roots" >after &&
			test_cmp inner after &&
			rm -rf "$NODE"/git/.new-* "$NODE"/git/dir-* "$NODE/git/roots"
		'
	done
done

test_expect_success 'until it is whole git'\''s user does not get into it' '
	stopped_create closed repo-hidden &&
	test_must_fail as_git ls "$hidden" &&
	kill -CONT $pid &&
	wait $pid &&
	arm "" &&
	as_git git -C "$NODE/git/closed.git" fsck --strict
'

# Red without is_half_made.
test_expect_success 'a file that only has the name of a leftover is not removed' '
	roots "$NODE/git/roots" &&
	state_of "$NODE/git/roots" | sed "s,git/roots,git/.new-7," >inner &&
	as_git mv "$NODE/git/roots" "$NODE/git/.new-7" &&
	hornero repo create still >create.out 2>words &&
	test_grep "new-7 is not what .hornero repo create. leaves behind" words &&
	state_of "$NODE/git/.new-7" >after &&
	test_cmp inner after &&
	rm -rf "$NODE/git/.new-7"
'

test_expect_success 'death at every point: nothing is left but what the next creation removes' '
	for point in repo-named repo-hidden repo-filled
	do
		arm $point &&
		test_expect_code 137 hornero repo create dead &&
		test ! -e "$NODE/git/dead.git" &&
		arm "" &&
		hornero repo create alive-$point >/dev/null &&
		test -z "$(ls -A "$NODE/git" | grep "^.new-")" || return 1
	done
'

# Red without O_NOFOLLOW on the way (dirs_make_at).
test_expect_success 'repo create: a directory on the way that is a link' '
	as_git ln -s "$TRASH/roots" "$NODE/git/team" &&
	test_expect_code 78 hornero repo create team/app 2>words &&
	test_grep "git/team is not a directory" words &&
	state_of "$TRASH/roots" >after &&
	test_cmp before after &&
	rm "$NODE/git/team"
'

# Red without may_mend.
test_expect_success 'init: hornero'\''s user puts a directory of root'\''s in place of the queue' '
	mkdir -m 0700 "$NODE/state/roots" &&
	mv "$NODE/state/queue" "$NODE/state/queue.moved" &&
	as_hornero mv "$NODE/state/roots" "$NODE/state/queue" &&
	test_expect_code 78 hornero init 2>words &&
	test_grep "state/queue belongs to user 0, in a directory of user $HORNERO_UID" words &&
	test "$(stat -c "%u %a" "$NODE/state/queue")" = "0 700" &&
	rmdir "$NODE/state/queue" &&
	as_hornero mv "$NODE/state/queue.moved" "$NODE/state/queue"
'

test_expect_success 'init: a filesystem that root mounted there is given to its user' '
	mkdir nova &&
	chown 64105 nova &&
	mkdir nova/store &&
	mount -t tmpfs -o size=1m,mode=0755 none nova/store &&
	test_cleanup "umount $TRASH/nova/store" &&
	sed "s,^instances_path:.*,store_dir: $TRASH/nova/store\n&," "$HORNERO_CONF" >mounted.yaml &&
	hornero -c mounted.yaml init >/dev/null &&
	test "$(stat -c %u nova/store)" = $HORNERO_UID
'

# Red without `follow`.
test_expect_success 'init: hornero'\''s user bends the way' '
	as_hornero mkdir "$NODE/state/sub" &&
	sed -i "s,^repo_base:.*,repo_base: $NODE/state/sub/unikernels," "$HORNERO_CONF" &&
	hornero init >/dev/null &&
	mkdir -m 0700 "$TRASH/roots/unikernels" &&
	state_of "$TRASH/roots" >before &&
	as_hornero mv "$NODE/state/sub" "$NODE/state/sub.moved" &&
	as_hornero ln -s "$TRASH/roots" "$NODE/state/sub" &&
	test_expect_code 78 hornero init 2>words &&
	test_grep "leads through sub, a symbolic link that user $HORNERO_UID can change" words &&
	state_of "$TRASH/roots" >after &&
	test_cmp before after &&
	rm "$NODE/state/sub" &&
	mv "$NODE/state/sub.moved" "$NODE/state/sub"
'

# Red without O_EXCL in fs_create: the file beside gets another name, and with it root'\''s bytes.
test_expect_success 'key add: what lies where it writes aside, and a file that is a link' '
	mkdir keydir &&
	chown $GIT_UID keydir &&
	sed -i "/^keys_file:/d" "$HORNERO_CONF" &&
	echo "keys_file: $TRASH/keydir/keys" >>"$HORNERO_CONF" &&
	ssh-keygen -q -t ed25519 -N "" -f id &&
	echo precious >mine &&
	cp mine want &&
	sh -c "
		ln \"$TRASH/mine\" \"$TRASH/keydir/.keys.\$\$.tmp\"
		exec hornero key add one id.pub --write x
	" &&
	test_cmp want mine &&
	test_grep "name=\"one\"" keydir/keys &&
	mv keydir/keys other &&
	as_git ln -s "$TRASH/other" keydir/keys &&
	test_expect_code 78 hornero key add two id.pub --write x 2>words &&
	test_grep "keydir/keys is a symbolic link" words &&
	test_must_fail grep two other &&
	rm keydir/keys &&
	echo "# root" >keydir/keys &&
	test_expect_code 78 hornero key add two id.pub --write x 2>words &&
	test_grep "keydir/keys belongs to user 0, but its directory to user $GIT_UID" words &&
	test "$(cat keydir/keys)" = "# root"
'

# Red without view_step_down.
test_expect_success 'root is hornero'\''s user where it pauses, resumes, registers and collects' '
	id=$(cat /proc/sys/kernel/random/uuid) &&
	hornero image add $id closed &&
	hornero pause &&
	hornero pause $id &&
	stat -c %u "$NODE/state/images.d/$id.yaml" "$NODE/state/pause/node" \
		"$NODE/state/pause/$id" | sort -u >owners &&
	test "$(cat owners)" = $HORNERO_UID &&
	test "$(cat "$NODE/state/pause/node")" != "" &&
	hornero resume &&
	hornero resume $id &&
	mv "$NODE/state/pause" "$NODE/state/pause.moved" &&
	mkdir -m 0700 "$TRASH/roots/pause" &&
	as_hornero ln -s "$TRASH/roots/pause" "$NODE/state/pause" &&
	test_must_fail hornero pause &&
	test -z "$(ls -A "$TRASH/roots/pause")" &&
	rm "$NODE/state/pause" &&
	mv "$NODE/state/pause.moved" "$NODE/state/pause"
'

test_expect_success 'init: no directory of Nova'\''s is made where the publisher is nova'\''s' '
	mkdir inst &&
	sed -e "s,^instances_path:.*,instances_path: $TRASH/inst/none," "$HORNERO_CONF" \
		>inst/hornero.yaml &&
	echo "publish_socket: $TRASH/socket" >>inst/hornero.yaml &&
	test_expect_code 78 hornero -c inst/hornero.yaml init >out 2>words &&
	test_grep "warning: $TRASH/inst/none is not there. It is Nova.s to make" words &&
	test_grep "store_dir $TRASH/inst/none/hornero is to be in instances_path" words &&
	test ! -e inst/none
'

# Red without: either call of view_leave_root.
test_expect_success 'sweep and gc leave nothing of root to what they execute' '
	libexec=$test_root/libexec &&
	for program in sweep collect
	do
		rm -f "$libexec/hornero-$program" &&
		printf "#!/bin/sh\ngrep -E \"^[UG]id:\" /proc/self/status\n" \
			>"$libexec/hornero-$program" &&
		chmod 755 "$libexec/hornero-$program" || return 1
	done &&
	for word in sweep gc
	do
		hornero $word >ids &&
		test_grep "^Uid:(.$HORNERO_UID){4}$" ids &&
		test_grep "^Gid:(.$QUEUE_GID){4}$" ids || return 1
	done
'

test_done
