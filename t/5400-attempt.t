#!/bin/sh
# The results of one attempt, seen through push, the CLI, the verdict file and the cache.
test_description='attempts: what builders do, and what becomes of it'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# A length of sleep that nobody else on this machine sleeps.
long=$((100000 + $$))

# A good disk of 1 MiB whose content is $1
disk='head -c 1048576 /dev/zero >$@; printf'

# nothing_left: of an attempt that was ended: no process, group, mount or file.
nothing_left () {
	wait_until node_cgroups_gone 10 &&
	! pgrep -f "^sleep $long" &&
	! grep -F "$TRASH" /proc/mounts &&
	{
		find "$NODE/instances/hornero/stage" -mindepth 1
		find "$NODE/unikernels" -mindepth 2 -maxdepth 2 ! -name src ! -name cache ! -name \
			tree ! -name source
	} >left &&
	test_cmp /dev/null left
}

test_expect_success 'a node with short timeouts' '
	node_init "build_timeout: 20" "silence_timeout: 5" "log_limit: 65536" \
		"compile_mem_limit: 100" &&
	node_start &&
	node_hello_repo
'

test_expect_success 'a push becomes warm' '
	hello_pushed good &&
	test "$(verdict class)" = none &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	test "$(head -c 4 "$warm")" = good &&
	test "$(stat -c "%a %s" "$warm")" = "644 1048576" &&
	cp "$warm" good.raw
'

test_expect_success 'a builder that fails is the pusher'\''s fault, and the last artifact stays' '
	push_make "echo no such header; exit 3" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict class) $(verdict cause)" = "pusher exit" &&
	hornero log "$job" >log &&
	test_grep "no such header" log &&
	cmp good.raw "$warm"
'

test_expect_success 'a build without an artifact is named' '
	push_make true &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict cause)" = artifact &&
	test_grep "left no /build/src/hornero.raw" "$NODE/state/log/$job.1.verdict"
'

test_expect_success 'an artifact of an earlier run is not taken for a fresh one' '
	test -d "$NODE/unikernels/$HELLO_UUID/src" &&
	! test -e "$NODE/unikernels/$HELLO_UUID/src/hornero.raw"
'

for kind in 'ln -s /etc/passwd $@' 'mkfifo $@' 'mkdir $@'
do
	test_expect_success "an artifact made by '$kind' is refused" '
		push_make "$kind" &&
		test_expect_code 1 hornero wait "$job" --timeout 300 &&
		test "$(verdict class) $(verdict cause)" = "pusher artifact"
	'
done

test_expect_success 'an artifact behind a linked directory is refused' '
	push_make "true" &&
	{ hornero wait "$job" --timeout 300 >/dev/null || :; } &&
	push_make "rm -rf ../src/x; ln -s /etc x; ln -s x/passwd \$@" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict cause)" = artifact
'

test_expect_success 'a build gives way to whoever else wants a processor or a disk' '
	push_make "nice; ! ionice -c2 -n0 -p \$\$PPID; ionice; ! ionice -c2 -n0 ionice" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	hornero log "$job" >log &&
	test_grep "^10$" log &&
	test_grep "^idle" log
'

test_expect_success 'silence ends the whole tree, and leaves nothing' '
	push_make "setsid sleep $long & head -c 1000000 /dev/zero >x; sleep $long" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict cause)" = silence &&
	nothing_left
'

test_expect_success 'the log is bounded, and kept up to its bound' '
	push_make "yes" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict cause)" = log &&
	test "$(wc -c <"$NODE/state/log/$job.1.log")" -lt 70000
'

test_expect_success 'the wall bounds a build that keeps talking, and leaves nothing of it' '
	node_stop &&
	node_set build_timeout 3 &&
	node_start &&
	push_make "setsid sleep $long & head -c 1000000 /dev/zero >big" \
		"while :; do echo still here; sleep 1; done" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict cause)" = timeout &&
	nothing_left &&
	node_set build_timeout 20 &&
	node_reload
'

if test "$(id -u)" -eq 0
then
	test_expect_success 'memory is bounded, and the verdict says so' '
		push_make \
			"while sleep 1; do echo busy; done & head -c 300000000 /dev/zero | tail" &&
		test_expect_code 1 hornero wait "$job" --timeout 300 &&
		test "$(verdict class) $(verdict cause)" = "pusher oom" &&
		test "$(verdict mem_peak_bytes)" -le 100000000
	'
else
	test_skip 'memory is bounded, and the verdict says so' \
		'limits need root or a delegated cgroup'
fi

# It may write as long as its sandbox lives: what counts is that nothing changes once the check has
# begun.
test_expect_success 'a process left behind is gone before the check, and changes nothing after it' '
	outlive="while kill -0 \$\$PPID; do :; done" &&
	scribble="while :; do date +%N | dd of=\$@ conv=notrunc; done" &&
	push_make "$disk good | dd of=\$@ conv=notrunc 2>/dev/null" \
		"($outlive; $scribble; sleep $long) >/dev/null 2>&1 &" &&
	job_ends published &&
	test "$(sha256sum <"$warm" | cut -d " " -f 1)" = "$(verdict digest)" &&
	node_cgroups_gone
'

# Red without /etc/hosts in the sandbox, and with the node's.
test_expect_success 'a builder finds its loopback by name, and no other host' '
	push_make "getent ahosts localhost | grep -w 127.0.0.1" "getent ahosts hornero" \
		"test \$\$(grep -c . /etc/hosts) -eq 2" \
		"$disk named | dd of=\$@ conv=notrunc 2>/dev/null" &&
	job_ends published
'

test_expect_success 'a builder sees no network but its loopback, and nothing of the node' '
	push_make "test ! -e $NODE" "test ! -e /repo.git" "! ls /proc/1/root/var" \
		"test \$\$(grep -c : /proc/net/dev) -eq 1" "test \$\$(id -u) -ne 0" \
		"! cat /etc/shadow" "test \"\$\$(env | grep -c HORNERO)\" = 1" \
		"$disk wall | dd of=\$@ conv=notrunc 2>/dev/null" &&
	job_ends published &&
	warm_text_is wall
'

test_expect_success 'a builder cannot forge its verdict' '
	fds="for fd in 3 4 5 6 7 8 9 10; do echo \"error forged\" >&\$\$fd; done" &&
	files="for file in /proc/[0-9]*/fd/*; do echo class=none >\$\$file; done" &&
	push_make "$fds 2>/dev/null; $files 2>/dev/null; exit 78" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict class) $(verdict cause)" = "pusher exit" &&
	grep -v "^reason=.* its last line: " "$NODE/state/log/$job.1.verdict" >rest &&
	test_grep ! forged rest
'

test_expect_success 'a builder that is killed is told apart from one that exits' '
	push_make "kill -SEGV \$\$PPID" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test "$(verdict class) $(verdict cause)" = "pusher signal" &&
	test_grep "signal 11" "$NODE/state/log/$job.1.verdict"
'

test_expect_success 'no process and no cgroup of an attempt stays' '
	wait_until node_cgroups_gone 10 &&
	node_stop &&
	test -z "$(node_cgroups)"
'

test_done
