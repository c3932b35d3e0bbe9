#!/bin/sh
# The node here is the installed one: hornerod and the builds are an unprivileged user. Red without:
# --disable-host-loopback (2), routes_refuse() (3), is_fetched_by_push() (6), CAUSE_FETCH in
# runs_pushed_code() (7), access() in attach() of agent/netns/main.c (8).
test_description='fetch: what it reaches and sees, confirmations, and what a node lacks'
. "${HORNERO_SRC:-.}/t/lib/mirror.sh"
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires systemd-socket-activate systemd
mirror_requires
. "$HORNERO_SRC/t/lib/fetch.sh"

# says SCRIPT: pushes a fetch.sh whose output is in the log, and waits for its job.
says () {
	n=$((n + 1))
	printf '%s\n' "$1" 'echo >"$HORNERO_FETCHED/x"' >"$HELLO_WORK/fetch.sh" &&
	fetch_push "lock $n" says &&
	hornero wait "$job" --timeout 300 &&
	hornero log "$job" >log.out
}
# A server of the node itself, at all of its addresses.
own_server () {
	: >"$TRASH/own.log" &&
	chmod 666 "$TRASH/own.log" || return 1
	/usr/bin/python3 "$HORNERO_SRC/t/tools/mirror.py" 127.0.0.1 "$TRASH/own.log" \
		>"$TRASH/own.out" 2>&1 &
	own_pid=$!
	test_cleanup "kill $own_pid; wait $own_pid; :"
	wait_until 'grep -q ready "$TRASH/own.out"' 20
}

node_users
test_expect_success 'an unprivileged hornerod fetches' '
	mirror_start &&
	chmod 755 builders && chmod 644 builders/* &&
	fetch_node "allow_fetch: yes" "confirm: idle" "compile_core_limit: 100" &&
	fetch_push one first &&
	hornero wait $job --timeout 300 || { hornero log $job; false; } &&
	warm_text_is "got one.first" &&
	mirror_words one
'

test_expect_success 'the node'\''s loopback is not there: neither 127.0.0.1 nor the router' '
	own_server &&
	curl -sSf http://127.0.0.1/node >own.got && grep "got node" own.got &&
	: >own.log &&
	says "for a in 127.0.0.1 192.0.2.2 10.0.2.2 localhost
		do curl -sS --max-time 3 http://\$a/in && echo reached \$a; done" &&
	test_grep ! "^reached" log.out &&
	test_cmp /dev/null own.log
'

test_expect_success 'nor are its other addresses, nor link-local ones' '
	ip address add 169.254.169.254/16 dev lo &&
	curl -sSf http://10.77.0.1/node >own.got && grep "got node" own.got &&
	: >own.log &&
	says "for a in 10.77.0.1 169.254.169.254
		do curl -sS --max-time 3 http://\$a/in && echo reached \$a; done
		curl -sSf http://10.77.0.2/after" &&
	test_grep ! "^reached" log.out &&
	test_cmp /dev/null own.log &&
	mirror_words after
'

test_expect_success 'it has no rights there, writes nowhere else, and its environment is its own' '
	says "id -u; grep ^CapEff /proc/self/status
		ip route del 10.77.0.1 2>&1; ip link set tap0 down 2>&1
		touch /build/src/x || echo tree is read-only
		test ! -e /build/cache && echo no cache
		test ! -e $NODE && echo no node
		cat /etc/resolv.conf
		unshare -n true || echo no namespaces
		echo home \$HOME tree \$HORNERO_TREE" &&
	test_grep "^$node_hornero$" log.out &&
	test_grep "^CapEff:	0000000000000000" log.out &&
	test $(grep -c "Operation not permitted" log.out) -ge 2 &&
	test_grep "^tree is read-only" log.out &&
	test_grep "^no cache" log.out &&
	test_grep "^no node" log.out &&
	test_grep "^nameserver 192.0.2.3" log.out &&
	test_grep "^no namespaces" log.out &&
	test_grep "^home /tmp tree *$" log.out
'

test_expect_success 'its processes end with it' '
	long=$((200000 + $$)) &&
	says "nohup sleep $long >/dev/null 2>&1 &" &&
	test_must_fail pgrep -f "^sleep $long" &&
	wait_until node_cgroups_gone 20
'

test_expect_success 'a confirmation uses what the push fetched' '
	echo "reproducible: yes" >>builders/fetching.yaml &&
	fetch_tree "$HELLO_WORK" &&
	fetch_push again first &&
	hornero wait $job --timeout 300 &&
	fetch_push again second &&
	hornero wait $job --timeout 300 &&
	wait_until "test \$(image_field built) = confirmed" 60 &&
	warm_text_is "got again.second" &&
	mirror_words again
'

test_expect_success 'a fetch that takes too long, and one that prints nothing' '
	node_set silence_timeout 2s &&
	node_reload &&
	fetch_push wait second &&
	job_ends failed &&
	test "$(attempt_field cause)" = silence &&
	why_says $job "the fetch printed nothing for 2 s" &&
	node_set silence_timeout &&
	node_set build_timeout 4s &&
	node_reload &&
	fetch_push wait third &&
	job_ends failed &&
	test "$(attempt_field cause)" = timeout &&
	why_says $job "the fetch took longer than 4 s" &&
	node_set build_timeout &&
	node_reload
'

test_expect_success 'what the node lacks holds the job and is in doctor and builder check' '
	: >nothing && chmod 600 nothing &&
	hornero image set "$HELLO_UUID" builder=fetching &&
	queue_settles &&
	mount --bind nothing /dev/net/tun &&
	fetch_push lacks second &&
	job_reaches held &&
	test "$(attempt_field cause)" = fetch &&
	why_says $job "cannot fetch: slirp4netns cannot use /dev/net/tun" &&
	umount /dev/net/tun &&
	chmod 644 nothing &&
	slirp=$(command -v slirp4netns) &&
	mount --bind nothing "$slirp" &&
	fetch_retry &&
	job_reaches held &&
	test "$(attempt_field cause)" = tool &&
	why_says $job "slirp4netns is not in /usr; install it .Debian: slirp4netns" &&
	test_expect_code 2 hornero doctor >out &&
	test_grep "fetching: the program slirp4netns is not in /usr" out &&
	test_expect_code 78 hornero builder check fetching >out &&
	test_grep "apt-get install slirp4netns" out &&
	umount "$slirp" &&
	hornero builder check fetching &&
	node_set allow_fetch no &&
	test_expect_code 78 hornero builder check fetching >out &&
	test_grep "this node does not allow that" out &&
	test_grep "if it may, write allow_fetch: yes into $HORNERO_CONF" out &&
	hornero builder list --json >out &&
	test_grep "\"missing\": \"allow_fetch\"" out &&
	node_set allow_fetch yes &&
	fetch_retry &&
	job_ends published &&
	warm_text_is "got lacks.second"
'

test_expect_success 'a build by hand fetches, too' '
	: >"$mirror_log" &&
	command hornero builder try fetching "$HELLO_WORK" --output try.raw >out &&
	test "$(tr -d "\0" <try.raw)" = "got lacks.second" &&
	test_grep "fetching, with a network" out &&
	mirror_words lacks &&
	node_set allow_fetch no &&
	test_must_fail command hornero builder try fetching "$HELLO_WORK" --output no.raw 2>err &&
	test_grep "write allow_fetch: yes" err &&
	mirror_words
'

test_expect_success 'settings without use, and inputs in the way, are refused' '
	base=$(grep -v "^fetch\|^reproducible" builders/fetching.yaml) &&
	refused () {
		printf "%s\n" "$base" "$@" >builders/other.yaml &&
		chmod 644 builders/other.yaml &&
		test_must_fail hornero builder check other 2>err
	} &&
	refused "fetch_locks: [a]" && test_grep "fetch_locks has no use without fetch" err &&
	refused "fetch_env: {A: b}" && test_grep "fetch_env has no use without fetch" err &&
	refused "fetch: [true]" && test_grep "fetch needs fetch_locks" err &&
	refused "fetch: [true]" "fetch_locks: [a]" "inputs: [\"/usr:/build/fetched/usr\"]" &&
	test_grep "/build/fetched/usr is where fetch leaves its files" err &&
	node_stop
'

test_done
