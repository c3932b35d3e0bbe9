#!/bin/sh
test_description='the words of t/lib/test.sh themselves'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

# try_file NAME: run the test file on standard input, its output in NAME.out.
try_file () {
	{
		echo "test_description=inner"
		echo '. "$HORNERO_SRC/t/lib/test.sh"'
		cat
	} >"$1.t" &&
	sh "$1.t" >"$1.out" 2>"$1.err"
}

test_expect_success 'a file that succeeds: plan and exit 0' '
	printf "%s\n" "test_expect_success a true" "test_skip b because" "test_done" | try_file \
		good &&
	printf "%s\n" "ok 1 - a" "ok 2 - b # SKIP because" "1..2" >want &&
	test_cmp want good.out
'

test_expect_success 'a failing script: not ok, its output as diagnostics, exit 1' '
	printf "%s\n" "test_expect_success a \"echo so it was; false\"" "test_done" >in &&
	test_expect_code 1 try_file bad <in &&
	test_grep "^not ok 1 - a" bad.out &&
	test_grep "^# so it was" bad.out &&
	test_grep ! "^so it was" bad.out
'

test_expect_success 'a file that ends too early does not pass' '
	printf "%s\n" "test_expect_success a \"exit 0\"" "test_done" >in &&
	test_expect_code 1 try_file early <in &&
	test_grep "^Bail out!" early.out
'

test_expect_success 'test_must_fail refuses success, a signal and a missing command' '
	test_must_fail false &&
	test_must_fail test_must_fail true &&
	test_must_fail test_must_fail sh -c "kill -9 \$\$" &&
	test_must_fail test_must_fail no-such-command-here
'

test_expect_success 'cleanups run newest first, all of them, and may fail the file' '
	cat >in <<-\EOT &&
	test_cleanup "echo first >>\"$OLD/order\""
	test_cleanup "false"
	test_cleanup "echo last >>\"$OLD/order\""
	test_expect_success a true
	test_done
	EOT
	OLD=$TRASH &&
	export OLD &&
	test_expect_code 1 try_file cleanup <in &&
	printf "%s\n" last first >want &&
	test_cmp want order
'

test_expect_success 'an interrupted file cleans up and dies of it' '
	cat >in <<-\EOT &&
	test_cleanup "echo gone >\"$OLD/interrupted\""
	echo "$TRASH" >"$OLD/trash"
	kill -TERM $$
	test_expect_success a true
	test_done
	EOT
	test_expect_code 143 try_file interrupt <in &&
	test_grep gone interrupted &&
	test ! -e "$(cat trash)"
'

# Red without the trap of PIPE.
test_expect_success 'a file whose output nobody reads any more cleans up' '
	cat >unread.t <<-\EOT &&
	. "$HORNERO_SRC/t/lib/test.sh"
	test_cleanup "echo gone >\"$OLD/unread\""
	echo "$TRASH" >"$OLD/trash"
	test_expect_success a true
	test_done
	EOT
	test_expect_code 141 perl -e "pipe R, W; close R; open STDOUT, q(>&W); exec @ARGV" \
		sh unread.t &&
	test_grep gone unread &&
	test ! -e "$(cat trash)"
'

test_expect_success 'wait_until gives up in time' '
	wait_until true 0 &&
	test_must_fail wait_until false 0
'

test_done
