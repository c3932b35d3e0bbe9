#!/bin/sh
# ./try with the examples of frameworks that HORNERO_FRAMEWORKS has. The builder file of each is
# changed as operators do who have it elsewhere than its comment says.
test_description='./try --family with real frameworks'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/setup.sh"
. "$HORNERO_SRC/t/lib/framework.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
framework_here solo5 || framework_here unikraft ||
	test_skip_all 'neither Solo5 nor Unikraft in HORNERO_FRAMEWORKS (HACKING.md)'
test_requires gcc gcc
test_requires autoreconf autoconf
test_requires qemu-system-x86_64 qemu-system-x86

test_expect_success 'a copy of the sources' '
	mkdir sources scratch &&
	src=$HORNERO_SRC &&
	copy_sources sources
'

# Red without the grep of family_ask: the words of Unikraft come before those of the program.
for name in solo5 unikraft
do
	framework_here $name || continue
	test_expect_success "$name-hello: each guest names the pushed tree, in the new words" '
		framework_builder $name sources/etc/builders.d/$name.yaml &&
		{
			PATH=$HORNERO_FRAMEWORKS/solo5/bin:$PATH CFLAGS=-O0 TMPDIR=$TRASH/scratch \
				./sources/try --no-install --family $name-hello >out 2>&1 </dev/null
			status=$?
			cat out
			test $status -eq 0
		} &&
		test "$(grep -c "The pushed tree is what runs" out)" -eq 3 &&
		test_grep "the guest says   good evening from hornero, tree " out &&
		test_grep "Reverted .* no build: the content is known" out
	'
done

test_done
