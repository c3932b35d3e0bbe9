# hooks.sh: pushes by git's own user, for tests of the hooks. After test.sh and node.sh:
#
#     hooks_node ['KEY: VALUE'…]     a node whose users are those of an installed one, as far as we
#                                    may
#     hooks_repo NAME                a repository; sets REPO
#     hooks_image UUID NAME …        `hornero image add`, quietly
#     hooks_work                     a clone to push from, ./work, with one commit
#     hooks_in_work SCRIPT           git's user runs the lines in it, until one fails
#     hooks_commit FILE TEXT         one more commit in it
#     hooks_commit_all TEXT          a commit of all that is in it
#     hooks_undo                     its work tree is the commit $good again, without other files
#     hooks_packed TEXT              stages so many files there that git keeps the pack of a push
#                                    (transfer.unpackLimit): nothing is loose
#     hooks_push ARG…                git push from it as git's user; what the pusher sees is in
#                                    push.out
#
# As root nothing of a push runs as root: git, hornero and an operator are numbers without names.

GIT_UID=64991
HORNERO_UID=64992
QUEUE_GID=64990
U1=11111111-1111-4111-8111-111111111111
U2=22222222-2222-4222-8222-222222222222
U3=33333333-3333-4333-8333-333333333333

if test "$(id -u)" -eq 0
then
	as_git () {
		setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID --no-new-privs "$@"
	}
	pusher="uid $GIT_UID"
else
	as_git () {
		"$@"
	}
	pusher=$(awk -F: -v uid="$(id -u)" '$3 == uid { print $1; exit }' /etc/passwd)
	pusher=${pusher:-uid $(id -u)}
fi

hooks_node () {
	# Programs where every user may run them, wherever the build directory is.
	mkdir -p "$test_root/libexec" &&
	cp "$HORNERO_BUILD/hornero-hook" "$HORNERO_BUILD/hornero" "$test_root/libexec/" &&
	chmod -R a+rX "$test_root/libexec" &&
	set -- "libexec_dir: $test_root/libexec" "$@" &&
	if test "$(id -u)" -eq 0
	then
		set -- "git_user: $GIT_UID" "hornero_user: $HORNERO_UID" "queue_group: $QUEUE_GID" \
			"$@"
	fi &&
	node_init "$@" >init.out 2>&1 || { cat init.out; return 1; }
	chmod 0755 "$NODE" &&
	chmod 0644 "$NODE/hornero.yaml"
	QUEUE=$NODE/state/queue
	DB=$QUEUE/queue.db
}

hooks_repo () {
	hornero repo create "$@" >create.out &&
	REPO=$(tail -n 1 create.out) &&
	test -d "$REPO"
}

hooks_image () {
	hornero image add "$@" >add.out 2>&1 || { cat add.out; return 1; }
}

hooks_work () {
	mkdir work &&
	{ test "$(id -u)" -ne 0 || chown $GIT_UID work; } &&
	as_git git init -q -b main work &&
	hooks_commit file start
}

hooks_in_work () {
	hooks__script=$1
	shift
	as_git sh -e -c "cd work
		$hooks__script" in-work "$@"
}

hooks_commit () {
	hooks_in_work '
		mkdir -p "$(dirname "$1")"
		printf "%s\n" "$2" >"$1"
	' "$@" &&
	hooks_commit_all "$2"
}

# hooks_commit_by WAY FILE TEXT: packed with many other files, or loose.
hooks_commit_by () {
	test "$1" = loose || hooks_packed "$1 $3" || return 1
	hooks_commit "$2" "$3"
}

hooks_commit_all () {
	as_git git -C work add -A &&
	as_git git -C work commit -q -m "$1"
}

hooks_undo () {
	as_git git -C work reset -q --hard "$good" &&
	as_git git -C work clean -qfdx
}

hooks_packed () {
	hooks_in_work '
		mkdir -p many
		for i in $(seq 150)
		do
			echo "$1 $i" >many/$i
		done
		git add -A
	' "$1"
}

hooks_push () {
	as_git git -C work push "$REPO" "$@" >push.out 2>&1
	hooks__code=$?
	cat push.out
	return $hooks__code
}

# Print the repository's ref, and the work clone's HEAD.
hooks_ref () {
	as_git git -C "$REPO" rev-parse --verify -q "$1"
}

hooks_head () {
	as_git git -C work rev-parse HEAD
}

# A query of the queue; the output is in `rows`.
hooks_sql () {
	sqlite3 "$DB" "$1" >rows
	hooks__code=$?
	cat rows
	return $hooks__code
}

hooks_count () {
	sqlite3 "$DB" 'SELECT count(*) FROM jobs'
}

# hooks_conf LINE: one more line of hornero.yaml, or a changed one.
hooks_conf () {
	hooks__key=${1%%:*} &&
	sed -i "/^$hooks__key:/d" "$NODE/hornero.yaml" &&
	printf '%s\n' "$1" >>"$NODE/hornero.yaml"
}
