#!/bin/sh
test_description='hornero top: as text, as JSON, on a terminal, and by a key'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires sqlite3 sqlite3
test_requires jq jq
test_requires python3 python3
test_requires ssh-keygen openssh-client

# on_terminal KEYS COMMAND…: KEYS (of printf) are typed as soon as something was drawn; the screen
# is in `screen`.
on_terminal () {
	python3 - "$@" <<-'END' >screen
	import fcntl, os, pty, struct, sys, termios
	keys = sys.argv[1].encode().decode("unicode_escape").encode()
	pid, fd = pty.fork()
	if pid == 0:
	    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
	    os.environ["TERM"] = "xterm"
	    os.execvp(sys.argv[2], sys.argv[2:])
	out = b""
	while True:
	    try:
	        piece = os.read(fd, 65536)
	    except OSError:
	        break
	    if not piece:
	        break
	    out += piece
	    if keys and b"push to warm" in out:
	        os.write(fd, keys)
	        keys = b""
	sys.stdout.buffer.write(out)
	sys.stdout.flush()
	status = os.waitpid(pid, 0)[1]
	sys.exit(os.waitstatus_to_exitcode(status))
	END
}

# ended ID REPO ORIGIN STATE AGO_S TOOK_S…: jobs that ended so long ago.
ended () {
	echo "INSERT INTO jobs (id, image, repo, ref, \"commit\", origin, state, attempt, digest,
			created_ms, ended_ms)
		VALUES ($1, '$U1', '$2', 'refs/heads/main', '$COMMIT', '$3', '$4', 1, '$DIGEST',
			($NOW - $5 - $6) * 1000, ($NOW - $5) * 1000);"
}

# queued N: a job that waits.
queued () {
	echo "INSERT INTO jobs (id, image, repo, ref, \"commit\", origin, state, created_ms)
		VALUES ($((5000 + $1)), '$(printf %08d $1)-1111-4111-8111-111111111111', 'shop',
			'refs/heads/main', '$COMMIT', 'push', 'queued', $NOW);"
}

# top_is EXPECTED FILTER: of the object in `out`.
top_is () {
	top__is=$(jq -c "$2" out) &&
	test "$top__is" = "$1" ||
	{ cat out; return 1; }
}

test_expect_success 'a node, and pushes of the last hour and of the last day' '
	hooks_node "keys_file: $TRASH/keys" "pressure_dir: $TRASH/pressure" \
		"memory_pressure_limit: 10" "workers: 3" &&
	hooks_repo secret &&
	hooks_repo shop &&
	hooks_image $U1 shop &&
	hooks_image $U2 secret &&
	hooks_work &&
	hooks_push main &&
	as_git git -C work push -q "$NODE/git/secret.git" main 2>push.out &&
	NOW=$(date +%s) &&
	COMMIT=$(hooks_head) &&
	DIGEST=$(printf %064d 1) &&
	{
		for i in $(seq 100)
		do
			ended $((1000 + i)) shop push published 60 $i
		done
		for i in $(seq 100)
		do
			ended $((2000 + i)) shop push published 7200 $((1000 + i))
		done
		ended 3000 shop push published 90000 5000 &&
		ended 3001 shop sweep published 60 5000 &&
		ended 3002 shop push failed 60 5000 &&
		ended 3003 secret push published 60 100000
	} >rows.sql &&
	sqlite3 "$DB" <rows.sql &&
	mkdir pressure &&
	echo "some avg10=12.50 avg60=0.00 avg300=0.00 total=0" >pressure/memory
'

test_expect_success 'not on a terminal: once, what there is' '
	hornero top >out &&
	test_grep "0 running, 2 queued, 0 built, 0 held; 3 workers" out &&
	test_grep "agent: not running" out &&
	test_grep "pressure: memory 12\.5 % \(limit 10\), IO unknown, CPU unknown; load" out &&
	hour="last hour: 101, p50 51\.0 s, p99 1 min 40 s" &&
	test_grep "push to warm, $hour; last day: 201, " out &&
	test_grep "queued *$U1 *shop" out &&
	test "$(grep -c "push to warm" out)" = 1 &&
	test_must_fail grep "$(printf "\033")" out
'

test_expect_success 'as JSON: one object; percentiles of published pushes alone' '
	hornero top --json >out &&
	top_is "[2,0,0,0,3]" "[.queued, .running, .built, .held, .workers]" &&
	top_is "[false,null]" "[.agent_runs, .standstill]" &&
	top_is "{\"pushes\":101,\"p50_ms\":51000,\"p99_ms\":100000}" .push_to_warm_hour &&
	top_is "[201,1001000]" ".push_to_warm_day | [.pushes, .p50_ms]" &&
	top_is "[12.5,null,10]" ".pressure | [.memory, .io, .memory_limit]" &&
	top_is "[\"secret\",\"shop\"]" "[.jobs[].repo] | sort" &&
	hornero top --json -n 2 -i 0.1 >out &&
	test "$(jq -s length out)" = 2
'

test_expect_success 'a key sees what it may read, and nothing of the node' '
	ssh-keygen -q -t ed25519 -N "" -f reader &&
	hornero key add reader reader.pub --read shop &&
	hornero --key reader top --json >out &&
	top_is "[1,null]" "[.queued, .pressure]" &&
	top_is "[100,99000]" ".push_to_warm_hour | [.pushes, .p99_ms]" &&
	hornero --key reader top >out &&
	test_must_fail grep -E "secret|$U2|pressure" out &&
	test_grep "$U1" out
'

test_expect_success 'as often as -n says' '
	hornero top -n 3 --interval 0.1 >out &&
	test "$(grep -c "push to warm" out)" = 3 &&
	for option in "-n 0" "-n x" "-i 0" "-i x" "-i inf"
	do
		test_expect_code 64 hornero top $option || return 1
	done &&
	hornero top -n 1000 -i 0.1 | head -n 1 >out &&
	test_grep running out
'

test_expect_success 'on a terminal it is a screen; Ctrl-C gives the terminal back as it was' '
	on_terminal "\\003" hornero top -i 60 &&
	enter=$(printf "\033[?1049h\033[?25l") &&
	grep -qF "$enter" screen &&
	tail -c 19 screen >end &&
	printf "\033[?7h\033[?25h\033[?1049l" >want &&
	test "$(cat end | tr -d "\n\r")" = "$(cat want)" || { cat -v screen; return 1; }
	on_terminal "" hornero top -n 2 -i 0.1 &&
	test "$(grep -c "push to warm" screen)" = 2 &&
	grep -qF "$(cat want)" screen
'

test_expect_success 'SIGTERM gives it back, too' '
	on_terminal "" sh -c "
		hornero top -i 60 &
		until grep -qs -i ^SigBlk:.*[1-9a-f] /proc/\$!/status
		do
			:
		done
		kill \$!
		wait \$!" &&
	grep -qF "$(cat want)" screen
'

test_expect_success 'text of a pusher does nothing to a terminal' '
	hooks_sql "UPDATE jobs SET pushed_by = \"eve\" || char(27) || \"[31m\",
		waiting_for = \"x\" || char(10) || \"y\" WHERE state = \"queued\"" &&
	hornero top >out &&
	test_grep "eve.x1b" out &&
	test_must_fail grep "$(printf "\033")" out &&
	test_must_fail grep "^y" out
'

test_expect_success 'a screen has room for so many jobs' '
	for i in $(seq 60)
	do
		queued $i
	done >rows.sql &&
	sqlite3 "$DB" <rows.sql &&
	on_terminal "" hornero top -n 1 &&
	test "$(grep -c "shop" screen)" -le 16 &&
	test "$(grep -c "shop" screen)" -ge 10 &&
	hornero top >out &&
	test "$(grep -c "shop" out)" = 61
'

test_done
