#!/bin/sh
test_description='make soak: runs files again and again, and keeps what a red one printed'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
test_requires python3 python3

soak () {
	HORNERO_SRC=$TRASH/src "$HORNERO_SRC/t/tools/soak.py" --files "t/1-green.t t/2-red.t" \
		--rounds 2 --loops 1 --slow 1 --out "$TRASH/kept" "$@" >said
}

test_expect_success 'a suite of two files' '
	mkdir -p src/t/lib &&
	cp "$HORNERO_SRC/t/lib/run" src/t/lib/ &&
	printf "#!/bin/sh\nsleep 0.1\necho ok 1 - green\necho 1..1\n" >src/t/1-green.t &&
	printf "#!/bin/sh\necho not ok 1 - as it is\necho 1..1\n" >src/t/2-red.t &&
	chmod +x src/t/*.t
'

test_expect_success 'green files: how many runs, and nothing is kept' '
	soak --jobs 2 1 &&
	test_grep "^2 runs of 1 files, 0 red$" said &&
	test -z "$(ls kept)"
'

test_expect_success 'a red one: exit 1, its name, its test and its output' '
	test_expect_code 1 soak --jobs 1 &&
	test_grep "^4 runs of 2 files, 2 red$" said &&
	test_grep "red after [0-9]* s: t/2-red.t, see $TRASH/kept/[0-9]*.log" said &&
	test_grep "^  not ok 1 - as it is$" said &&
	test_grep "as it is" "$(ls kept/*.log | head -n 1)" &&
	test_must_fail grep "1-green" said
'

test_expect_success 'a name that no file has' '
	test_expect_code 1 soak 7 2>err &&
	test_grep "no test file has such a name" err
'

test_done
