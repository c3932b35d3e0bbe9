#!/bin/sh
# Reasons to wait of a job before it is built, and while it is. Each is made; its words are those
# of `hornero wait`, and the command in them ends it, wherever a command can.
test_description='hornero why: jobs that wait to be built'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires jq jq

A=11111111-1111-4111-8111-111111111111
B=22222222-2222-4222-8222-222222222222
C=33333333-3333-4333-8333-333333333333

# pressure PERCENT
pressure () {
	echo "some avg10=$1 avg60=0.00 avg300=0.00 total=1" >aside &&
	mv aside "$TRASH/pressure/memory"
}

# use NAME UUID: pushes go there from now on.
use () {
	HELLO_WORK=$TRASH/work-$1 HELLO_UUID=$2
}

make_repo () {
	node_hello_repo "$1" "$2" &&
	hornero image set "$2" builder=make
}

# gated NAME UUID TEXT: its build waits at its gate. Sets job.
gated () {
	use "$1" "$2" &&
	slow_push "$3"
}

test_expect_success 'a node with three images' '
	mkdir pressure &&
	pressure 1.00 &&
	node_init "workers: 2" "pressure_dir: $TRASH/pressure" "memory_pressure_limit: 10" &&
	make_repo a $A &&
	make_repo b $B &&
	make_repo c $C &&
	node_start &&
	node_swept
'

test_expect_success 'building' '
	gated a $A one && a=$job && gate_reached $A &&
	because building $a "is being built, attempt 1.*hornero log -f $a" &&
	same_words $a &&
	because building $A "is being built" &&
	same_words $A
'

test_expect_success 'same-image: the command ends the other one' '
	hello_push two && again=$job &&
	because same-image $again "until job $a of the same image has ended" &&
	same_words $again &&
	test "$command" = "hornero cancel $a" &&
	mend &&
	job_ends published $again &&
	because cancelled $a "was cancelled.*hornero retry $a" &&
	same_words $a
'

# Red without workers_by in conf/conf.c.
test_expect_success 'slot, quota, memory: why names the limit that decides' '
	gated a $A three && a=$job && gate_reached $A &&
	gated b $B three && b=$job && gate_reached $B &&
	gated c $C three && c=$job &&
	because slot $c "behind 0 others, and all 2 workers are busy; .*.workers:. in" &&
	same_words $c &&
	mend >out &&
	test_grep "$a  running" out &&
	node_set workers auto &&
	node_set compile_core_limit 1 &&
	because quota $c "all 2 workers are busy, as many as .compile_core_limit:. allows" &&
	same_words $c &&
	node_set compile_core_limit 100 &&
	node_set compile_mem_limit 1000 &&
	because memory $c "all 2 workers are busy, as many as .compile_mem_limit:. allows" &&
	because memory "" "1 image waits for a worker, and all 2 workers are busy" &&
	node_set compile_mem_limit &&
	node_set workers 3 &&
	node_reload &&
	because building $c "being built" && gate_reached $C &&
	gate_open $A && gate_open $B && gate_open $C &&
	job_ends published $a && job_ends published $b && job_ends published $c
'

test_expect_success 'pause of an image, and of the node' '
	hornero pause $A &&
	use a $A && hello_push four &&
	because pause $job "as all builds of its image do: paused by .*hornero resume $A" &&
	same_words $job && same_words $A &&
	test "$command" = "hornero resume $A" &&
	mend && job_ends published &&
	hornero pause &&
	hello_push five &&
	because pause $job "as all builds of this node do: paused by .* on all of this node" &&
	because pause "" "Nothing starts for now .images that wait: 1.: paused by" &&
	same_words $job &&
	test "$command" = "hornero resume" &&
	mend && job_ends published
'

test_expect_success 'drain' '
	hornero drain --timeout 60 &&
	hello_push six &&
	because drain $job "an operator drains the node" &&
	same_words $job &&
	test "$command" = "hornero resume" &&
	mend && job_ends published
'

# Red without the setting in agent/hornerod/pressure.c.
test_expect_success 'pressure names the setting that decides' '
	pressure 12.40 &&
	because pressure "" "paused: memory pressure 12.4 % > [0-9.]* % .memory_pressure_limit" &&
	hello_push seven &&
	because pressure $job "memory pressure 12.4 % .*memory_pressure_limit" &&
	same_words $job &&
	pressure 1.00 &&
	job_ends published
'

test_expect_success 'unknown: a reason of another version of hornero' '
	kill -STOP $node_pid &&
	printf "kind=moon\nthe moon is full" >"$NODE/state/run/standstill" &&
	hello_push eight &&
	because agent-stopped $job "hornerod .process $node_pid. is stopped" &&
	because agent-stopped "" "Nothing is built or published .images that wait: 1. because" &&
	same_words $job &&
	rm "$NODE/state/run/standstill" &&
	because agent-stopped $A "is stopped" &&
	mend &&
	job_ends published
'

test_expect_success 'agent-off: the command starts it' '
	node_stop &&
	hello_push nine &&
	because agent-off $job "hornerod does not run: .systemctl start hornerod" &&
	same_words $job && same_words $A &&
	because agent-off "" "Nothing is built or published .images that wait: 1. because" &&
	printf "kind=moon\nthe moon is full" >"$NODE/state/run/standstill" &&
	because unknown "" "Nothing starts for now .*: the moon is full" &&
	rm "$NODE/state/run/standstill" &&
	because agent-off $job "does not run" &&
	mend && job_ends published
'

test_expect_success 'back-off: the command begins the next attempt now' '
	: "two back-offs, so that a slow machine sees the second one" &&
	die="kill -9 \$\$PPID; sleep 10" &&
	push_make "test -e ../cache/again || { $die; }" "head -c 1048576 /dev/zero >\$@" &&
	because back-off $job "gets its next attempt .* because attempt [12] failed: .*killed" &&
	touch "$NODE/unikernels/$A/cache/again" &&
	same_words $job &&
	test "$command" = "hornero rebuild $A" &&
	mend && job_ends published
'

test_expect_success 'planned: the command begins it now' '
	: "a forced build is clean, and would wait at its gate" &&
	use b $B && hello_push ten && job_ends published &&
	use c $C && hello_push ten && job_ends published &&
	hornero rebuild --all --spread 4h >out &&
	hornero queue --json >queued 2>/dev/null &&
	jq -e "[.[] | select(.not_before_ms)][0]" queued >planned &&
	c=$(json_in planned .job) && image=$(json_in planned .image) &&
	because planned $c "was queued for then .origin rebuild." &&
	same_words $c &&
	test "$command" = "hornero rebuild $image" &&
	mend && job_ends published $c
'

if test "$(id -u)" -eq 0
then
	test_expect_success 'starting: a key does not hear about the jobs of others' '
		hornero queue --state queued --json >queued 2>/dev/null &&
		for job in $(jq ".[].job" queued); do hornero cancel $job || return 1; done &&
		queue_settles &&
		ssh-keygen -q -t ed25519 -N "" -f id &&
		hornero key add --read c reader id.pub &&
		node_set workers 1 && node_reload &&
		gated a $A eleven && a=$job && gate_reached $A &&
		use c $C && hello_push eleven &&
		because slot $job "the only worker is busy" &&
		why_key=reader &&
		because starting $job "Job $job is queued and starts when it is its turn" &&
		why_key= &&
		gate_open $A &&
		job_ends published
	'
fi

test_done
