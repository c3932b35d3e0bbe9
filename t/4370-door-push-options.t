#!/bin/sh
# Push options over the door, as a pusher has them: the real git and ssh, and a hornerod that
# builds.
test_description='push options over the door, and the commands that its words tell a pusher to type'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test_requires ssh openssh-client
test_requires ssh-keygen openssh-client
test_requires jq jq
test "$(id -u)" -ne 0 || test_requires systemd-socket-activate systemd

# make_commit RECIPE…: a Makefile whose target runs these lines, committed in ./work.
make_commit () {
	{
		printf 'hornero.raw:\n'
		printf '\t%s\n' "$@"
		printf '.PHONY: hornero.raw\n'
	} >work/Makefile &&
	git -C work commit -q -a -m "$1"
}

hello_commit () {
	cp "$HORNERO_SRC/examples/hello/Makefile" work/Makefile &&
	echo "$1" >work/greeting &&
	git -C work commit -q -a -m "$1"
}

# push ARG…: to the door; what the pusher sees is in push.out, the job of the image NAME is $job.
push () {
	git -C work push door:hello "$@" >push.out 2>&1
	push__code=$?
	cat push.out
	job=$(job_of Hello)
	return $push__code
}

job_of () {
	sed -n "s/^remote: hornero: job \([0-9]*\) .*queued.* for $1 .*/\1/p" push.out
}

# typed LINE: what the pusher was told to type, typed.
typed () {
	set -- $1
	test "$1 $2 $3 $4" = "$ssh" ||
	{ echo >&2 "not to be typed: $*"; return 1; }
	shift 4
	door_ssh "$@"
}

# hint: what the last push says to type.
hint () {
	sed -n "s/^remote: hornero: job $job queued for .*; follow it with: //p" push.out
}

# job_is EXPECTED FILTER [JOB]: of `hornero show`, as a client sees it.
job_is () {
	door_ssh show "${3:-$job}" --json >job.json 2>job.err &&
	test "$(jq -c "$2" job.json)" = "$1"
}

# main_pushed: the node's main is the one of ./work.
main_pushed () {
	git ls-remote door:hello refs/heads/main | cut -f 1 >got &&
	git -C work rev-parse HEAD >want &&
	test_cmp want got
}

# jobs: how many jobs the queue has.
jobs () {
	door_ssh queue --all --json 2>/dev/null | jq length
}

test_expect_success 'a node that builds, one repository that two images follow, two keys' '
	door_live "compile_core_limit: 50" &&
	command hornero repo create hello >create.out &&
	hornero image add $U1 hello --name Hello &&
	hornero image add $U2 hello --name Side --ref refs/heads/side &&
	door_key alice "write=\"hello\"" &&
	door_key reader "read=\"hello\"" &&
	door_key boss "admin=\"hello\"" &&
	door_as alice &&
	node_start &&
	node_swept &&
	door_start &&
	ssh="ssh -p $DOOR_PORT git@door" &&
	mkdir work &&
	node_copy_hello work &&
	git init -q -b main work &&
	git -C work add -A &&
	git -C work commit -q -m hello
'

test_expect_success 'no options: one line says what to type, in every protocol' '
	push main &&
	grep -c "^remote: hornero" push.out >lines &&
	echo 1 >want &&
	test_cmp want lines &&
	queued="job $job queued for Hello \([0-9a-f]{7}\)" &&
	test_grep "^remote: hornero: $queued; follow it with: $ssh log -f $job *\$" push.out &&
	typed "$(hint)" >out &&
	test_grep "^hornero: job $job is published: image $U1 is warm" out &&
	for version in 0 1 2
	do
		hello_commit "v$version" &&
		git -C work -c protocol.version=$version -c push.pushOption= push door:hello main \
			>push.out 2>&1 &&
		grep "^remote: hornero" push.out >lines &&
		test "$(wc -l <lines)" = 1 &&
		test_grep "follow it with: ssh -p" lines &&
		door_ssh wait $U1 || { cat push.out; return 1; }
	done
'

test_expect_success 'wait: the build as it goes, and how it ends' '
	hello_commit waited &&
	push -o wait main &&
	test_grep "^remote: .*hornero.raw" push.out &&
	test_grep "^remote: hornero: job $job is published: image $U1 is warm at" push.out &&
	job_is "\"published\"" .state
'

test_expect_success 'wait: a build that fails is still a push; the verdict says where its log is' '
	make_commit "@echo about to fail" "@exit 3" &&
	push -o wait main &&
	test_grep "^remote: about to fail" push.out &&
	shows="\`$ssh log $job\` shows its log" &&
	test_grep "^remote: hornero: job $job failed: .*$shows" push.out &&
	main_pushed &&
	typed "$ssh log $job" >out &&
	test_grep "^about to fail" out
'

test_expect_success 'a paused image: push and wait name the key and the command that resumes it' '
	door_ssh pause $U1 >out &&
	hello_commit paused &&
	push -o wait main &&
	paused="paused by alice; .$ssh resume $U1." &&
	test_grep "^remote: hornero: Hello is not built for now: $paused ends that" push.out &&
	queued="job $job waits, as all builds of its image do" &&
	test_grep "^remote: hornero: $queued: $paused" push.out &&
	typed "$ssh resume $U1" >out &&
	door_ssh wait $job
'

# interrupted SIGNAL KILL: the client of a push that waits is ended by KILL; the build goes on.
interrupted () {
	rm -f push.out &&
	make_commit "@echo begun by $1" "@sleep 300" &&
	door_interruptible git -C work push -o wait door:hello main >push.out 2>&1 &
	pusher=$!
	test_cleanup "env kill -KILL -- -$pusher 2>/dev/null; :"
	wait_until "grep -q \"^remote: begun by $1\" push.out" 60 &&
	job=$(job_of Hello) &&
	hint >typed.then &&
	test -s typed.then &&
	eval "$2" &&
	{ wait $pusher; test $? != 0; } &&
	job_is "\"running\"" .state &&
	wait_until door_quiet 60 &&
	main_pushed &&
	job_is "\"running\"" .state &&
	door_ssh cancel $job >out &&
	test_expect_code 1 door_ssh wait $job 2>out &&
	test_grep "job $job was cancelled" out
}

test_expect_success 'wait: Ctrl-C ends the waiting alone; the push said before what to type then' '
	interrupted SIGINT "env kill -INT -- -\$pusher"
'

test_expect_success 'wait: so does a client that dies with its connection' '
	interrupted SIGKILL "env kill -KILL -- -\$pusher"
'

test_expect_success 'skip: the push says that nothing is built; why, wait and the sweep know' '
	hello_commit skipped &&
	before=$(jobs) &&
	push -o skip main &&
	test -z "$job" &&
	anyway="to build it anyway, run: $ssh rebuild $U1" &&
	test_grep "^remote: hornero: Hello is not built from .* of -o skip; $anyway" push.out &&
	test "$(jobs)" = "$before" &&
	door_ssh why $U1 >out &&
	test_grep "pushed with -o skip: \`$ssh rebuild $U1\` builds it" out &&
	test_expect_code 75 door_ssh wait $U1 2>out &&
	test_grep "pushed with -o skip" out &&
	command hornero sweep --json >out &&
	test "$(jq -r ".[] | select(.image == \"$U1\") | .found" out)" = skipped &&
	typed "$ssh rebuild $U1" >out &&
	door_ssh wait $U1
'

test_expect_success 'priority: before others, or behind them' '
	command hornero drain >out &&
	hello_commit later &&
	push -o priority=-3 main &&
	later=$job &&
	test_must_fail push -o priority=9 main:refs/heads/side &&
	needs="a positive priority needs the right admin of hello" &&
	test_grep "push refused: push option priority=9: $needs" push.out &&
	test_grep "the right admin of hello, which the key alice lacks" push.out &&
	door_as boss &&
	push -o priority=9 main:refs/heads/side &&
	urgent=$(job_of Side) &&
	door_as alice &&
	job_is -3 .priority $later &&
	job_is 9 .priority $urgent &&
	door_ssh queue --json 2>/dev/null >out &&
	test "$(jq -c "[.[] | select(.state == \"queued\") | .job]" out)" = "[$urgent,$later]" &&
	command hornero resume >out &&
	door_ssh wait $later &&
	door_ssh wait $urgent
'

test_expect_success 'image=: that one alone; one of nowhere and one of others are refused alike' '
	hornero image set $U2 ref=refs/heads/main &&
	door_ssh wait $U2 &&
	node_swept &&
	hello_commit chosen &&
	push -o image=$U2 main &&
	test -z "$job" &&
	test -n "$(job_of Side)" &&
	test_grep "Hello is not built from .* because of -o image" push.out &&
	door_ssh wait "$(job_of Side)" &&
	door_ssh why $U1 >out &&
	test_grep "pushed with -o skip" out &&
	command hornero repo create secret >create.out &&
	hornero image add $U3 secret &&
	hello_commit refused &&
	test_must_fail push -o image=$U3 main &&
	sed "s/$U3/UUID/" push.out | grep "^remote" >there &&
	test_grep "no image of that id is built" there &&
	test_must_fail push -o image=99999999-1111-4111-8111-111111111111 main &&
	sed "s/99999999-1111-4111-8111-111111111111/UUID/" push.out | grep "^remote" >nowhere &&
	test_cmp nowhere there
'

test_expect_success 'rebuild: built although the content is known, where without it nothing is' '
	hello_commit once &&
	push -o image=$U1 main &&
	door_ssh wait $job &&
	git -C work commit -q --allow-empty -m same &&
	push -o image=$U1 main &&
	door_ssh wait $job &&
	job_is true .reused &&
	git -C work commit -q --allow-empty -m again &&
	push -o image=$U1 -o rebuild main &&
	door_ssh wait $job &&
	job_is "[true,false]" "[.force, .reused]"
'

test_expect_success 'an unknown option is refused with the list of options; so is a reader' '
	hello_commit options &&
	test_must_fail push -o ci.skip main &&
	known="known: wait, skip, rebuild, clean, image=UUID, priority=N" &&
	test_grep "^remote: hornero: push refused: .*$known" push.out &&
	door_as reader &&
	test_expect_code 128 push -o skip main &&
	test_grep "no repository hello that the key reader may push to" push.out &&
	door_as alice &&
	push main
'

test_expect_success 'log -f over ssh ends with the job, and says how it ended' '
	door_ssh wait $job &&
	hello_commit followed &&
	push main &&
	door_ssh log -f $job >out &&
	test_grep "hornero.raw" out &&
	test_grep "^hornero: job $job is published" out &&
	make_commit "@exit 4" &&
	push main &&
	test_expect_code 1 door_ssh log -f $job >out &&
	test_grep "^hornero: job $job failed: .*\`$ssh log $job\`" out
'

test_expect_success 'Ctrl-C of a client that follows or waits leaves nothing, and the job runs on' '
	make_commit "@echo begun" "@sleep 300" &&
	push main &&
	wait_until "door_ssh log $job | grep -q begun" 60 &&
	door_ssh top --json >out &&
	jq ".jobs[] | select(.job == $job)" out >row &&
	test "$(jq -r .state row)" = running &&
	if group_possible
	then
		test "$(jq -c "[.stage, .memory_bytes > 0, .cpu_ms > 0]" row)" = \
			"[\"build\",true,true]"
	fi &&
	for word in "log -f $job" "wait $job" "wait $U1"
	do
		door_interruptible "$TRASH/door-ssh" door $word >follow.out 2>&1 &
		client=$!
		follow="^$test_root/libexec/hornero --key alice $word" &&
		wait_until "pgrep -f -- \"$follow\"" 20 &&
		env kill -INT -- -$client
		wait $client
		wait_until door_quiet 20 || { echo "$word"; return 1; }
	done &&
	job_is "\"running\"" .state &&
	door_ssh cancel $job &&
	test_expect_code 1 door_ssh wait $job
'

test_done
