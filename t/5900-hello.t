#!/bin/sh
test_description='examples/hello: built by gcc alone, boots, is a disk that Nova accepts'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/inspect.sh"
test_requires gcc gcc
test_requires make make

# byte FILE OFFSET: as a number
byte () {
	od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '
}

test_expect_success 'make builds a disk of 1 MiB, without a warning' '
	mkdir hello &&
	node_copy_hello hello &&
	make -s -C hello HORNERO_TREE=aaaa 2>warnings &&
	test_cmp /dev/null warnings &&
	test "$(stat -c %s hello/hornero.raw)" -eq 1048576
'

test_expect_success 'its partition table is one: signature, boot flags, a type, inside the disk' '
	test "$(od -An -tx1 -j 510 -N 2 hello/hornero.raw)" = " 55 aa" &&
	types=0 &&
	for at in 446 462 478 494
	do
		flag=$(byte hello/hornero.raw $at) &&
		{ test "$flag" -eq 0 || test "$flag" -eq 128; } &&
		types=$((types + $(byte hello/hornero.raw $((at + 4))))) || return 1
	done &&
	test $types -ne 0 &&
	set -- $(od -An -tu4 -j 454 -N 8 hello/hornero.raw) &&
	test $(($1 + $2)) -eq 2048
'

test_expect_success 'two builds are one: same tree, same bytes' '
	mkdir elsewhere &&
	node_copy_hello elsewhere &&
	make -s -C elsewhere HORNERO_TREE=aaaa &&
	cmp hello/hornero.raw elsewhere/hornero.raw
'

test_expect_success 'another tree id links again and compiles nothing' '
	before=$(stat -c %Y.%y hello/hello.o) &&
	make -s -C hello HORNERO_TREE=bbbb &&
	test "$before" = "$(stat -c %Y.%y hello/hello.o)" &&
	! cmp -s hello/hornero.raw elsewhere/hornero.raw
'

test_expect_success 'it is up to date then' '
	make -C hello HORNERO_TREE=bbbb >out &&
	test_grep ! objcopy out
'

if command -v bwrap >/dev/null && bwrap --unshare-all --ro-bind / / true 2>/dev/null
then
	test_expect_success 'it needs only /usr, no network, no other file' '
		mkdir sealed &&
		node_copy_hello sealed &&
		bwrap --unshare-all --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib \
			/lib \
			--symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp \
			--bind "$TRASH/sealed" /build/src --chdir /build/src --clearenv \
			--setenv PATH /usr/bin:/bin --setenv HORNERO_TREE bbbb make -s &&
		cmp hello/hornero.raw sealed/hornero.raw
	'
else
	test_skip 'it needs only /usr, no network, no other file' 'no bubblewrap here'
fi

if command -v qemu-system-x86_64 >/dev/null
then
	test_expect_success 'it boots and says its tree' '
		boot_guest hello/hornero.raw >said &&
		cat said &&
		test_grep "^hello from hornero, tree bbbb$" said
	'
	test_expect_success 'a change of one line is a change of what it says' '
		echo "good evening" >hello/greeting &&
		make -s -C hello HORNERO_TREE=cccc &&
		boot_guest hello/hornero.raw >said &&
		test_grep "^good evening, tree cccc$" said
	'
else
	test_skip 'it boots and says its tree' \
		'no qemu-system-x86_64 here (Debian: qemu-system-x86)'
fi

test_inspection hello/hornero.raw

test_done
