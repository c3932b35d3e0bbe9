#!/bin/sh
# The page's table of errors: each example is made here, and its words are the page's.
test_description='the classes of errors that hornero(1) lists'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# page_says FILE: the page has this message, with the paths of a node that was installed.
page_says () {
	sed -e "s,$HORNERO_CONF,/etc/hornero/hornero.yaml,g" "$1" |
		sed -e "s/^remote: //; s/ *$//" >said &&
	while read -r line
	do
		grep -q -F -e "$line" page ||
		{ echo >&2 "not on the page: $line"; return 1; }
	done <said
}

test_expect_success 'a node' '
	node_init &&
	node_make_repo &&
	node_start &&
	node_swept &&
	sed -e "s/\\\\-/-/g" -e "s/\\\\(aq/'\''/g" -e "s/^\\\\&//" "$HORNERO_SRC/doc/hornero.1" |
		sed -n "/^\\.SH ERRORS/,/^\\.SH ENV/p" | tr "\n" " " >page &&
	test -s page
'

test_expect_success 'usage: the caller types it again' '
	test_expect_code 64 hornero queu 2>err &&
	head -n 2 err >words &&
	page_says words
'

test_expect_success 'pusher: who pushed changes it, and pushes again' '
	printf "buildr: make\n" >"$HELLO_WORK/.hornero.yaml" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m typo &&
	test_expect_code 1 git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	grep "hornero: .*buildr" push.out >words &&
	page_says words &&
	git -C "$HELLO_WORK" rm -q -f .hornero.yaml &&
	git -C "$HELLO_WORK" commit -q -m mended &&
	push_make "@exit 3" &&
	test_expect_code 1 hornero wait $job --timeout 300 2>words &&
	sed -i "s/\(job\|log\) $job/\1 7/g" words &&
	page_says words
'

test_expect_success 'nobody: it ends by itself' '
	slow_push wait &&
	gate_reached &&
	test_expect_code 75 hornero wait $job --timeout 1 2>words &&
	sed -i -e "s/\(job\|log -f\) $job/\1 7/g" \
		-e "s/started [0-9]* [a-z]* ago/started 1 s ago/" words &&
	gate_open &&
	job_ends published &&
	page_says words
'

test_expect_success 'operator: who runs the node mends it' '
	sed "s/^state_dir/state_dri/" "$HORNERO_CONF" >bad.yaml &&
	line=$(grep -n state_dri bad.yaml | cut -d : -f 1) &&
	test_expect_code 78 hornero -c bad.yaml queue 2>words &&
	sed -i "s,[^ ]*bad.yaml:$line,/etc/hornero/hornero.yaml:3," words &&
	page_says words
'

test_done
