#!/bin/sh
# The shipped nanos builder with ops and Nanos themselves, installed below HORNERO_FRAMEWORKS/nanos.
# As an operator does who has ops elsewhere than in /usr/local, its directory is added to PATH and
# to inputs; the rest of the file is as shipped.
test_description='Nanos itself: a program boots, wrong configurations, three pushed together'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
nanos=$HORNERO_FRAMEWORKS/nanos
test -n "$HORNERO_FRAMEWORKS" && test -x "$nanos/bin/ops" && test -r "$nanos/kernel.img" ||
	test_skip_all 'no ops and Nanos in HORNERO_FRAMEWORKS/nanos (HACKING.md)'
test_requires qemu-system-x86_64 qemu-system-x86
test_requires gcc gcc
test_requires jq jq

uuid_of () {
	echo "2b7e1516-28ae-4d2a-abf7-15880000000$1"
}

# program I WORD [CFLAGS]: the work tree of image I is a program that says WORD.
program () {
	HELLO_UUID=$(uuid_of $1) HELLO_WORK=$TRASH/work-r$1 &&
	echo "{}" >"$HELLO_WORK/ops.json" &&
	cat >"$HELLO_WORK/app.c" <<-\END &&
	#include <stdio.h>

	extern const char words[];

	int main(void)
	{
		puts(words);
		return 0;
	}
	END
	printf "app: app.c words.c\n\t\$(CC) %s -o \$@ app.c words.c\n" "${3--static}" \
		>"$HELLO_WORK/Makefile" &&
	echo "const char words[] = \"nanos says $2\";" >"$HELLO_WORK/words.c" &&
	echo "expect: \"^nanos says $2\"" >"$HELLO_WORK/.hornero.yaml"
}

# booted WORD: the boot check of the job saw that line.
booted () {
	hornero log "$job" >log &&
	test_grep "^nanos says $1" log &&
	test_grep "^hornero: the expected line came" log
}

# Red with `ops version` in nanos.yaml: it asks the network, and fails without.
test_expect_success 'the shipped file takes a program; it is warm and has booted' '
	mkdir builders &&
	sed -e "s,- /var/lib/nanos/,- $nanos/," \
		-e "/^inputs:/a \\  - $nanos/bin" \
		-e "/^env:/a \\  PATH: $nanos/bin:/usr/local/bin:/usr/bin:/bin" \
		"$HORNERO_SRC/etc/builders.d/nanos.yaml" >builders/nanos.yaml &&
	node_init "builders_dir: $TRASH/builders" "workers: 3" &&
	node_start &&
	for i in 1 2 3
	do
		node_hello_repo r$i "$(uuid_of $i)" &&
		git -C "$HELLO_WORK" rm -q -r . &&
		mkdir -p "$HELLO_WORK" || return 1
	done &&
	program 1 one &&
	push_built_by nanos &&
	booted one
'

test_expect_success 'one line changed: the new line is said' '
	program 1 two &&
	push_built_by nanos &&
	booted two
'

test_expect_success 'a revert is served without a build' '
	program 1 one &&
	push_built_by nanos &&
	hornero show "$job" --json | jq -e .reused &&
	grep -aq "nanos says one" "$(node_warm_path "$HELLO_UUID")"
'

# ops takes the libraries of the sandbox. The program has no other way to libc.
test_expect_success 'a program that needs libraries has them in the image' '
	program 1 dynamic "" &&
	push_built_by nanos &&
	readelf -d "$NODE/unikernels/$HELLO_UUID/src/app" | grep "NEEDED.*libc\.so" &&
	booted dynamic
'

test_expect_success 'a source that does not compile: the log has the line of the compiler' '
	echo "int broken = ;" >>"$HELLO_WORK/words.c" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test_grep "^words.c:2:14: error: expected expression" log &&
	grep -aq "nanos says dynamic" "$(node_warm_path "$HELLO_UUID")"
'

# ops exits 0 for these. Red without the last line of sed in nanos.yaml: the error names no cause.
for wrong in "{" "{\"Nonsense\": 1}"
do
	test_expect_success "a configuration that ops refuses: $wrong" '
		program 1 wrong &&
		echo "$wrong" >"$HELLO_WORK/ops.json" &&
		test_must_fail node_push &&
		hornero why "$HELLO_UUID" >out &&
		test_grep "its last line: ops.json: failed converting configuration file: " out &&
		grep -aq "nanos says dynamic" "$(node_warm_path "$HELLO_UUID")"
	'
done

test_expect_success 'three pushed together: each disk has its own words' '
	jobs= &&
	for i in 1 2 3
	do
		program $i at-once-$i &&
		git -C "$HELLO_WORK" add -A &&
		git -C "$HELLO_WORK" commit -q -m once &&
		git -C "$HELLO_WORK" push -q origin main 2>push.out &&
		push_job &&
		jobs="$jobs $job" || return 1
	done &&
	i=0 &&
	for job in $jobs
	do
		i=$((i + 1)) &&
		hornero wait "$job" --timeout 200 &&
		booted at-once-$i &&
		grep -aq "nanos says at-once-$i" "$(node_warm_path "$(uuid_of $i)")" || return 1
	done
'

# mkfs is Nanos' own tool. It gets a manifest of its tuples instead of ops.json.
test_expect_success 'the shipped file command, with mkfs' '
	sed -e "s,^argv:.*,argv: [sh\, -ec\, \"make \&\& $nanos/bin/mkfs -b $nanos/boot.img \
-k $nanos/kernel.img hornero.raw <app.manifest\"]," \
		-e "s,^needs:.*,needs: [make\, gcc]," -e "s,^inputs:.*,inputs: [$nanos]," \
		"$HORNERO_SRC/etc/builders.d/command.yaml" >builders/mine.yaml &&
	program 2 mkfs &&
	git -C "$HELLO_WORK" rm -q --cached ops.json &&
	rm "$HELLO_WORK/ops.json" &&
	echo "(children:(app:(contents:(host:app))) program:/app environment:(PWD:/))" \
		>"$HELLO_WORK/app.manifest" &&
	echo "builder: mine" >>"$HELLO_WORK/.hornero.yaml" &&
	push_built_by mine &&
	booted mkfs
'

test_expect_success 'examples/nanos-hello boots' '
	HELLO_WORK=$TRASH/work-r1 HELLO_UUID=$(uuid_of 1) &&
	git -C "$HELLO_WORK" rm -q -r . &&
	mkdir -p "$HELLO_WORK" &&
	cp -R "$HORNERO_SRC/examples/nanos-hello/." "$HELLO_WORK" &&
	echo "expect: ^hello from hornero, tree" >"$HELLO_WORK/.hornero.yaml" &&
	push_built_by nanos &&
	hornero log "$job" >log &&
	tree=$(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}") &&
	test_grep "^hello from hornero, tree $tree\$" log &&
	test_grep "^hornero: the expected line came" log
'

test_done
