#!/bin/sh
# Clients that cost too much: each attack once, and then somebody is served.
test_description='hornero-serve: crowds, slow clients, files that change under it, its own walls'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/serve.sh"

STORE=$NODE/instances/hornero
size=67108864

# pushed_large BYTE: an artifact of $size bytes that begins with BYTE is warm; $digest.
pushed_large () {
	push_make "head -c $size /dev/zero >\$@" "printf $1 | dd of=\$@ conv=notrunc 2>/dev/null" &&
	job_ends published &&
	digest=$({ printf "$1"; head -c $((size - 1)) /dev/zero; } | sha256sum | cut -d " " -f 1) &&
	test -e "$STORE/artifact/$digest.raw"
}

hostile () {
	timeout 120 python3 "$HORNERO_SRC/t/tools/hostile-http.py" "$SERVE_PORT" \
		"/sha256/$digest" "$@" ||
	{ tail -n 20 serve.log; return 1; }
}

# hostile_begin WORDS…: until it prints a line; hostile_end: it goes on.
hostile_begin () {
	rm -f leave && mkfifo leave && : >hostile.out &&
	{ hostile "$@" <leave >hostile.out 2>&1 & } &&
	hostile_pid=$! &&
	test_cleanup "kill $hostile_pid 2>/dev/null; wait $hostile_pid 2>/dev/null; :" &&
	exec 8>leave &&
	wait_until "test -s hostile.out" 120
}
hostile_end () {
	exec 8>&- &&
	wait $hostile_pid
}

# whole: somebody gets the artifact.
whole () {
	get "$digest" &&
	test "$status" = 200 &&
	test "$(sha256sum <got)" = "$digest  -"
}

restart () {
	serve_stop &&
	serve_start
}

# patience TIME: serve_timeout. A client of ours that gets no processor for 2 s is slow, too.
patience () {
	node_set serve_timeout "$1" &&
	restart
}

# opened: the server has the artifact open.
opened () {
	wait_until "ls -l /proc/$serve_pid/fd | grep -q $digest" 30
}

test_expect_success 'a large artifact' '
	node_init "sweep_interval: 10h" "serve_listen: 127.0.0.1:0" "serve_timeout: 1h" \
		"serve_connections: 1000" "serve_connections_per_address: 1000" &&
	node_start &&
	node_hello_repo &&
	serve_start &&
	pushed_large a &&
	whole
'

test_expect_success 'it may call few things and open nothing else' '
	test_grep "^Seccomp:.2" "/proc/$serve_pid/status" &&
	test_grep "^NoNewPrivs:.1" "/proc/$serve_pid/status" &&
	test_grep "^CapEff:.0*\$" "/proc/$serve_pid/status"
'

# Red without confine_files() in limit.c: then it finds that the copy is another file.
if grep -q no-landlock serve.log
then
	test_skip 'a directory put in place of the store'\''s is closed to it' 'no Landlock here'
else
	test_expect_success 'a directory put in place of the store'\''s is closed to it' '
		mv "$STORE/artifact" "$STORE/real" &&
		cp -a "$STORE/real" "$STORE/artifact" &&
		get "$digest" &&
		test "$status" = 404 &&
		test_grep "event=not-served .*Permission denied" serve.log &&
		rm -r "$STORE/artifact" &&
		mv "$STORE/real" "$STORE/artifact" &&
		whole
	'
fi

test_expect_success 'long lines, many headers, garbage, many requests at once' '
	patience 2s &&
	hostile long-line &&
	hostile garbage &&
	hostile pipeline &&
	patience 1h &&
	whole
'

test_expect_success 'a client that leaves costs nothing' '
	hostile leave 300 &&
	whole &&
	wait_until "test \"\$(ls /proc/$serve_pid/fd | wc -l)\" -lt 20" 20
'

# Red without clients_look() in server.c.
test_expect_success 'slow writers and slow readers are disconnected' '
	patience 2s &&
	hostile slow-head &&
	hostile_begin slow-read $size &&
	wait_until "grep -q \"event=ended .*why=slow\" serve.log" 60 &&
	hostile_end &&
	patience 1h &&
	whole
'

# Red without push_out() in clients.c.
test_expect_success '1,000 idle connections keep nobody out' '
	node_set serve_connections_per_address 2000 &&
	restart &&
	hostile_begin crowd 1000 &&
	wait_until whole 60 &&
	test_grep "event=refused .*why=full" serve.log &&
	hostile_end
'

test_expect_success 'one address has its share alone, and pushes out its own' '
	node_set serve_connections_per_address 10 &&
	restart &&
	hostile_begin crowd 10 &&
	get "$digest" &&
	test "$status" = 503 &&
	test_grep "event=refused .*why=address-full" serve.log &&
	wait_until whole 60 &&
	hostile_end
'

# Red without is_cut_off() in clients.c: the library waits for the bytes for ever.
test_expect_success 'a file that is cut off under a download: the client gets no whole one' '
	restart &&
	hostile_begin slow-read $size &&
	opened &&
	truncate -s 1048576 "$STORE/artifact/$digest.raw" &&
	hostile_end &&
	get "$digest" &&
	test "$status" = 404
'

# The name is gone, the open file is not.
test_expect_success 'a file that is collected under a download: the client gets all of it' '
	pushed_large b &&
	collected=$digest &&
	hostile_begin read-late &&
	opened &&
	hello_pushed one &&
	hello_pushed two &&
	node_set store_budget 1 &&
	test_expect_code 1 hornero gc &&
	test_must_fail ls "$STORE/artifact/$collected.raw" &&
	hostile_end &&
	test_grep "^$collected\$" hostile.out
'

test_expect_success 'all together get serve_rate, not more' '
	node_set store_budget &&
	node_set serve_rate 16 &&
	restart &&
	pushed_large c &&
	get "$digest" -w "%{http_code} %{time_total}" &&
	took=${status#* } &&
	test "${took%.*}" -ge 2
'

test_expect_success 'told to stop, it ends what it began' '
	hostile_begin read-late &&
	opened &&
	kill $serve_pid &&
	wait_until "grep -q event=stopping serve.log" 20 &&
	hostile_end &&
	wait $serve_pid &&
	serve_pid= &&
	test_grep "^$digest\$" hostile.out &&
	test_grep "event=stopped cut_off=0" serve.log
'

test_done
