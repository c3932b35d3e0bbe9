# node.sh: a whole scratch node in $TRASH/node, for tests. After test.sh:
#
#     . "$HORNERO_SRC/t/lib/node.sh"
#     node_init 'workers: 2'          # configuration, directories, database
#     node_start                      # hornerod, ready to take jobs
#     node_hello_repo                 # a repository, its image, and a work clone to push from
#     (cd "$HELLO_WORK" && git push origin main)
#     node_stop
#
# As root builds run as an unprivileged number and in real cgroups below a top
# group of this test's own; elsewhere with `isolation: none` unless ./check found a
# delegated cgroup.

. "$HORNERO_SRC/t/lib/setup.sh"

NODE=$TRASH/node
NODE_TOP=hornero-t-$$
NODE_BUILD_UID=64999
node_pid=''
node__watched=''

# node_init [LINE…]: extra lines of hornero.yaml, which win over the ones here.
node_init () {
	mkdir -p "$NODE" "$NODE/instances/_base" &&
	{
		test $# -eq 0 || printf '%s\n' "$@"
		while IFS= read -r node__line
		do
			node__key=${node__line%%:*}
			printf '%s\n' "$@" | grep -q "^$node__key:" || printf '%s\n' "$node__line"
		done <<-END
		repo_root: $NODE/git
		repo_base: $NODE/unikernels
		state_dir: $NODE/state
		instances_path: $NODE/instances
		builders_dir: $HORNERO_SRC/etc/builders.d
		libexec_dir: $HORNERO_BUILD
		cgroup_top: $NODE_TOP
		END
		test "$(id -u)" -ne 0 || printf '%s\n' "$@" | grep -q '^build_user:' || echo "build_user: $NODE_BUILD_UID"
		group_possible || printf '%s\n' "$@" | grep -q '^isolation:' || echo 'isolation: none'
	} >"$NODE/hornero.yaml" &&
	HORNERO_CONF=$NODE/hornero.yaml &&
	export HORNERO_CONF &&
	test_cleanup node__remove_cgroups &&
	hornero init
}

# hornerod in the background, until it takes jobs; its log is $NODE/hornerod.log.
node_start () {
	test -z "$node_pid" || { echo >&2 'node_start: it runs'; return 1; }
	: >"$NODE/hornerod.log"
	in_group "$NODE_TOP" hornerod --foreground >>"$NODE/hornerod.log" 2>&1 </dev/null &
	node_pid=$!
	test -n "$node__watched" || test_cleanup node__stop_at_end
	node__watched=yes
	wait_until "grep -q '^READY' '$NODE/hornerod.log' || ! kill -0 $node_pid" 30
	grep -q '^READY' "$NODE/hornerod.log" && return 0
	cat >&2 "$NODE/hornerod.log"
	return 1
}

# SIGTERM; succeeds when hornerod ends by itself with exit 0.
node_stop () {
	node__end TERM
	test $? -eq 0
}

# SIGKILL: a crash. Its children are gone too when this returns (the kernel sees to them).
node_kill9 () {
	node__end KILL
	wait_until node__no_process 20
}

node__end () {
	test -n "$node_pid" || { echo >&2 'node.sh: hornerod does not run'; return 1; }
	node__was=$node_pid
	node_pid=''
	kill -"$1" "$node__was"
	wait_until "! kill -0 $node__was" 30 || kill -KILL "$node__was"
	wait "$node__was"
}

node__stop_at_end () {
	test -z "$node_pid" || node__end TERM || :
	wait_until node__no_process 5
}

# The groups of this node, the deepest first, of every hierarchy.
node_cgroups () {
	find /sys/fs/cgroup -depth -type d \( -path "*/$NODE_TOP" -o -path "*/$NODE_TOP/*" \) 2>/dev/null
}

# No process is in any group that builds use, and no attempt has a group.
node_cgroups_gone () {
	for node__group in $(node_cgroups)
	do
		case $node__group in
		*/"$NODE_TOP"/*/*) return 1 ;;
		esac
	done
	node__no_process
}

# On v2 hornerod itself sits in a group "agent", and its starter in NODE_TOP.
node__no_process () {
	for node__group in $(node_cgroups)
	do
		! grep -q . "$node__group/cgroup.procs" || return 1
	done
}

node__remove_cgroups () {
	for node__group in $(node_cgroups)
	do
		rmdir "$node__group" 2>/dev/null || :
	done
	test -z "$(node_cgroups)"
}

# node_hello_repo [NAME [UUID]]: a repository, an image of it, and a work clone with
# examples/hello committed on main. Sets HELLO_REPO, HELLO_UUID, HELLO_WORK.
node_hello_repo () {
	node__name=${1:-hello}
	HELLO_UUID=${2:-2b7e1516-28ae-4d2a-abf7-158809cf4f3c}
	HELLO_WORK=$TRASH/work-$node__name
	HELLO_REPO=$(hornero repo create "$node__name" | tail -n 1) &&
	test -d "$HELLO_REPO" &&
	hornero image add "$HELLO_UUID" "$node__name" --name "$node__name" &&
	git init -q -b main "$HELLO_WORK" &&
	node_copy_hello "$HELLO_WORK" &&
	git -C "$HELLO_WORK" remote add origin "$HELLO_REPO" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m 'hello'
}

# node_copy_hello DIR: the sources of examples/hello, writable, without built files.
node_copy_hello () {
	(
		node__to=$(cd "$1" && pwd) &&
		cd "$HORNERO_SRC/examples/hello" &&
		for node__file in .hornero.yaml .gitignore Makefile README *.c *.S *.h *.ld greeting
		do
			test ! -e "$node__file" || install -m 0644 "$node__file" "$node__to/$node__file" || exit 1
		done
	)
}

# node_warm_path UUID: where Nova looks for it.
node_warm_path () {
	echo "$NODE/instances/_base/$(printf %s "$1" | sha1sum | cut -d ' ' -f 1)"
}
