#!/bin/sh
test_description='durability: copy, fsync, lock, fence, look, rename, directory fsync, answer'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/publish.sh"
test_requires strace strace
strace -f -o probe true 2>/dev/null || test_skip_all 'strace may not trace here'

# Leaks cannot be looked for under ptrace.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
CALLS=openat,pwrite64,ioctl,ftruncate,fsync,fcntl,utimensat,sendto,read
CALLS=$CALLS,rename,renameat,renameat2,unlink,unlinkat

test_expect_success 'setup: a publication under strace' '
	publish_init &&
	publish_file one 9000 &&
	publish_take one 1 &&
	publish_fence 1 &&
	publish_ask 1 >/dev/null &&
	publish_file two 9000 &&
	publish_take two 2 &&
	publish_fence 2 &&
	PUBLISH_AS="strace -y -s 256 -o trace -e trace=$CALLS" &&
	publish_ask 2 >replies &&
	test_grep "^published " replies
'

# line PATTERN: the number of its first line in the trace after line $at, which it becomes.
next () {
	found=$(awk -v from="$at" -v want="$1" 'NR > from && $0 ~ want { print NR; exit }' trace)
	test -n "$found" || { echo >&2 "no $1 after line $at:"; cat >&2 trace; return 1; }
	at=$found
}

ASIDE="[.]hornero-$UUID[.]2[.]1"

# Red without the fsync in publish.c copy_to_staging(), without the one of a->cache in
# put_in_place(), or
# with either moved: each step must be found behind the one before.
test_expect_success 'each step behind the one before' '
	at=0 &&
	next "openat.*$ASIDE.*O_EXCL.*O_NOFOLLOW" &&
	next "(ioctl.*FICLONE.*= 0|pwrite64.*$ASIDE)" &&
	first_write=$at &&
	next "ftruncate.*$ASIDE.*= 0" &&
	next "fsync.*$ASIDE.*= 0" &&
	synced=$at &&
	next "fcntl.*nova-$NAME.*F_OFD_SETLK.*F_WRLCK.*= 0" &&
	locked=$at &&
	next "read.*/fence/$UUID.*2 1 token" &&
	next "openat.*/instances.*O_DIRECTORY" &&
	next "utimensat.*$ASIDE.*= 0" &&
	next "renameat.*$ASIDE.*$NAME.*= 0" &&
	renamed=$at &&
	next "fsync.*/_base.*= 0" &&
	next "sendto.*published $NAME"
'

# Red when anything is copied or synced again under the lock.
test_expect_success 'nothing slow while Nova waits: no byte is written, one directory is synced' '
	sed -n "$locked,\$p" trace >under &&
	test_grep ! "pwrite64|FICLONE|ftruncate" under &&
	test "$(grep -c "^fsync" under)" -eq 1 &&
	sed -n "$first_write,${synced}p" trace >before &&
	test_grep ! "nova-$NAME" before
'

test_expect_success 'the final name is never opened for writing, nor removed' '
	test_grep ! "openat.*\"$NAME\".*(O_WRONLY|O_RDWR|O_TRUNC)" trace &&
	test_grep ! "unlink.*\"$NAME\"" trace &&
	test "$(grep -c "rename.*$NAME" trace)" -eq 1
'

test_done
