#!/bin/sh
# ./try with the examples of frameworks that HORNERO_FRAMEWORKS has. The builder file of each is
# changed as operators do who have it elsewhere than its comment says.
test_description='./try --family with real frameworks'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/setup.sh"
. "$HORNERO_SRC/t/lib/framework.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
families='solo5 unikraft nanos capstan-compose mirage rumprun'
some=no
for name in $families
do
	! framework_here ${name%-compose} || some=yes
done
test $some = yes || test_skip_all 'no framework in HORNERO_FRAMEWORKS (HACKING.md)'
test_requires gcc gcc
test_requires autoreconf autoconf
test_requires qemu-system-x86_64 qemu-system-x86

test_expect_success 'a copy of the sources' '
	mkdir sources scratch &&
	src=$HORNERO_SRC &&
	copy_sources sources
'

PATH=$HORNERO_FRAMEWORKS/solo5/bin:$HORNERO_FRAMEWORKS/nanos/bin:$PATH
PATH=$HORNERO_FRAMEWORKS/capstan/bin:$PATH
for name in $families
do
	framework_here ${name%-compose} || continue
	case $name in
	capstan-compose) example=osv-rofs ;;
	*) example=$name-hello ;;
	esac
	# Red without the grep of family_ask: the words of Unikraft come before those of the
	# program. Red without NAME in family_input: the paths of Nanos are the shipped ones.
	test_expect_success "$example: each guest names the pushed tree, in the new words" '
		framework_builder $name sources/etc/builders.d/$name.yaml &&
		framework_sources $name sources/examples/$example &&
		{
			CFLAGS=-O0 TMPDIR=$TRASH/scratch \
				./sources/try --no-install --family $example >out 2>&1 </dev/null
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
