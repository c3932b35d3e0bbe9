#!/bin/sh
# A sandbox that cannot be made may be the machine's for a moment, so it is tried again; the third
# time a person must look.
test_description='a sandbox that cannot be made holds the job the third time'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

test_expect_success 'a builder whose input cannot be mounted' '
	mkdir builders &&
	printf "%s\n" "argv: [make]" "artifact: /build/src/hornero.raw" "format: raw" \
		"inputs: [$TRASH/input:/usr/no/such]" >builders/odd.yaml &&
	echo input >input &&
	node_init "builders_dir: $TRASH/builders" &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=odd
'

test_expect_success 'it is tried again by itself, and says what is the matter' '
	push_make "head -c 1048576 /dev/zero >\$@" &&
	why_says $job "next attempt.*bubblewrap could not set up the sandbox" &&
	test "$(job_field attempts[0].cause)" = sandbox
'

test_expect_success 'the third time holds it, with the words of bubblewrap in log and reason' '
	job_reaches held $job 60 &&
	test "$(hornero show $job --json | jq ".attempts | length")" = 3 &&
	test_expect_code 75 hornero wait $job &&
	log_says $job "/usr/no" &&
	attempt_field reason >out &&
	test_grep "could not set up the sandbox for make: bwrap: .*/usr/no" out &&
	why_says $job "hornero retry $job"
'

test_expect_success 'mended, it goes on' '
	sed -i /^inputs:/d builders/odd.yaml &&
	hornero retry $job >out &&
	hornero wait "$HELLO_UUID" --timeout 300
'

test_done
