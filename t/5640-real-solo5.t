#!/bin/sh
# The shipped solo5 builder with Solo5 itself, installed below HORNERO_FRAMEWORKS/solo5. As an
# operator does who has it elsewhere than in /usr/local, its directory is added to PATH and to
# inputs; the rest of the file is as shipped.
test_description='Solo5 itself: a program boots, incremental builds, three pushed together'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
solo5=$HORNERO_FRAMEWORKS/solo5
test -n "$HORNERO_FRAMEWORKS" && test -x "$solo5/bin/x86_64-solo5-none-static-cc" ||
	test_skip_all 'no Solo5 in HORNERO_FRAMEWORKS/solo5 (HACKING.md)'
test_requires qemu-system-x86_64 qemu-system-x86
test_requires gcc gcc
test_requires grub-mkimage grub-common
test_requires jq jq
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'

uuid_of () {
	echo "2b7e1516-28ae-4d2a-abf7-15880000000$1"
}

# program I WORD: the work tree of image I is a program that says WORD.
program () {
	HELLO_UUID=$(uuid_of $1) HELLO_WORK=$TRASH/work-r$1 &&
	cat >"$HELLO_WORK/manifest.json" <<-\END &&
	{ "type": "solo5.manifest", "version": 1, "devices": [ ] }
	END
	cat >"$HELLO_WORK/app.c" <<-\END &&
	#include "solo5.h"

	extern const char words[];

	int solo5_app_main(const struct solo5_start_info *info)
	{
		size_t n = 0;

		(void)info;
		while (words[n])
			n++;
		solo5_console_write(words, n);
		return SOLO5_EXIT_SUCCESS;
	}
	END
	printf "%s\n" "const char words[] = \"solo5 says $2\\n\";" >"$HELLO_WORK/words.c" &&
	printf "%s\n" "expect: \"^solo5 says $2\"" "boot_bus: ide" >"$HELLO_WORK/.hornero.yaml"
}

# compiled: the sources that the job's build compiled, on one line.
compiled () {
	hornero log "$job" | sed -n "s/^CC //p" | sort | xargs
}

# booted WORD: the boot check of the job saw that line.
booted () {
	hornero log "$job" >log &&
	test_grep "^solo5 says $1" log &&
	test_grep "^hornero: the expected line came" log
}

test_expect_success 'the shipped file takes a program; it is warm and has booted' '
	mkdir builders &&
	cp "$HORNERO_SRC/etc/builders.d/solo5.yaml" builders &&
	printf "\nenv:\n  PATH: %s/bin:/usr/local/bin:/usr/bin:/bin\ninputs: [%s]\n" \
		"$solo5" "$solo5" \
		>>builders/solo5.yaml &&
	node_init "builders_dir: $TRASH/builders" "workers: 3" &&
	node_start &&
	hornero builder check solo5 &&
	hornero builder show solo5 >shown &&
	test_grep "^versions: .*version" shown &&
	for i in 1 2 3
	do
		node_hello_repo r$i "$(uuid_of $i)" &&
		git -C "$HELLO_WORK" rm -q -r . &&
		mkdir -p "$HELLO_WORK" || return 1
	done &&
	program 1 one &&
	push_built_by solo5 &&
	test "$(compiled)" = "app.c manifest.c words.c" &&
	booted one
'

# Red without -nt in solo5.yaml.
test_expect_success 'one line changed: only that file is compiled, and the new line is said' '
	program 1 two &&
	push_built_by solo5 &&
	test "$(compiled)" = words.c &&
	booted two
'

test_expect_success 'a revert is served without a build' '
	program 1 one &&
	push_built_by solo5 &&
	test -z "$(compiled)" &&
	hornero show "$job" --json | jq -e .reused &&
	grep -aq "solo5 says one" "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'a source that does not compile: the log has the line of the compiler' '
	echo "int broken = ;" >>"$HELLO_WORK/words.c" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test_grep "^words.c:2:14: error: expected expression" log &&
	grep -aq "solo5 says one" "$(node_warm_path "$HELLO_UUID")"
'

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
		grep -aq "solo5 says at-once-$i" "$(node_warm_path "$(uuid_of $i)")" || return 1
	done
'

test_expect_success 'examples/solo5-hello boots' '
	HELLO_WORK=$TRASH/work-r1 HELLO_UUID=$(uuid_of 1) &&
	git -C "$HELLO_WORK" rm -q -r . &&
	mkdir -p "$HELLO_WORK" &&
	cp -R "$HORNERO_SRC/examples/solo5-hello/." "$HELLO_WORK" &&
	echo "expect: ^hello from hornero" >>"$HELLO_WORK/.hornero.yaml" &&
	push_built_by solo5 &&
	hornero log "$job" >log &&
	test_grep "^hornero: the expected line came" log
'

test_done
