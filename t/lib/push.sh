# push.sh: a repository with an image, a work clone of it, and pushes from there. node.sh includes
# this.

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

# node_make_repo: as node_hello_repo; what is pushed is built by the builder make. Call it before
# node_start, and node_swept after that: a sweep that runs beside the push may queue it first, and a
# test that looks for the job of the push would find the other one.
node_make_repo () {
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=make
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
# faster: "is queued already", "is running already", "was queued for that already".
node_job () {
	sed -n 's/.*job \([0-9]*\) \(\(is \|was \)*queued\|is running already\).*/\1/p' "$1" |
		head -n 1
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
	push_job
}

# push_job [COMMIT]: after a push of that commit (the work clone's HEAD) whose words are in
# push.out; sets job. On a busy machine hornerod may have to look at the push by itself, after a
# reload in its first sweep.
push_job () {
	job=$(node_job push.out)
	! grep -q "this push was not queued:" push.out ||
	wait_until "node__queued $1" 30
	push_again && test -n "$job"
}

# push_again: such a push loses its options: runs the line that push.out names for them. Sets job.
push_again () {
	node__again=$(sed -n 's/.* is lost; run: .*\(rebuild .*[0-9a-f]\{12\}\).*/\1/p' push.out)
	test -z "$node__again" || {
		hornero $node__again >again.out &&
		cat again.out &&
		job=$(node_job again.out)
	}
}

# node__queued [COMMIT]: the commit, or the work clone's, has a job, which may have ended already.
# Sets job.
node__queued () {
	node__commit=${1:-$(git -C "$HELLO_WORK" rev-parse HEAD)} &&
	hornero queue --all --json >"$test_root/queue" &&
	job=$(json_sql "$test_root/queue" "SELECT value ->> 'job' FROM f, json_each(j)
		WHERE value ->> 'commit' = '$node__commit' AND value ->> 'origin' <> 'confirm'
		ORDER BY value ->> 'job' DESC LIMIT 1") &&
	test -n "$job"
}

# node_push [OPTION…]: commits all of the hello work clone, pushes it and waits for its job, for
# node_patience seconds (300). Sets job.
node_push () {
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m change &&
	git -C "$HELLO_WORK" push -q origin main "$@" 2>push.out || { cat push.out; return 1; }
	push_job &&
	hornero wait "$job" --timeout ${node_patience:-300}
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
	push_make 'head -c 1048576 /dev/zero >$@' \
		"printf '%s' '$1' | dd of=\$@ conv=notrunc 2>/dev/null"
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

# push_built_by BUILDER: pushes the work tree, and that builder builds it. Sets job.
push_built_by () {
	node_push || { test -z "$job" || hornero log "$job"; return 1; }
	test "$(job_field builder)" = "$1"
}
