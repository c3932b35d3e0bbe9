#!/bin/sh
# A build sees the files of a fresh clone of the pushed commit, whatever earlier builds did to their
# source.
test_description='a push is built from the bytes of its tree'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

ID=11111111-1111-4111-8111-111111111111

begins () {
	head -c "${1:-60}" "$(node_warm_path $ID)" 2>/dev/null | tr -d '\0'
}

# makefile [NEED…] <LINES: a Makefile whose artifact, filled up to 1 MiB, the lines make.
makefile () {
	{
		echo "hornero.raw: $*"
		sed 's/^/\t/'
		printf '\ttruncate -s 1M hornero.raw\nFORCE:\n'
	} >work/Makefile
}

# push: waits until it is warm, or has failed
push () {
	git -C work add -A &&
	git -C work commit -q --allow-empty -m "$1" &&
	git -C work push -q "$bare" main 2>push.out || { cat push.out; return 1; }
	push_job &&
	hornero wait "$job" --timeout 300
}

test_expect_success 'a node and an image' '
	node_init &&
	node_start &&
	bare=$(hornero repo create app | tail -n 1) &&
	hornero image add $ID app --builder make &&
	mkdir work &&
	HELLO_WORK=$TRASH/work &&
	git init -q -b main work &&
	echo seed >work/seed
'

# Red without: the stat in is_untouched (agent/sandboxed/checkout/treesync.c).
test_expect_success 'a build that edits a tracked file by sed -i, and the next push' '
	makefile seed <<-\END &&
	sed -i s/@V@/`cat ver`/ conf.h
	cat conf.h seed >hornero.raw
	END
	echo 1 >work/ver &&
	echo "version @V@" >work/conf.h &&
	push one &&
	test "$(begins 9)" = "version 1" &&
	echo 2 >work/ver &&
	push two &&
	test "$(begins 9)" = "version 2"
'

test_expect_success 'a build that moves, links, deletes, locks tracked files; the next push' '
	mkdir -p work/dir &&
	echo "in dir" >work/dir/file &&
	echo gone >work/gone &&
	echo moved >work/moved &&
	makefile FORCE <<-\END &&
	cat conf.h dir/file gone moved seed >hornero.raw
	mv moved ../cache/m
	rm gone
	rm -rf ../cache/d
	mv dir ../cache/d
	ln -s /build/cache/d dir
	echo BAD >../cache/d/file
	rm conf.h
	mkdir conf.h
	echo BAD >seed
	chmod 0 seed
	END
	push three &&
	begins >first &&
	echo 3 >work/ver &&
	push four &&
	begins >second &&
	test_cmp first second &&
	! grep -q BAD second &&
	echo more >>work/gone &&
	push five &&
	begins | grep -q more
'

# Red without: smudge_each asking for attributes; SOURCE_DATE_EPOCH of agent/build/build_builder.c.
test_expect_success 'line endings are those of a clone, and the time is one that zip can hold' '
	printf "*.crlf text eol=crlf\n" >work/.gitattributes &&
	printf "a\n" >work/f.crlf &&
	makefile f.crlf <<-\END &&
	cat f.crlf >hornero.raw
	echo $$SOURCE_DATE_EPOCH >>hornero.raw
	END
	push crlf &&
	begins 13 >have &&
	printf "a\r\n315532800\n" >want &&
	test_cmp want have
'

# bring COMMIT: main of the bare repository, by a way that runs no hook.
bring () {
	git -C "$bare" fetch -q "$TRASH/work" "+$1:main"
}

# newest STATE: the newest job is in it; show has its words.
newest () {
	job=$(sqlite3 "$NODE/state/queue/queue.db" "SELECT max(id) FROM jobs") &&
	job_state_is "$1" &&
	hornero show "$job" >show
}

# Red without: --on-missing in agent/build/build_checkout.c; look_for_pointer.
test_expect_success 'a Git LFS pointer: the push is refused, or the build that a sweep starts' '
	mkdir -p work/deep &&
	echo "*.bin filter=lfs" >work/deep/.gitattributes &&
	printf "version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12345\n" 7 \
		>work/deep/big.bin &&
	git -C work config filter.lfs.clean cat &&
	! push lfs >refused &&
	test_grep "refused: .*deep/big.bin is a Git LFS pointer" refused &&
	lfs=$(git -C work rev-parse HEAD) &&
	bring $lfs &&
	hornero sweep &&
	wait_until "newest failed" 60 &&
	test_grep "deep/big.bin is a Git LFS pointer, and the file itself is not on this node" \
		show &&
	test_grep "sweep" show
'

# Red without: on_missing in key_content.
test_expect_success 'an artifact built while on_missing was warn answers nothing once it refuses' '
	node_set on_missing warn &&
	node_stop &&
	node_start &&
	hornero rebuild $ID &&
	wait_until "newest published" 60 &&
	git -C work rm -q -r deep &&
	push gone &&
	node_set on_missing &&
	node_stop &&
	node_start &&
	bring $lfs &&
	hornero sweep &&
	wait_until "newest failed" 60 &&
	test_grep "deep/big.bin is a Git LFS pointer" show &&
	node_set on_missing warn &&
	node_stop &&
	node_start &&
	hornero rebuild $ID &&
	wait_until "newest published" 60
'

test_done
