#!/bin/sh
# A repository has many jobs while another is pushed to. The queue tells the order beforehand.
test_description='the order of the queue: fair, told beforehand, one more build for many pushes'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/why.sh"

uuid () {
	printf '%08d-0000-4000-8000-000000000000' "$1"
}
many=10
test -z "$HORNERO_TEST_LONG" || many=100

# recipe FILE TEXT LINE…: a Makefile whose artifact begins with TEXT, after these lines.
recipe () {
	recipe_text=$2 recipe_file=$1
	shift 2
	{
		printf 'hornero.raw:\n'
		test $# -eq 0 || printf '\t%s\n' "$@"
		printf '\tprintf "%s" >$@\n\ttruncate -s 1M $@\n' "$recipe_text"
		printf '.PHONY: hornero.raw\n'
	} >"$recipe_file/Makefile"
}

# push_text DIR TEXT LINE…: a recipe, pushed. Sets job, one of those that it queued.
push_text () {
	recipe "$@" &&
	git -C "$1" add -A &&
	git -C "$1" commit -q --allow-empty -m "$2" &&
	git -C "$1" push -q origin HEAD:main 2>push.out || return 1
	hello=$HELLO_WORK HELLO_WORK=$1
	push_job
	set -- $?
	HELLO_WORK=$hello
	return $1
}

# open_gates: of all images that have been built
open_gates () {
	for cache in "$NODE"/unikernels/*/cache
	do
		touch "$cache/go" || return 1
	done
}

gates_pass () {
	wait_until "open_gates && node__settled" 120
}

# of_queue EXPRESSION: of the jobs of `hornero queue`, each a value of f.
of_queue () {
	hornero queue --all --json >queue.json &&
	json_sql queue.json "SELECT $1"
}

# started: the jobs from number $1 on, in the order in which they were started.
started () {
	of_queue "group_concat(job, ' ') FROM (SELECT value ->> 'job' AS job FROM f, json_each(j)
		WHERE value ->> 'job' >= $1 ORDER BY value ->> 'started_ms', job)"
}

# position_of JOB
position_of () {
	of_queue "value ->> 'position' FROM f, json_each(j) WHERE value ->> 'job' = $1"
}

test_expect_success 'one worker, a repository with four images, and another one' '
	node_init "workers: 1" &&
	node_make_repo &&
	for i in 1 2 3
	do
		hornero image add $(uuid $i) hello --builder make || return 1
	done &&
	command hornero repo create other >/dev/null &&
	hornero image add $(uuid 9) other --builder make &&
	node_work other "$NODE/git/other.git" &&
	node_start &&
	node_swept
'

# Red without used_ms in the ORDER BY of find() in db/claim.c.
test_expect_success 'the other is second, is told so, and is' '
	hornero pause &&
	push_text "$HELLO_WORK" one &&
	first=$(of_queue "min(value ->> \"job\") FROM f, json_each(j)") &&
	push_text other one &&
	test "$(position_of $job)" = 2 &&
	hornero queue >out &&
	test_grep "^ *$job  queued.* #2 " out &&
	hornero why $job >out &&
	test_grep "^Its position in the queue is 2\.$" out &&
	hornero resume &&
	hornero wait $job --timeout 120 &&
	queue_settles &&
	set -- $(started $first) &&
	test $# -eq 5 &&
	test "$1" = "$first" &&
	test "$2" = "$job"
'

# The build that runs waits at the gate.
test_expect_success 'a push waits for the one build that runs; times follow from the last builds' '
	push_text "$HELLO_WORK" two "$gate" &&
	wait_until "test -n \"\$(ls $NODE/unikernels/*/cache/here)\"" 30 &&
	push_text other two &&
	test "$(position_of $job)" = 1 &&
	times="value ->> \"expected_start_ms\" > 0 AND value ->> \"expected_end_ms\" >=
		value ->> \"expected_start_ms\"" &&
	of_queue "count(*) FROM f, json_each(j) WHERE value ->> \"state\" = \"queued\" AND $times" \
		>n &&
	test "$(cat n)" = 4 &&
	of_queue "count(*) FROM f, json_each(j) WHERE value ->> \"state\" = \"running\" AND
		value ->> \"progress\" BETWEEN 1 AND 99 AND value ->> \"expected_end_ms\" > 0" >n &&
	test "$(cat n)" = 1 &&
	why_says $job "position in the queue is 1; it is expected to start (in|now).* to end" &&
	hornero queue >out &&
	test_grep " $job  queued.* #1, starts (in|now)" out &&
	test_grep "  running .* (%, ends (in|now)|longer than usual)" out &&
	running=$(of_queue "value ->> \"job\" FROM f, json_each(j)
		WHERE value ->> \"state\" = \"running\"") &&
	why_says $running "usual time are over|takes longer than the last builds" &&
	gates_pass &&
	set -- $(started $running) &&
	test "$2" = "$job"
'

test_expect_success "$many pushes during one build cost one more" '
	rm -f "$NODE/unikernels/$(uuid 9)/cache/go" "$NODE/unikernels/$(uuid 9)/cache/here" &&
	push_text other three "$gate" &&
	before=$job &&
	gate_reached $(uuid 9) &&
	for i in $(seq $many)
	do
		push_text other "push $i" || return 1
	done &&
	gate_open $(uuid 9) &&
	hornero wait $job --timeout 120 &&
	warm_text_is "push $many" $(uuid 9) &&
	of_queue "count(*) FROM f, json_each(j) WHERE value ->> \"job\" >= $before AND
		value ->> \"attempt\" > 0" >n &&
	test "$(cat n)" = 2
'

# Red without add_failures() in agent/hornerod/attempt.c: the second one is built.
test_expect_success 'content that failed is not built again, and the job names the first one' '
	push_text other bad "touch ../cache/ran.\$\$\$\$; exit 7" &&
	first=$job &&
	job_ends failed $first &&
	ran=$(ls "$NODE/unikernels/$(uuid 9)/cache" | grep -c "^ran") &&
	push_text other bad "touch ../cache/ran.\$\$\$\$; exit 7" &&
	test $job -gt $first &&
	job_ends failed &&
	test "$(attempt_field cause)" = repeated &&
	why_says $job "the build of the same content failed as job $first, so it is not built" &&
	test "$(ls "$NODE/unikernels/$(uuid 9)/cache" | grep -c "^ran")" = $ran &&
	push_text other bad "touch ../cache/ran.\$\$\$\$; exit 7" &&
	job_ends failed &&
	job_field reason >reason &&
	test_grep "failed as job $first," reason
'

test_expect_success 'a retry builds it once more; other content is built' '
	hornero retry $job >out &&
	job=$(node_job out) &&
	job_ends failed &&
	test "$(attempt_field cause)" = exit &&
	push_text other good &&
	job_ends published
'

# Two workers, of which each repository gets one. Red without per_repo in agent/hornerod/turn.c.
test_expect_success 'workers_per_repo keeps a worker for others' '
	node_set workers 2 &&
	node_set workers_per_repo 1 &&
	node_reload &&
	rm -f "$NODE"/unikernels/*/cache/go "$NODE"/unikernels/*/cache/here &&
	push_text "$HELLO_WORK" four "$gate" &&
	wait_until "test -n \"\$(ls $NODE/unikernels/*/cache/here)\"" 30 &&
	push_text other four &&
	job_ends published &&
	of_queue "count(*) FROM f, json_each(j) WHERE value ->> \"state\" = \"running\"" >n &&
	test "$(cat n)" = 1 &&
	node_set workers_per_repo &&
	node_reload &&
	wait_until "test \$(ls $NODE/unikernels/*/cache/here | wc -l) -eq 2" 30
'

# Two builds are at their gates. Red without the comparison in is_free() of agent/hornerod/slots.c:
# then a third one takes the last worker, and the job of the other group never starts.
test_expect_success 'workers of a group file limit its builders, and no others' '
	mkdir -p "$NODE/groups.d" &&
	echo "workers: 2" >"$NODE/groups.d/make.yaml" &&
	node_set workers 3 &&
	node_reload &&
	push_text other five &&
	fifth=$job &&
	sed "s/^group:.*/group: wide/" "$NODE/builders.d/make.yaml" >"$NODE/builders.d/wide.yaml" &&
	command hornero repo create third >/dev/null &&
	hornero image add $(uuid 8) third --builder wide &&
	node_work third "$NODE/git/third.git" &&
	push_text third five &&
	wide=$job &&
	job_ends published $wide &&
	job_state_is queued $fifth &&
	because limit $fifth "group make.*workers" &&
	same_words $fifth &&
	gates_pass &&
	job_state_is published $fifth
'

test_expect_success 'nothing is left' '
	node_stop
'

test_done
