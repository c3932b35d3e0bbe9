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

state () {
	sqlite3 "$NODE/state/queue/queue.db" "SELECT state FROM jobs WHERE id = $1"
}

# install PROGRAM: as a package does, by a rename
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

cache=$NODE/unikernels/2b7e1516-28ae-4d2a-abf7-158809cf4f3c/cache
waiting='until test -e ../cache/go; do sleep 0.05; done; head -c 1048576 /dev/zero >$@; printf'

go () {
	touch "$cache/go" &&
	wait_until "test \"\$(state $1)\" = published" 30 &&
	rm "$cache/go"
}

text () {
	tr -d '\0' <"$(node_warm_path "$HELLO_UUID")"
}

test_expect_success 'a reload: the same process, the same build' '
	node_init "workers: 1" "compile_mem_limit: 500" &&
	node_start &&
	node_hello_repo &&
	push_make "$waiting one | dd of=\$@ conv=notrunc 2>/dev/null" &&
	building 1 &&
	pgrep -P $node_pid hornero-build >supervisor &&
	reload &&
	kill -0 $node_pid &&
	pgrep -P $node_pid hornero-build >after &&
	test_cmp supervisor after &&
	go 1 &&
	test "$(text)" = one &&
	test "$(sqlite3 "$NODE/state/queue/queue.db" "SELECT count(*) FROM attempts")" = 1
'

test_expect_success 'another agent is kept out all the time' '
	test_expect_code 75 hornerod --foreground 2>err &&
	test_grep "another hornerod runs" err
'

test_expect_success 'the new hornerod can cancel a build that it did not start' '
	push_make "$waiting two | dd of=\$@ conv=notrunc 2>/dev/null" &&
	building 2 &&
	reload &&
	reload &&
	hornero cancel 2 &&
	wait_until "test \"\$(state 2)\" = cancelled" 20 &&
	node_cgroups_gone
'

# Nova has its lock; the publisher waits for it, and has copied long since.
mkfifo "$TRASH/nova"
test_expect_success 'a publication goes on' '
	lock=$NODE/instances/locks/nova-$(basename "$(node_warm_path "$HELLO_UUID")") &&
	python3 -c "import fcntl, sys, time
f = open(sys.argv[1], \"a\"); fcntl.lockf(f, fcntl.LOCK_EX); open(\"locked\", \"w\"); sys.stdin.read()" "$lock" <"$TRASH/nova" &
	nova=$!
	exec 8>"$TRASH/nova" &&
	wait_until "test -e locked" 20 &&
	push_make \
		"head -c 1048576 /dev/zero >\$@; printf three | dd of=\$@ conv=notrunc 2>/dev/null" &&
	wait_until \
		"sqlite3 $NODE/state/queue/queue.db \"SELECT waiting_for FROM jobs WHERE id = $job\" | grep lock" 20 &&
	publishers >publisher &&
	reload &&
	publishers >after &&
	test_cmp publisher after &&
	test "$(text)" = one &&
	exec 8>&- &&
	wait $nova &&
	wait_until "test \"\$(state $job)\" = published" 20 &&
	test "$(text)" = three &&
	test "$(grep -c "event=published" "$NODE/hornerod.log")" -eq 4
'

# Red with an error in the place of publication-dropped in agent/hornerod/publication.c
# publication_resume().
rm -f "$TRASH/locked"
test_expect_success 'a publication whose verdict is gone is dropped, its job is built again, and the same process goes on' '
	lock=$NODE/instances/locks/nova-$(basename "$(node_warm_path "$HELLO_UUID")") &&
	python3 -c "import fcntl, sys, time
f = open(sys.argv[1], \"a\"); fcntl.lockf(f, fcntl.LOCK_EX); open(\"locked\", \"w\"); sys.stdin.read()" "$lock" <"$TRASH/nova" &
	nova=$!
	exec 8>"$TRASH/nova" &&
	wait_until "test -e locked" 20 &&
	push_make \
		"head -c 1048576 /dev/zero >\$@; printf again | dd of=\$@ conv=notrunc 2>/dev/null" &&
	wait_until \
		"sqlite3 $NODE/state/queue/queue.db \"SELECT waiting_for FROM jobs WHERE id = $job\" | grep lock" 20 &&
	rm "$NODE/state/log/$job.1.verdict" &&
	reload &&
	kill -0 $node_pid &&
	test_grep "event=publication-dropped job=$job" "$NODE/hornerod.log" &&
	exec 8>&- &&
	wait $nova &&
	wait_until "test \"\$(state $job)\" = published" 30 &&
	test "$(text)" = again &&
	test \
		"$(sqlite3 "$NODE/state/queue/queue.db" "SELECT count(*) FROM attempts WHERE job = $job")" = 2
'

test_expect_success 'a program that cannot take over changes nothing, with words' '
	push_make "$waiting four | dd of=\$@ conv=notrunc 2>/dev/null" &&
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
	test "$(state $job)" = running
'

test_expect_success 'neither does a configuration that needs a restart or cannot be used' '
	install_next "$HORNERO_BUILD/hornerod" &&
	cp "$HORNERO_CONF" conf.bak &&
	echo "unknown: 1" >>"$HORNERO_CONF" &&
	refused &&
	test_grep "hornero.yaml:[0-9]*:1: .*unknown" "$NODE/hornerod.log" &&
	sed "s/^cgroup_top:.*/cgroup_top: elsewhere/" conf.bak >"$HORNERO_CONF" &&
	refused &&
	test_grep "reload-refused .*need a restart" "$NODE/hornerod.log" &&
	cp conf.bak "$HORNERO_CONF" &&
	test "$(state $job)" = running
'

test_expect_success 'a program that goes away behind its answer: the running one goes on, and can be replaced later' '
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
	test "$(state $job)" = running &&
	install_next "$HORNERO_BUILD/hornerod" &&
	reload &&
	test "$(readlink /proc/$node_pid/exe)" = "$TRASH/bin/hornerod"
'

test_expect_success 'a newer version with a newer schema takes the build over' '
	version=$(sqlite3 "$NODE/state/queue/queue.db" "PRAGMA user_version") &&
	install_next "$HORNERO_BUILD/t/tools/hornerod-next" &&
	pgrep -P $node_pid hornero-build >supervisor &&
	reload &&
	test "$(stat -L -c %i /proc/$node_pid/exe)" = "$(stat -c %i "$program")" &&
	test "$(sqlite3 "$NODE/state/queue/queue.db" "SELECT count(*) FROM of_the_next_version")" \
		= 0 &&
	pgrep -P $node_pid hornero-build >after &&
	test_cmp supervisor after &&
	go $job &&
	test "$(text)" = four
'

test_expect_success 'the death of a later life ends the build, too' '
	sqlite3 "$NODE/state/queue/queue.db" \
		"DROP TABLE of_the_next_version; PRAGMA user_version = $version" &&
	node_stop &&
	install_next "$HORNERO_BUILD/hornerod" &&
	node_start &&
	push_make "$waiting five | dd of=\$@ conv=notrunc 2>/dev/null" &&
	building $job &&
	reload &&
	node_kill9 &&
	node_start &&
	wait_until "grep -qs \"builder make\" $NODE/state/log/$job.2.log" 20 &&
	go $job &&
	test "$(text)" = five
'

test_expect_success 'a drain: what runs ends, nothing else starts, a reload changes nothing about that, a resume does' '
	push_make "$waiting six | dd of=\$@ conv=notrunc 2>/dev/null" &&
	building $job &&
	running=$job &&
	test_expect_code 75 hornero drain --timeout 0 2>err &&
	test_grep "1 build still runs; none starts" err &&
	push_make \
		"head -c 1048576 /dev/zero >\$@; printf seven | dd of=\$@ conv=notrunc 2>/dev/null" &&
	reload &&
	touch "$cache/go" &&
	hornero drain >out &&
	test_grep "no build runs" out &&
	test "$(state $job)" = queued &&
	wait_until "test \$(state $running) = published" 20 &&
	hornero why $job >out &&
	test_grep "an operator drains the node.*hornero resume" out &&
	hornero queue >out &&
	test_grep "nothing starts for now: an operator drains" out &&
	hornero resume >out &&
	test_grep "start again" out &&
	hornero wait $job --timeout 30 &&
	test "$(text)" = seven
'

test_expect_success 'a start ends a drain' '
	hornero drain >out &&
	node_stop &&
	node_start &&
	push_make "head -c 1048576 /dev/zero >\$@; : eight" &&
	hornero wait $job --timeout 30
'

test_done
