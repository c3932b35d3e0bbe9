#!/bin/sh
# The order of durability, as strace sees it: objects, refs, their directories, the row, the answer.
#
# Red without each of these (all were tried): in hooks/durable.c the fsync() of
# sync_dir, the sync_objects, sync_refs or sync_packed_refs of durable_sync, the `born` of
# sync_objects, the is_before() of synced_since, stamp_new (a plain O_CREAT instead); in
# hooks/post_receive.c the make_durable() of post_receive; in cli/repo.c core.fsync;
# in db/txn.c sync_log() of txn_commit, or behind it db_ticket_drop().
test_description='the order in which files are on disk before a push is answered'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires sqlite3 sqlite3
test_requires strace strace

calls=fsync,fdatasync,syncfs,sync,rename,renameat,renameat2,link,linkat,write,pwrite64,execve,flock
: >trace
chmod 0666 trace

# traced ARG…: a push under strace; paths are shown as they are below the repository or the queue.
traced () {
	# LeakSanitizer and strace do not go together.
	as_git env ASAN_OPTIONS=detect_leaks=0 \
		strace -f -y -qq -s 256 -e signal=none -e trace=$calls -o trace "$@" \
		git -C work push "$REPO" $refs >push.out 2>&1
	traced__code=$?
	cat push.out
	sed -e "s,$REPO/\./,,g" -e "s,$REPO/,,g" -e "s,$REPO>,.>,g" \
		-e "s,$QUEUE,queue,g" -e 's,"\./,",g' trace >calls
	return $traced__code
}

push_traced () {
	refs=$* &&
	traced
}

# line PATTERN: where it is in calls, the first time.
line () {
	grep -nE -e "$1" calls | head -n 1 | cut -d : -f 1 | grep . &&
	return 0
	echo >&2 "no such call: $1"
	cat calls >&2
	return 1
}

# in_order PATTERN…: each is there, and the first time it is there comes behind the first time of
# the one before.
in_order () {
	before=0
	for pattern
	do
		here=$(line "$pattern") || return 1
		if test "$here" -le "$before"
		then
			echo "too early (line $here): $pattern"
			cat calls
			return 1
		fi
		before=$here
	done
}

# An object that git moves out of the quarantine of a push.
moved='link(at)?\(.*objects/tmp_objdir-incoming-[A-Za-z0-9]*/[0-9a-f]{2}/.*"objects/[0-9a-f]{2}/'

# all_synced: the directories in `want` are among those in `have`.
all_synced () {
	for dir in $(cat want)
	do
		grep -qx "$dir" have || { echo "not synced: $dir"; cat have; return 1; }
	done
}

# synced: the directories that post-receive synced, in its order.
synced () {
	pid=$(sed -n 's/^\([0-9]*\) *execve("hooks\/post-receive".*/\1/p' calls | head -n 1) &&
	sed -n "s/^$pid *fsync([0-9]*<\([^>]*\)>.*/\1/p" calls
}

# fanout REV…: the object directories of all objects of these revisions
fanout () {
	as_git git -C work rev-list --objects "$@" | cut -c 1-2 | sort -u | sed 's,^,objects/,'
}

test_expect_success 'a node' '
	hooks_node &&
	hooks_repo one &&
	hooks_image $U1 one &&
	hooks_work &&
	hooks_push main
'

test_expect_success 'objects, their directories, the ref, the row, the answer: in this order' '
	hooks_commit file two &&
	push_traced main &&
	in_order "fsync\([0-9]*<objects/tmp_objdir-incoming" \
		"$moved" \
		"fsync\([0-9]*<refs/heads/main.lock>" \
		"rename.*refs/heads/main.lock.*refs/heads/main\"" \
		"execve\(\"hooks/post-receive\"" \
		"fsync\([0-9]*<objects/[0-9a-f]{2}>" \
		"fsync\([0-9]*<refs/heads>" \
		"pwrite64\([0-9]*<queue/queue.db-wal>" \
		"flock\([0-9]*<[^>]*queue>, LOCK_UN" \
		"fdatasync\([0-9]*<queue/queue.db-wal>" \
		"write\(1<.*hornero: job 2 queued"
'

test_expect_success 'every object of the push is synced before it goes where everybody sees it' '
	first=$(line "$moved") &&
	sync="fsync\([0-9]*<objects/tmp_objdir-incoming[^>]*/(tmp_obj_|bulk_fsync_)" &&
	head -n "$first" calls | grep -cE "$sync" >count &&
	test "$(cat count)" -ge "$(as_git git -C work rev-list --objects HEAD^..HEAD | wc -l)"
'

test_expect_success 'all of its object directories are synced, and no whole filesystem' '
	synced >have &&
	{ fanout HEAD^..HEAD && echo refs/heads; } >want &&
	all_synced &&
	test_grep ! "syncfs|[^_f]sync\(\)" calls
'

# Red without core.alternateRefsCommand in cli/repo.c.
test_expect_success 'git checks the connections of the push, and lists no refs beside that' '
	test_grep "execve.*\"rev-list\", \"--objects\"" calls &&
	test_grep ! "for-each-ref" calls
'

test_expect_success 'objects/ itself where it got a directory, and only there' '
	as_git mkdir -p $(printf "$REPO/objects/%02x " $(seq 0 255)) &&
	hooks_push main:refs/heads/settled &&
	hooks_commit file known &&
	push_traced main &&
	synced >have &&
	test_grep ! "^objects\$" have &&
	fresh= &&
	for i in $(seq 50)
	do
		hooks_commit file "fresh $i" || return 1
		for dir in $(fanout HEAD^..HEAD)
		do
			! as_git rmdir "$REPO/$dir" 2>/dev/null || { fresh=$dir; break 2; }
		done
	done &&
	push_traced main &&
	synced >have &&
	test_grep "^$fresh\$" have &&
	test_grep "^objects\$" have
'

test_expect_success 'a ref in new directories: the whole chain, from the bottom' '
	push_traced main:refs/heads/a/b/c &&
	synced | grep ^refs >have &&
	printf "%s\n" refs/heads/a/b refs/heads/a refs/heads >expect &&
	test_cmp expect have
'

test_expect_success 'many refs of one directory: once' '
	push_traced $(for i in $(seq 20); do echo "main:refs/heads/many/$i"; done) &&
	synced | grep ^refs >have &&
	printf "%s\n" refs/heads/many refs/heads >expect &&
	test_cmp expect have
'

test_expect_success 'a deleted, packed ref: packed-refs and the directory that holds it' '
	as_git git -C "$REPO" pack-refs --all &&
	hooks_push main:refs/heads/calm &&
	push_traced :refs/heads/a/b/c &&
	in_order "rename.*packed-refs" "execve\(\"hooks/post-receive\"" &&
	synced >have &&
	test_grep "^\.\$" have
'

test_expect_success 'a push that comes as a pack: the pack, its index, and their directory' '
	hooks_in_work "
		mkdir many
		for i in \$(seq 150)
		do
			echo \$i >many/\$i
		done
	" &&
	hooks_commit file packed &&
	push_traced main &&
	in_order "fsync\([0-9]*<objects/tmp_objdir-incoming-[A-Za-z0-9]*/pack/tmp_pack" \
		"link(at)?\(.*tmp_objdir-incoming.*\"objects/pack/pack-.*\.pack\"" \
		"execve\(\"hooks/post-receive\"" \
		"fsync\([0-9]*<objects/pack>" \
		"pwrite64\([0-9]*<queue/queue.db-wal>"
'

test_expect_success 'a hook that was killed is made up for by the next one' '
	cp -p "$NODE/hornero.yaml" good.yaml &&
	hooks_conf "failpoint: post-receive-start:kill" &&
	hooks_commit file lost &&
	hooks_push main:refs/heads/lost/one &&
	fanout HEAD^..HEAD >want &&
	cp -p good.yaml "$NODE/hornero.yaml" &&
	hooks_commit file found &&
	push_traced main &&
	synced >have &&
	all_synced
'

test_expect_success 'everything is synced where the stamp is missing, or from the future' '
	find "$REPO/objects" -mindepth 1 -maxdepth 1 -name "??" | wc -l >all &&
	touch -d "tomorrow" "$REPO/hornero.synced" &&
	hooks_commit file future &&
	push_traced main &&
	test "$(synced | grep -c "^objects/..\$")" = "$(cat all)" &&
	rm "$REPO/hornero.synced" &&
	hooks_commit file none &&
	push_traced main &&
	test "$(synced | grep -c "^objects/..\$")" = "$(cat all)" &&
	hooks_commit file known-again &&
	push_traced main &&
	test "$(synced | grep -c "^objects/..\$")" -lt "$(cat all)"
'

# Red where the second that the hook has for its rows counts for the first one, too.
test_expect_success 'a hook on a busy node, which takes its time, queues the push' '
	hooks_commit file slow &&
	refs=main &&
	traced -P "$DB" -e trace=pread64 -e inject=pread64:delay_enter=600000:when=1..2 &&
	test "$(grep -c DELAYED trace)" = 2 &&
	test_grep "queued for" push.out
'

test_expect_success 'a directory that cannot be synced: no row, and the sweep is named' '
	before=$(hooks_count) &&
	hooks_commit file eio &&
	refs=main &&
	traced -P "$REPO/refs/heads" -e inject=fsync:error=EIO &&
	why="cannot make the directory refs/heads durable: Input/output error;" &&
	test_grep "this push was not queued: $why" push.out &&
	test "$(hooks_count)" = "$before"
'

test_expect_success 'the push behind it syncs that directory' '
	hooks_commit file after &&
	push_traced main &&
	synced >have &&
	test_grep "^refs/heads\$" have &&
	test_grep "queued for" push.out
'

test_done
