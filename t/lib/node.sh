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
# delegated cgroup. With HORNERO_TEST_UNIT, in a guest, the node is that of the installed
# units (t/lib/unit.sh).

. "$HORNERO_SRC/t/lib/setup.sh"
. "$HORNERO_SRC/t/lib/push.sh"
. "$HORNERO_SRC/t/lib/says.sh"

NODE=$TRASH/node
NODE_TOP=hornero-t-$$
NODE_BUILD_UID=64999
node_publish=$NODE/sockets/publish
node_pid=''
node__watched=''

# node_users: before node_init, as root: a node as it is installed. git, hornero, nova and an
# operator are different unprivileged users (by number), the publisher is a socket-activated service
# of its own. From here on `hornero` is the operator's and `git` is git's; `command hornero` is
# root's.
node_git=64101 node_hornero=64102 node_nova=64103 node_operator=64104 node_group=64110
node__users=no
node_users () {
	node__users=yes
	hornero () {
		node_as $node_operator hornero "$@"
	}
	git () {
		node_as $node_git git "$@"
	}
}

test -z "$HORNERO_TEST_UNIT" || . "$HORNERO_SRC/t/lib/unit.sh"

# node_as UID COMMAND…
node_as () {
	node__uid=$1
	shift
	setpriv --reuid "$node__uid" --regid "$node__uid" --groups $node_group -- "$@"
}

# A failed test shows what hornerod said and, where it still runs, what it waits for.
test_more () {
	test -e "$NODE/hornerod.log" || return 0
	echo "the end of $NODE/hornerod.log:"
	tail -n 40 "$NODE/hornerod.log"
	test -z "$node_pid" || {
		echo "hornerod, process $node_pid:"
		grep -E "^(State|.*voluntary_ctxt)" "/proc/$node_pid/status"
		cat "/proc/$node_pid/wchan" && echo
		ls "$NODE/state/run"
	}
}

# nova's publisher: two capabilities, and the socket that only hornero may knock at.
node__publisher () {
	mkdir "$NODE/sockets" &&
	chown $node_nova "$NODE/sockets" &&
	setpriv --reuid $node_nova --regid $node_nova --clear-groups \
		--inh-caps=-all,+dac_override,+fowner \
		--ambient-caps=-all,+dac_override,+fowner \
			--bounding-set=-all,+dac_override,+fowner --no-new-privs \
		systemd-socket-activate --accept --inetd --seqpacket -l "$NODE/sockets/publish" \
		"$HORNERO_BUILD/hornero-publish" -c "$HORNERO_CONF" >>"$NODE/hornerod.log" 2>&1 \
			</dev/null &
	node__publisher_pid=$!
	test_cleanup "kill $node__publisher_pid; wait $node__publisher_pid; :"
	wait_until "test -S '$NODE/sockets/publish'" 10 &&
	chown $node_hornero "$NODE/sockets/publish" &&
	chmod 0600 "$NODE/sockets/publish"
}

node__init_users () {
	test "$(id -u)" -eq 0 || { echo >&2 'node_users needs root'; return 1; }
	chmod 0755 "$NODE" &&
	install -d -o $node_nova -g $node_nova -m 0755 "$NODE/instances" "$NODE/instances/_base" \
		"$NODE/instances/locks" &&
	printf '%s: %s\n' git_user $node_git hornero_user $node_hornero queue_group $node_group \
		publish_socket "$node_publish" >>"$HORNERO_CONF" &&
	: >"$NODE/hornerod.log" &&
	command hornero init || return 1
	if test -n "$HORNERO_TEST_UNIT"
	then
		unit_init
	else
		hornerod --prepare &&
		node__publisher
	fi
}

# Those that come with hornero; but a changed Makefile, which most tests push, means no clean build.
node__builders () {
	mkdir -p "$NODE/builders.d" &&
	for node__file in "$HORNERO_SRC"/etc/builders.d/*.yaml
	do
		sed '/^clean_when:/d' "$node__file" >"$NODE/builders.d/${node__file##*/}" &&
		chmod 0644 "$NODE/builders.d/${node__file##*/}" || return 1
	done
}

# node_init [LINE…]: extra lines of hornero.yaml, which win over the ones here. Builds may have all
# processors, and so the weight of one other process: by default they give way to the other tests.
# A bench sets node_core_limit=10, the default.
node_init () {
	mkdir -p "$NODE" "$NODE/instances/_base" &&
	node__builders &&
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
		builders_dir: $NODE/builders.d
		keys_file: $NODE/keys
		groups_dir: $NODE/groups.d
		libexec_dir: $HORNERO_BUILD
		cgroup_top: $NODE_TOP
		workers: 2
		compile_core_limit: ${node_core_limit:-100}
		memory_pressure_limit: 0
		io_pressure_limit: 0
		cache_grace: 0
		confirm: never
		store_floor: 0
		cache_floor: 0
		state_floor: 0
		END
		test "$(id -u)" -ne 0 || printf '%s\n' "$@" | grep -q '^build_user:' || echo \
			"build_user: $NODE_BUILD_UID"
		group_possible || printf '%s\n' "$@" | grep -q '^isolation:' || echo \
			'isolation: none'
	} >"$NODE/hornero.yaml" &&
	HORNERO_CONF=$NODE/hornero.yaml &&
	export HORNERO_CONF &&
	test_cleanup node__remove_cgroups &&
	if test $node__users = yes
	then
		node__init_users
	else
		hornero init
	fi
}

# node_set KEY [VALUE]: the line of KEY in hornero.yaml; none without a VALUE.
node_set () {
	sed -i "/^$1:/d" "$HORNERO_CONF" &&
	{ test -z "$2" || echo "$1: $2" >>"$HORNERO_CONF"; }
}

# hornerod in the background, until it takes jobs; its log is $NODE/hornerod.log. Where it ends
# instead: its words on standard error, and its exit code.
node_start () {
	test -z "$node_pid" || { echo >&2 'node_start: it runs'; return 1; }
	: >"$NODE/hornerod.log"
	if test -n "$HORNERO_TEST_UNIT"
	then
		unit_start
		return
	elif test $node__users = yes
	then
		setpriv --reuid $node_hornero --regid $node_hornero --groups $node_group -- \
			hornerod --foreground \
			>>"$NODE/hornerod.log" 2>&1 </dev/null &
	else
		in_group "$NODE_TOP" hornerod --foreground >>"$NODE/hornerod.log" 2>&1 </dev/null &
	fi
	node_pid=$!
	test -n "$node__watched" || test_cleanup node__stop_at_end
	node__watched=yes
	wait_until "grep -q '^READY' '$NODE/hornerod.log' || ! kill -0 $node_pid" 120
	grep -q '^READY' "$NODE/hornerod.log" &&
	return 0
	cat >&2 "$NODE/hornerod.log"
	node__was=$node_pid
	node_pid=''
	kill "$node__was" 2>/dev/null
	wait "$node__was"
}

# node_swept: after the first start of a node that has its images already, waits until the sweep
# has ended, so that the first push has job 1. (A turn starts hornero-scrub after hornero-sweep.)
node_swept () {
	wait_until "grep -q event=scrubbed '$NODE/hornerod.log' &&
		! pgrep -P '$node_pid' -x hornero-sweep >/dev/null" 30
}

# node_reload: SIGHUP, until hornerod has read its configuration again.
node_reload () {
	node__reloads=$(grep -c event=reloaded "$NODE/hornerod.log")
	kill -HUP "$node_pid" &&
	wait_until 'test "$(grep -c event=reloaded "$NODE/hornerod.log")" -gt "$node__reloads"' 20
}

# node_freeze: once no job is open, hornerod stands still, and what it started has ended. So no
# sweep and no hornero-keep mends what a test breaks before the test has looked. node_thaw lets it
# go on.
node_freeze () {
	queue_settles &&
	kill -STOP "$node_pid" &&
	wait_until '! pgrep -P "$node_pid" -r D,R,S,T' 120
}

node_thaw () {
	kill -CONT "$node_pid"
}

# supervisor: the process of the build that runs.
supervisor () {
	pgrep -P "$node_pid" -x hornero-build
}

# SIGTERM; succeeds when hornerod ends by itself with exit 0.
node_stop () {
	node__end TERM
	test $? -eq 0
}

# SIGKILL: a crash. Whom it was just about to end, and who is frozen, may stay until the next start.
node_crash () {
	node__end KILL || :
}

# The same; its children are gone too when this returns (the kernel sees to them).
node_kill9 () {
	node_crash
	wait_until node__no_process 20
}

node__end () {
	test -n "$node_pid" || { echo >&2 'node.sh: hornerod does not run'; return 1; }
	node__was=$node_pid
	node_pid=''
	test -z "$HORNERO_TEST_UNIT" || { unit_end "$1"; return; }
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
	find /sys/fs/cgroup -depth -type d \( -path "*/$NODE_TOP" -o -path "*/$NODE_TOP/*" \) \
		2>/dev/null
}

# No process is in any group that builds use, and no attempt has a group.
node_cgroups_gone () {
	for node__group in $(node_cgroups)
	do
		case ${node__group##*/} in
		[1-9]*.[1-9]*) return 1 ;;
		esac
	done
	node__no_process
}

# A delegated hornerod itself sits in a group "agent" there.
node__no_process () {
	for node__group in $(node_cgroups)
	do
		test "${node__group##*/}" = agent || ! grep -q . "$node__group/cgroup.procs" || \
			return 1
	done
}

node__remove_cgroups () {
	for node__group in $(node_cgroups)
	do
		rmdir "$node__group" 2>/dev/null || :
	done
	test -z "$(node_cgroups)"
}
