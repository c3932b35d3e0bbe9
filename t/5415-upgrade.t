#!/bin/sh
# A reload executes hornerod anew in place: what is built and published meanwhile goes on, also
# under a newer version.
test_description='builds survive a reload and an upgrade'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# Its own copy of the program, to be replaced; or the unit's, in a guest.
program=${unit_program:-$TRASH/bin/hornerod}
mkdir "$TRASH/bin" && cp "$HORNERO_BUILD/hornerod" "$TRASH/bin/hornerod"
PATH=$TRASH/bin:$PATH

# in_db SQL
in_db () {
	sqlite3 "$NODE/state/queue/queue.db" "$1"
}

# install_next PROGRAM: as a package does, by a rename
install_next () {
	cp "$1" "$program.next" &&
	chmod 755 "$program.next" &&
	mv "$program.next" "$program"
}

# A child of the agent, or a service behind the socket.
publishers () {
	if test $node__users = yes
	then
		pgrep -u "$node_nova" -x hornero-publish
	else
		pgrep -P $node_pid hornero-publish
	fi
}

# lives N: so many times it has begun to take jobs
lives () {
	test "$(grep -c "^READY" "$NODE/hornerod.log")" -eq "$1"
}

reload () {
	reload__lives=$(($(grep -c "^READY" "$NODE/hornerod.log") + 1))
	kill -HUP $node_pid &&
	wait_until "lives $reload__lives" 20
}

refused () {
	refused__before=$(grep -c "event=reload-refused" "$NODE/hornerod.log")
	kill -HUP $node_pid
	wait_until "test \$(grep -c event=reload-refused $NODE/hornerod.log) -gt $refused__before" \
		20
}

# building JOB: its builder runs
building () {
	wait_until "grep -qs \"builder make\" $NODE/state/log/$1.1.log" 20
}

# go JOB: opens the gate, and the job is published
go () {
	gate_open &&
	job_reaches published "$1"
}

# nova_locks: a process takes the lock that Nova takes for the warm file. Sets nova.
# nova_unlocks: it ends.
mkfifo "$TRASH/nova"
nova_locks () {
	rm -f locked &&
	python3 - "$NODE/instances/locks/nova-$(basename "$(node_warm_path "$HELLO_UUID")")" \
		3<"$TRASH/nova" <<-\EOT &
	import fcntl, os, sys
	lock = open(sys.argv[1], "a")
	fcntl.lockf(lock, fcntl.LOCK_EX)
	open("locked", "w")
	os.read(3, 1)
	EOT
	nova=$!
	exec 8>"$TRASH/nova" &&
	wait_until "test -e locked" 20
}

nova_unlocks () {
	exec 8>&- &&
	wait $nova
}

# waits_for_lock: the publisher has copied, and the job waits for Nova.
waits_for_lock () {
	wait_until "job_field waiting_for | grep lock" 20
}

test_expect_success 'a reload: the same process, the same build' '
	node_init "workers: 1" "compile_mem_limit: 500" &&
	node_hello_repo &&
	node_start &&
	node_swept &&
	slow_push one &&
	building 1 &&
	pgrep -P $node_pid hornero-build >supervisor &&
	reload &&
	kill -0 $node_pid &&
	pgrep -P $node_pid hornero-build >after &&
	test_cmp supervisor after &&
	go 1 &&
	warm_text_is one &&
	test "$(in_db "SELECT count(*) FROM attempts")" = 1
'

test_expect_success 'another agent is kept out all the time' '
	test_expect_code 75 hornerod --foreground 2>err &&
	test_grep "another hornerod runs" err
'

test_expect_success 'the new hornerod can cancel a build that it did not start' '
	slow_push two &&
	building 2 &&
	reload &&
	reload &&
	hornero cancel 2 &&
	job_reaches cancelled 2 20 &&
	node_cgroups_gone
'

test_expect_success 'a publication goes on' '
	nova_locks &&
	hello_push three &&
	waits_for_lock &&
	publishers >publisher &&
	reload &&
	publishers >after &&
	test_cmp publisher after &&
	warm_text_is one &&
	nova_unlocks &&
	job_reaches published $job 20 &&
	warm_text_is three &&
	test "$(grep -c "event=published" "$NODE/hornerod.log")" -eq 4
'

# Red with an error in the place of publication-dropped in agent/hornerod/publication.c
# publication_resume().
test_expect_success 'a publication without its verdict is dropped, and its job is built again' '
	nova_locks &&
	hello_push again &&
	waits_for_lock &&
	rm "$NODE/state/log/$job.1.verdict" &&
	reload &&
	kill -0 $node_pid &&
	test_grep "event=publication-dropped job=$job" "$NODE/hornerod.log" &&
	nova_unlocks &&
	job_reaches published &&
	warm_text_is again &&
	test "$(in_db "SELECT count(*) FROM attempts WHERE job = $job")" = 2
'

test_expect_success 'a program that cannot take over is refused, with its reason' '
	slow_push four &&
	building $job &&
	printf "#!/bin/sh\nexit 78\n" >broken &&
	install_next broken &&
	refused &&
	printf "#!/bin/sh\necho hornerod-handover 0\n" >other &&
	install_next other &&
	refused &&
	test_grep "version that cannot take running builds over.*hornero drain" \
		"$NODE/hornerod.log" &&
	rm "$program" &&
	refused &&
	job_state_is running
'

test_expect_success 'so is a configuration that needs a restart or cannot be used' '
	install_next "$HORNERO_BUILD/hornerod" &&
	cp "$HORNERO_CONF" conf.bak &&
	echo "unknown: 1" >>"$HORNERO_CONF" &&
	refused &&
	test_grep "hornero.yaml:[0-9]*:1: .*unknown" "$NODE/hornerod.log" &&
	sed "s/^cgroup_top:.*/cgroup_top: elsewhere/" conf.bak >"$HORNERO_CONF" &&
	refused &&
	test_grep "reload-refused .*need a restart" "$NODE/hornerod.log" &&
	cp conf.bak "$HORNERO_CONF" &&
	job_state_is running
'

test_expect_success 'a program that vanishes after its answer: the old one goes on until the next' '
	cat >vanishing <<-END &&
	#!/bin/sh
	"$HORNERO_BUILD/hornerod" "\$@"
	rm "$TRASH/bin/hornerod"
	END
	install_next vanishing &&
	pgrep -P $node_pid hornero-build >supervisor &&
	reload &&
	test_grep "event=handover-failed $TRASH/bin/hornerod: " "$NODE/hornerod.log" &&
	test ! -e "$TRASH/bin/hornerod" &&
	pgrep -P $node_pid hornero-build >after &&
	test_cmp supervisor after &&
	job_state_is running &&
	install_next "$HORNERO_BUILD/hornerod" &&
	reload &&
	test "$(readlink /proc/$node_pid/exe)" = "$TRASH/bin/hornerod"
'

# `hornero` refuses the newer schema: the queue itself says what becomes of the job.
test_expect_success 'a newer version with a newer schema takes the build over' '
	version=$(in_db "PRAGMA user_version") &&
	install_next "$HORNERO_BUILD/t/tools/hornerod-next" &&
	pgrep -P $node_pid hornero-build >supervisor &&
	reload &&
	test "$(stat -L -c %i /proc/$node_pid/exe)" = "$(stat -c %i "$program")" &&
	test "$(in_db "SELECT count(*) FROM of_the_next_version")" = 0 &&
	pgrep -P $node_pid hornero-build >after &&
	test_cmp supervisor after &&
	gate_open &&
	wait_until "in_db \"SELECT state FROM jobs WHERE id = $job\" | grep -x published" 30 &&
	warm_text_is four
'

test_expect_success 'the death of a later life ends the build, too' '
	node_stop &&
	in_db "DROP TABLE of_the_next_version; PRAGMA user_version = $version" &&
	install_next "$HORNERO_BUILD/hornerod" &&
	node_start &&
	slow_push five &&
	building $job &&
	reload &&
	node_kill9 &&
	node_start &&
	wait_until "grep -qs \"builder make\" $NODE/state/log/$job.2.log" 20 &&
	go $job &&
	warm_text_is five
'

test_expect_success 'a drain lets a build end and starts none until a resume, despite a reload' '
	slow_push six &&
	building $job &&
	running=$job &&
	test_expect_code 75 hornero drain --timeout 0 2>err &&
	test_grep "1 build still runs; none starts" err &&
	hello_push seven &&
	reload &&
	gate_open &&
	hornero drain >out &&
	test_grep "no build runs" out &&
	job_state_is queued &&
	job_reaches published $running 20 &&
	why_says $job "an operator drains the node.*hornero resume" &&
	hornero queue >out &&
	test_grep "nothing starts for now: an operator drains" out &&
	hornero resume >out &&
	test_grep "start again" out &&
	hornero wait $job --timeout 300 &&
	warm_text_is seven
'

test_expect_success 'a start ends a drain' '
	hornero drain >out &&
	node_stop &&
	node_start &&
	push_make "head -c 1048576 /dev/zero >\$@; : eight" &&
	hornero wait $job --timeout 300
'

test_done
