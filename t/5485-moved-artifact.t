#!/bin/sh
# A RAW that only the store can reach from now on is renamed into it; any other file is copied.
# Red without is_plain (2 to 5), the rename (1, 6), futimens (6), the look at mounts (8), and if the
# check came after the rename (7).
test_description='the builder'\''s RAW becomes the store'\''s file, if nobody else can reach it'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires python3 python3

# USER::rw-, the builder itself rw-, GROUP::r--, MASK::rw-, OTHER::r--, as acl(5) has it on Linux.
cat >acl.py <<'END'
import os, struct, sys
entries = [(1, 6, -1), (2, 6, os.getuid()), (4, 4, -1), (16, 6, -1), (32, 4, -1)]
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in entries)
os.setxattr(sys.argv[1], "system.posix_acl_access", acl)
END

# made RECIPE…: pushes a build of 1 MiB whose log ends with the number of its file's inode.
made () {
	push_make "printf $(git -C "$HELLO_WORK" rev-list --count HEAD) >\$@" \
		'truncate -s 1M $@' "$@" 'echo inode=$$(stat -c %i $@)' &&
	hornero wait "$job" --timeout 300 &&
	inode=$(hornero log "$job" | sed -n 's/^inode=//p') &&
	test -n "$inode" &&
	digest=$(hornero show "$job" --json | jq -r .digest) &&
	stored=$NODE/instances/hornero/artifact/$digest.raw
}

is_moved () {
	test "$(stat -c %i "$stored")" = "$inode" &&
	test ! -e "$NODE/unikernels/$HELLO_UUID/src/hornero.raw"
}
is_copied () {
	test "$(stat -c %i "$stored")" != "$inode"
}

test_expect_success 'a plain file is renamed' '
	node_init &&
	node_make_repo &&
	node_start &&
	node_swept &&
	cp acl.py "$HELLO_WORK" &&
	git -C "$HELLO_WORK" add acl.py &&
	made &&
	is_moved &&
	test "$(stat -c %a.%u "$stored")" = 444.$(id -u)
'

test_expect_success 'one with a second name is copied' '
	made "ln -f \$@ second" &&
	is_copied &&
	test "$(stat -c %h "$stored")" = 1
'

test_expect_success 'so is one with an access list' '
	made "python3 acl.py \$@" &&
	is_copied &&
	python3 -c "import os, sys; sys.exit(os.listxattr(sys.argv[1]) != [])" "$stored"
'

test_expect_success 'or with another attribute' '
	made "python3 -c '"'"'import os; os.setxattr(\"\$@\", \"user.other\", b\"1\")'"'"'" &&
	is_copied
'

test_expect_success 'or with room behind its end that no length shows' '
	made "fallocate -n -o 1M -l 64M \$@" &&
	is_copied &&
	test "$(stat -c %b "$stored")" -le 4096
'

test_expect_success 'a file that all may write and that has odd times is ours after that' '
	made "chmod 0666 \$@" "touch -d 1960-01-01 \$@" &&
	is_moved &&
	test "$(stat -c %a.%u "$stored")" = 444.$(id -u) &&
	test "$(stat -c %Y "$stored")" -gt 1600000000 &&
	why_says "$HELLO_UUID" "is warm"
'

test_expect_success 'a refused artifact stays where the build left it' '
	push_make "printf '"'"'QFI\\\\373'"'"' >\$@" "head -c 4092 /dev/zero >>\$@" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	test -s "$NODE/unikernels/$HELLO_UUID/src/hornero.raw" &&
	test -z "$(ls "$NODE/instances/hornero/stage")"
'

test "$(id -u)" -ne 0 || test_expect_success 'a checkout on another filesystem: copied' '
	node_stop &&
	mount -t tmpfs -o mode=0755 hornero-other "$NODE/unikernels" &&
	test_cleanup "umount $NODE/unikernels" &&
	node_start &&
	made &&
	is_copied
'

test_done
