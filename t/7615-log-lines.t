#!/bin/sh
test_description='hornero log: the last lines, and the lines that have a text'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"

IMAGE=00000000-0000-4000-8000-000000000077
ONE=1111111111111111111111111111111111111111

seed () {
	"$HORNERO_BUILD/t/tools/seed" hornero.yaml "$@"
}

test_expect_success 'a job that runs, with a log' '
	cli_node &&
	hornero init &&
	job=$(seed queue $IMAGE $ONE) &&
	test "$(seed claim)" = "$job" &&
	log=$TRASH/state/log/$job.1.log &&
	printf "one\ntwo error\n\033[31mthree\nfour ERROR\nfive" >$log
'

# Red without `skip` in print().
test_expect_success '--tail: the last lines, escaped, the open one too' '
	hornero log $job --tail 3 >out &&
	printf "%s\n" "\x1b[31mthree" "four ERROR" five >want &&
	test_cmp want out &&
	hornero log $job --tail 99 >out &&
	test "$(wc -l <out)" -eq 5 &&
	hornero log $job --tail 1 >out &&
	echo five >want &&
	test_cmp want out &&
	test_expect_code 64 hornero log $job --tail 0
'

# Red with strstr() in matches().
test_expect_success '--grep: in capitals or not, what is shown; with --tail the last ones' '
	hornero log $job --grep error >out &&
	printf "%s\n" "two error" "four ERROR" >want &&
	test_cmp want out &&
	hornero log $job --grep error --tail 1 >out &&
	echo "four ERROR" >want &&
	test_cmp want out &&
	hornero log $job --grep "x1b[31m" >out &&
	test_grep three out &&
	test_expect_code 1 hornero log $job --grep "e.ror" >out 2>err &&
	test ! -s out &&
	test_grep "no line of the log of job $job has .e.ror" err
'

test_expect_success 'a very long line, and one that ends in the middle of a character' '
	head -c 100000 /dev/zero | tr "\0" x >$log &&
	printf "\nlast \303" >>$log &&
	hornero log $job --tail 1 >out &&
	echo "last \xc3" >want &&
	test_cmp want out &&
	hornero log $job --grep xxx >out &&
	test "$(tr -d "\n" <out | wc -c)" -eq 100000
'

# Red without pick_seek() in log_open_attempt().
test_expect_success '--follow: from the last lines on, across attempts, to the end' '
	printf "%s\n" early "error 1" late "error 2" >$log &&
	rm -f followed || return 1
	{ hornero log -f $job --tail 1 --grep error >followed 2>err; echo $? >code; } &
	follower=$! &&
	test_cleanup "kill $follower 2>/dev/null; :" &&
	wait_until "test -s followed" 30 &&
	printf "more\nError" >>$log &&
	printf " 3\nmore" >>$log &&
	seed requeue $job 1 "the disk is full" &&
	test "$(seed claim)" = "$job" &&
	printf "%s\n" "error 4" fine >"$TRASH/state/log/$job.2.log" &&
	seed fail $job 2 "the builder exited 1" &&
	wait $follower &&
	test "$(cat code)" = 1 &&
	grep -v "^hornero:" followed >got &&
	printf "%s\n" "error 2" "Error 3" "error 4" >want &&
	test_cmp want got
'

test_done
