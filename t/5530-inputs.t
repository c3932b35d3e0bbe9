#!/bin/sh
# Inputs of a builder that are directories: the sandbox sees them read-only, their content is in the
# content key, and the sweep rebuilds what a change makes stale, behind the pushes. Red without:
# is_dir in clear_mount_point (2); check_inputs in build_builder (5, 6, where it follows a failure);
# tree_walk's refusal of special files (7); input_lacks() in conf/input.c (8) and can_read() in
# toolchain.c (9); the sweep's 1 in priority_of of db/enqueue.c (10).
test_description='inputs may be directories'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

mkdir builders && mkdir -m 755 kit || exit 1
# The artifact is what the kit says, and the source.
cat >builders/kit.yaml <<END
argv: [sh, -c, "sh /kit/make.sh"]
artifact: /build/src/hornero.raw
format: raw
inputs: ["$TRASH/kit:/kit", "$TRASH/kit:/build/cache/deep/kit"]
END
kit () {
	mkdir -p kit/lib &&
	cat >kit/make.sh <<-\END &&
	while test -e /kit/wait && ! test -e go; do sleep 0.1; done
	cmp /kit/lib/word /build/cache/deep/kit/lib/word &&
	cat /kit/lib/word /build/src/text >new &&
	! touch /kit/x && truncate -s 1048576 new && mv new hornero.raw
	END
	printf "%s" "$1" >kit/lib/word
}
change () {
	printf "%s" "$1" >"$HELLO_WORK/text" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m "$1" &&
	git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
	push_job
}
sweep () {
	hornero-sweep -c "$HORNERO_CONF" --quiet
}
newest () {
	job=$(hornero queue --all --json | jq "max_by(.job) | .job")
}

test_expect_success 'a build sees the directory, read-only, in both places' '
	kit one. &&
	node_init "sweep_interval: 1h" "builders_dir: $TRASH/builders" &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=kit &&
	change first &&
	hornero wait "$job" --timeout 300 &&
	warm_text_is one.first
'

test_expect_success 'what an earlier build left at the mount point is no obstacle' '
	work=$NODE/unikernels/$HELLO_UUID/cache &&
	rm -r "$work/deep/kit" &&
	echo file >"$work/deep/kit" &&
	change second &&
	hornero wait "$job" --timeout 300 &&
	warm_text_is one.second
'

test_expect_success 'the same bytes with other times are the same content: no build' '
	cp -r kit copy && rm -r kit && mv copy kit &&
	newest && before=$job &&
	sweep &&
	newest && test "$job" -eq "$before" &&
	hornero rebuild "$HELLO_UUID" &&
	newest &&
	hornero wait "$job" --timeout 300 &&
	test "$(job_field reused)" = true
'

test_expect_success 'one changed file: the next sweep rebuilds, from nothing' '
	printf two. >kit/lib/word &&
	sweep &&
	newest &&
	test "$(job_field origin)" = sweep &&
	hornero wait "$job" --timeout 300 &&
	warm_text_is two.second &&
	test "$(job_field reused)" = false
'

test_expect_success 'a change while the build runs is nobody'\''s fault; it is built again' '
	touch kit/wait &&
	change third &&
	wait_until "test -e $NODE/unikernels/$HELLO_UUID/src/text && job_state_is running" 30 &&
	wait_until "grep -q ^third \"$NODE/unikernels/$HELLO_UUID/src/text\"" 30 &&
	wait_until "pgrep -f /kit/make.sh" 30 &&
	printf three. >kit/lib/word &&
	rm kit/wait &&
	wait_until "test \"\$(job_field attempts[0].cause)\" = inputs" 60 &&
	test "$(job_field "attempts[0].class")" = nobody &&
	hornero wait "$job" --timeout 300 &&
	warm_text_is three.third
'

test_expect_success 'so is a failure that the change may have caused' '
	cp kit/make.sh good &&
	echo "exit 3" >>kit/make.sh &&
	touch kit/wait &&
	change fourth &&
	wait_until "pgrep -f /kit/make.sh" 30 &&
	mv good kit/make.sh &&
	rm kit/wait &&
	wait_until "test \"\$(job_field attempts[0].cause)\" = inputs" 60 &&
	hornero wait "$job" --timeout 300 &&
	warm_text_is three.fourth
'

test_expect_success 'a directory that cannot be used holds the job before it builds' '
	mkfifo kit/pipe &&
	change fifth &&
	job_reaches held &&
	why_says $job "builders/kit.yaml: the input $TRASH/kit: $TRASH/kit/pipe is a named pipe" &&
	test_expect_code 2 hornero doctor >out &&
	test_grep "kit: the input $TRASH/kit: $TRASH/kit/pipe is a named pipe" out &&
	rm kit/pipe &&
	mv kit elsewhere &&
	hornero retry "$job" &&
	newest &&
	job_reaches held &&
	why_says $job "cannot read the input $TRASH/kit: No such file" &&
	test_expect_code 2 hornero doctor >out &&
	test_grep "kit: the input $TRASH/kit: No such file" out &&
	mv elsewhere kit &&
	hornero retry "$job" &&
	newest &&
	hornero wait "$job" --timeout 300
'

test "$(id -u)" -eq 0 && test_expect_success 'so does one that builds may not read' '
	chmod 700 kit &&
	change unreadable &&
	job_reaches held &&
	why_says $job "builds cannot read the input $TRASH/kit; chmod -R a[+]rX $TRASH/kit" &&
	test_expect_code 78 hornero builder check kit >out &&
	test_grep "^kit: builds cannot read the input $TRASH/kit$" out &&
	test_grep "^    chmod -R a[+]rX $TRASH/kit$" out &&
	chmod -R a+rX kit &&
	hornero retry "$job" &&
	newest &&
	hornero wait "$job" --timeout 300
'

# Many a git clone has such a file that no build needs.
test "$(id -u)" -eq 0 && test_expect_success 'a file below it may be unreadable; the key says so' '
	mkdir kit/more && echo secret >kit/more/secret && chmod 600 kit/more/secret &&
	change blind &&
	hornero wait "$job" --timeout 300 &&
	blind=$(job_field key) &&
	chmod 644 kit/more/secret &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m seeing &&
	git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
	push_job &&
	hornero wait "$job" --timeout 300 &&
	test "$(job_field key)" != "$blind" &&
	test "$(job_field reused)" = false
'

test_expect_success 'stale images are rebuilt behind the pushes, a worker each' '
	node_stop &&
	node_set workers 1 &&
	node_start &&
	other=$(hornero repo create other | tail -n 1) &&
	git -C "$HELLO_WORK" push -q "$other" main 2>/dev/null &&
	for n in 1 2 3 4
	do
		hornero image add other --builder kit >added || return 1
	done &&
	queue_settles &&
	touch kit/wait &&
	printf four. >kit/lib/word &&
	sweep &&
	wait_until "test \$(hornero queue --json | jq \"map(select(.state == \\\"running\\\")) |
		length\") -eq 1" 30 &&
	change sixth &&
	hornero queue --json | jq -r ".[] | select(.state == \"queued\") | .origin" >origins &&
	test "$(head -n 1 origins)" = push &&
	test "$(grep -c sweep origins)" -ge 3 &&
	rm kit/wait &&
	queue_settles &&
	warm_text_is four.sixth
'

test_expect_success 'the records of a builder without inputs go' '
	test -s "$NODE/state/toolchain/kit.inputs" || wait_until "sweep &&
		test -s $NODE/state/toolchain/kit.inputs" 20 &&
	sed -i "/^inputs/d" builders/kit.yaml &&
	sweep &&
	test ! -e "$NODE/state/toolchain/kit.inputs" &&
	node_stop
'

test_done
