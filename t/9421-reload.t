#!/bin/sh
test_description='hornerod --reload ends when the reload is over, with its outcome'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# ask [OPTION…]: as the unit does.
ask () {
	hornerod -c "$NODE/hornero.yaml" --reload="$node_pid" 2>ask.err
	ask__code=$?
	cat ask.err
	return $ask__code
}

test_expect_success 'a node' '
	node_init "workers: 1" &&
	node_start
'

# Red where --reload does not wait for the answer: the log has not the line yet.
test_expect_success 'it returns once the new configuration is in force' '
	sed -i "s/^workers: 1/workers: 2/" "$NODE/hornero.yaml" &&
	ask &&
	grep -q "event=reloaded workers=2" "$NODE/hornerod.log" &&
	ask
'

# Red without the answer of on_reload(): it waits for a minute.
test_expect_success 'what only a start can change: refused, with the reason; hornerod goes on' '
	echo "cpu_dedicated_set: 0" >>"$NODE/hornero.yaml" &&
	test_expect_code 78 ask &&
	test_grep "reload is refused, and nothing changes: .*need a restart" ask.err &&
	node_set cpu_dedicated_set &&
	ask
'

test_expect_success 'a configuration that is wrong: its error, and no reload' '
	echo "nonsense: 1" >>"$NODE/hornero.yaml" &&
	before=$(grep -c event=handover "$NODE/hornerod.log") &&
	test_expect_code 78 ask &&
	test_grep "hornero.yaml:[0-9]*:.*nonsense" ask.err &&
	test "$(grep -c event=handover "$NODE/hornerod.log")" -eq "$before" &&
	node_set nonsense
'

test_expect_success 'no such process; no number' '
	test_expect_code 78 hornerod -c "$NODE/hornero.yaml" --reload=4194303 2>err &&
	test_grep "cannot ask process 4194303 for a reload" err &&
	test_expect_code 64 hornerod -c "$NODE/hornero.yaml" --reload=none
'

test_done
