#!/bin/sh
# Only one program at a time looks after queue, cache and store: one that never ended would silently
# prevent all later ones.
test_description='an upkeep program that hangs is killed and reported, and runs again'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# begun NAME N: at least so often
begun () {
	test "$(grep -c . "begun.$1")" -ge "$2"
}

test_expect_success 'a node where the first of each hangs' '
	mkdir libexec &&
	ln -s "$HORNERO_BUILD"/hornero* libexec/ &&
	chmod 777 . &&
	for name in sweep keep collect scrub
	do
		rm libexec/hornero-$name &&
		: >hang.$name &&
		cat >libexec/hornero-$name <<-END && chmod +x libexec/hornero-$name || return 1
		#!/bin/sh
		echo \$\$ >>"$TRASH/begun.$name"
		! rm "$TRASH/hang.$name" 2>/dev/null || exec sleep 100000
		exec "$HORNERO_BUILD/hornero-$name" "\$@"
		END
	done &&
	node_init "libexec_dir: $TRASH/libexec" "upkeep_timeout: 4s" "sweep_interval: 1s" \
		"cache_minimum_age: 8s" "scrub_interval: 2s" &&
	node_start
'

# Red without on_kill_timer in agent/hornerod/upkeep.c upkeep_start().
test_expect_success 'each is killed, and the log says which and why' '
	for name in sweep keep collect scrub
	do
		wait_until "begun $name 1" 20 &&
		pid=$(head -n 1 begun.$name) &&
		hornerod_says "event=hangs program=hornero-$name pid=$pid .*upkeep_timeout .4 s" &&
		wait_until "! kill -0 $pid" 20 &&
		hornerod_says "event=failed program=hornero-$name .*signal 9" 20 || return 1
	done
'

test_expect_success 'and runs again' '
	wait_until "begun sweep 2" 30 &&
	wait_until "begun keep 2" 30
'

test_expect_success 'a stop waits for none' '
	: >hang.sweep &&
	wait_until "test ! -e hang.sweep" 20 &&
	pid=$(tail -n 1 begun.sweep) &&
	node_stop &&
	test_must_fail kill -0 $pid
'

test_done
