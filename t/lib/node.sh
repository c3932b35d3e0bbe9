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
		compile_core_limit: ${node_core_limit:-100}
		memory_pressure_limit: 0
		io_pressure_limit: 0
		cache_grace: 0
		confirm: never
		store_floor: 0
		cache_floor: 0
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
	wait_until "grep -q '^READY' '$NODE/hornerod.log' || ! kill -0 $node_pid" 30
	grep -q '^READY' "$NODE/hornerod.log" &&
	return 0
	cat >&2 "$NODE/hornerod.log"
	node__was=$node_pid
	node_pid=''
	kill "$node__was" 2>/dev/null
	wait "$node__was"
}

# node_reload: SIGHUP, until hornerod has read its configuration again.
node_reload () {
	node__reloads=$(grep -c event=reloaded "$NODE/hornerod.log")
	kill -HUP "$node_pid" &&
	wait_until 'test "$(grep -c event=reloaded "$NODE/hornerod.log")" -gt "$node__reloads"' 20
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

# node_hello_repo [NAME [UUID]]: a repository, an image of it, and a work clone with
# examples/hello committed on main. Sets HELLO_REPO, HELLO_UUID, HELLO_WORK.
node_hello_repo () {
	node__name=${1:-hello}
	HELLO_UUID=${2:-2b7e1516-28ae-4d2a-abf7-158809cf4f3c}
	HELLO_WORK=$TRASH/work-$node__name
	HELLO_REPO=$(command hornero repo create "$node__name" | tail -n 1) &&
	test -d "$HELLO_REPO" &&
	hornero image add "$HELLO_UUID" "$node__name" --name "$node__name" &&
	node_work "$HELLO_WORK" "$HELLO_REPO" &&
	node_copy_hello "$HELLO_WORK" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m 'hello'
}

# node_work DIR REPOSITORY: a new work clone, to push from.
node_work () {
	mkdir "$1" &&
	{ test $node__users = no || chown $node_git "$1"; } &&
	git init -q -b main "$1" &&
	git -C "$1" remote add origin "$2"
}

# node_copy_hello DIR: the sources of examples/hello, writable, without built files.
node_copy_hello () {
	(
		node__to=$(cd "$1" && pwd) &&
		cd "$HORNERO_SRC/examples/hello" &&
		for node__file in .hornero.yaml .gitignore Makefile README *.c *.S *.h *.ld greeting
		do
			test ! -e "$node__file" || install -m 0644 "$node__file" \
				"$node__to/$node__file" || exit 1
		done
	)
}

# node_job FILE: the job that a push or a command queued, by its words. A sweep may have been
# faster: "is queued already", "was queued for that already".
node_job () {
	sed -n 's/.*job \([0-9]*\) \(is \|was \)*queued.*/\1/p' "$1" | head -n 1
}

# push_make RECIPE…: a Makefile whose target runs these lines, pushed from the hello work clone.
# Sets job.
push_make () {
	{
		printf 'hornero.raw:\n'
		printf '\t%s\n' "$@"
		printf '.PHONY: hornero.raw\n'
	} >"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m "$1" &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out || { cat push.out; return 1; }
	cat push.out
	node__pushed
}

# node__pushed: sets job to that of push.out. On a busy machine hornerod may have to look at the
# push by itself.
node__pushed () {
	job=$(node_job push.out)
	! grep -q "was not queued:.* looks at this push itself now" push.out ||
	wait_until "node__queued" 30
	test -n "$job"
}

# node__queued: a job waits or runs for the work clone's commit. Sets job.
node__queued () {
	job=$(hornero queue --json |
		jq --arg commit "$(git -C "$HELLO_WORK" rev-parse HEAD)" \
			"map(select(.commit == \$commit))[0].job // empty") &&
	test -n "$job"
}

# node_push [OPTION…]: commits all of the hello work clone, pushes it and waits for its job. Sets
# job.
node_push () {
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m change &&
	git -C "$HELLO_WORK" push -q origin main "$@" 2>push.out || { cat push.out; return 1; }
	node__pushed &&
	hornero wait "$job" --timeout 60
}

# A build whose recipe has the line $gate waits there. gate_reached [UUID] waits until it does,
# gate_open [UUID] lets it go on.
gate='touch ../cache/here; until test -e ../cache/go; do sleep 0.05; done'
gate_reached () {
	wait_until "test -e '$NODE/unikernels/${1:-$HELLO_UUID}/cache/here'" 30
}

gate_open () {
	touch "$NODE/unikernels/${1:-$HELLO_UUID}/cache/go"
}

# hello_push TEXT: pushes a Makefile whose artifact, 1 MiB of zeros, begins with TEXT. Sets job.
hello_push () {
	push_make 'head -c 1048576 /dev/zero >$@' "printf '%s' '$1' | dd of=\$@ conv=notrunc 2>/dev/null"
}

# hello_pushed TEXT: hello_push, and waits until its job is published.
hello_pushed () {
	hello_push "$1" &&
	job_ends published
}

# slow_push TEXT: hello_push, but its build waits at the gate. Sets job.
slow_push () {
	rm -f "$NODE/unikernels/$HELLO_UUID/cache/here" "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	push_make "$gate" 'head -c 1048576 /dev/zero >$@' \
		"printf '%s' '$1' | dd of=\$@ conv=notrunc 2>/dev/null"
}

# warm_text [UUID]: the text that the warm file of the image begins with.
warm_text () {
	head -c 100 "$(node_warm_path "${1:-$HELLO_UUID}")" | tr -d '\0'
}

# warm_text_is TEXT [UUID]
warm_text_is () {
	node__text=$(warm_text "$2") &&
	test "$node__text" = "$1" ||
	node__disappoints "the warm file begins with '$node__text', not '$1'"
}

# warm_lines LINE…: the warm file begins with these lines and no other.
warm_lines () {
	warm_text_is "$(printf '%s\n' "$@")"
}

# warm_file_is TEXT [UUID]: all of the warm file is TEXT, but for zeros.
warm_file_is () {
	test "$(tr -d '\0' <"$(node_warm_path "${2:-$HELLO_UUID}")")" = "$1"
}

# job_field FIELD [JOB]: of `hornero show`; of $job without a JOB.
job_field () {
	hornero show "${2:-$job}" --json | jq -r ".$1"
}

# attempt_field FIELD [JOB]: of its last attempt.
attempt_field () {
	job_field "attempts[-1].$1" "$2"
}

# image_field FIELD [UUID]: of `hornero image show`.
image_field () {
	hornero image show "${2:-$HELLO_UUID}" --json | jq -r ".$1"
}

# job_state_is STATE [JOB]: now.
job_state_is () {
	node__state=$(job_field state "$2") &&
	test "$node__state" = "$1" ||
	node__disappoints "job ${2:-$job} is $node__state, not $1"
}

# queue_settles: within 30 s no job is queued, running or built.
queue_settles () {
	wait_until 'hornero queue --json |
		jq -e "all(.[]; .state | IN(\"queued\", \"running\", \"built\") | not)"' 30
}

# job_waits_for KIND PATTERN [JOB]: now, and says so in these words (grep -E).
job_waits_for () {
	test "$(job_field waiting_kind "$3")" = "$1" &&
	job_field waiting_for "$3" | grep -E -e "$2"
}

# job_reaches STATE [JOB [SECONDS]]: within 30 s, or SECONDS.
job_reaches () {
	wait_until "job_state_is $1 ${2:-$job}" "${3:-30}" || job_state_is "$1" "$2"
}

# job_ends STATE [JOB]: it ends within 60 s, and is then in this state.
job_ends () {
	hornero wait "${2:-$job}" --timeout 60
	job_state_is "$1" "$2" || { hornero log "${2:-$job}"; return 1; }
}

# why_says SUBJECT PATTERN [SECONDS]: `hornero why` on a job or an image says so (grep -E) within
# 30 s, or SECONDS.
why_says () {
	node__says why "$@"
}

# log_says JOB PATTERN [SECONDS]: so does its build log.
log_says () {
	node__says log "$@"
}

# hornerod_says PATTERN [SECONDS]: so does hornerod's log. A failed test shows its end.
hornerod_says () {
	node__pattern=$1
	wait_until 'grep -E -q -e "$node__pattern" "$NODE/hornerod.log"' "${2:-30}"
}

# doctor_says PATTERN [SECONDS]: so does `hornero doctor`.
doctor_says () {
	node__says doctor '' "$@"
}

# node__says COMMAND SUBJECT PATTERN [SECONDS]
node__says () {
	node__command=$1 node__subject=$2 node__pattern=$3
	wait_until 'node__say | grep -E -q -e "$node__pattern"' "${4:-30}" &&
	return 0
	node__say
	node__disappoints "hornero $node__command $node__subject does not say '$node__pattern'"
}

node__say () {
	hornero "$node__command" ${node__subject:+"$node__subject"}
}

node__disappoints () {
	echo >&2 "$1"
	return 1
}

# verdict FIELD: of the job's first attempt
verdict () {
	sed -n "s/^$1=//p" "$NODE/state/log/$job.1.verdict"
}

# node_warm_path UUID: where Nova looks for it.
node_warm_path () {
	echo "$NODE/instances/_base/$(printf %s "$1" | sha1sum | cut -d ' ' -f 1)"
}
