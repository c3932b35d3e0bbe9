#!/bin/sh
test_description='post-receive: a job for every push, and a push that nothing can stop'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires sqlite3 sqlite3
# A number of this file alone: another test may give an account of its own that of hooks.sh.
test "$(id -u)" -ne 0 || GIT_UID=64981 pusher='uid 64981'
test_requires flock util-linux

# left_to_sweep REASON: the last push said so, and is in the repository all the same.
left_to_sweep () {
	sweep="the next sweep will pick this push up" &&
	test_grep "remote: hornero: this push was not queued: .*$1.*; $sweep" push.out &&
	test "$(hooks_ref refs/heads/main)" = "$(hooks_head)"
}

test_expect_success 'a node, a repository and its image' '
	hooks_node &&
	hooks_repo one &&
	hooks_image $U1 one --name "The One" &&
	hooks_work
'

test_expect_success 'the first push into an empty repository is queued, with these words' '
	hooks_push main &&
	short=$(hooks_head | cut -c 1-7) &&
	grep "^remote: hornero" push.out | sed "s/ *$//" >words &&
	cat >expect <<-END &&
	remote: hornero: job 1 queued for The One ($short); follow it with: hornero log -f 1
	remote: hornero: hornerod does not run: nothing is built until it is started
	END
	test_cmp expect words
'

test_expect_success 'the row has pusher, commit and origin; the environment cannot change them' '
	hooks_commit file two &&
	HORNERO_CONF=/nonexistent USER=mallory LOGNAME=mallory HORNERO_PUSHER=mallory \
		hooks_push main &&
	hooks_sql "SELECT id, image, repo, ref, \"commit\", origin, pushed_by, state
		FROM jobs WHERE id = 2" &&
	echo "2|$U1|one|refs/heads/main|$(hooks_head)|push|$pusher|queued" >expect &&
	test_cmp expect rows
'

test_expect_success 'a newer push takes the place of the queued job, and says so' '
	test_grep "^remote: hornero: job 2 queued for The One" push.out &&
	test_grep "^remote: hornero: job 1 superseded by job 2" push.out &&
	hooks_sql "SELECT id, state, superseded_by FROM jobs WHERE id = 1" &&
	echo "1|superseded|2" >expect &&
	test_cmp expect rows
'

test_expect_success 'the same once more joins the queued job' '
	line="$(as_git git -C work rev-parse HEAD~1) $(hooks_head) refs/heads/main" &&
	(cd "$REPO" && echo "$line" | GIT_DIR=. as_git hooks/post-receive) >again &&
	test_grep "^hornero: job 2 is queued already for The One" again &&
	test "$(hooks_count)" = 2
'

test_expect_success 'a forced push that is no fast-forward is a push' '
	as_git git -C work commit -q --amend -m amended &&
	test_must_fail hooks_push main &&
	hooks_push +main &&
	test_grep "^remote: hornero: job 3 queued for The One" push.out
'

test_expect_success 'another branch and a tag concern no image' '
	hooks_push main:refs/heads/side HEAD:refs/tags/v1 &&
	test_grep "^remote: hornero: no image is built from refs/heads/side of one" push.out &&
	test_grep "^remote: hornero: no image is built from refs/tags/v1 of one" push.out &&
	add="hornero image add UUID one --ref refs/heads/side" &&
	test_grep "^remote: hornero: to have one built: $add" push.out &&
	test "$(hooks_count)" = 3
'

# Red without: may_be_followed.
test_expect_success 'no command is advised that hornero would refuse, or a shell misread' '
	for ref in refs/notes/commits "refs/heads/a;b" "refs/heads/a\$(id)"
	do
		hooks_push "main:$ref" &&
		test_grep "no image is built from" push.out &&
		test_grep ! "to have one built" push.out || return 1
	done
'

test_expect_success 'where one ref of a push is built, the others are passed over in silence' '
	hooks_commit file three &&
	hooks_push main main:refs/heads/other &&
	test_grep "job 4 queued" push.out &&
	test_grep ! "no image" push.out
'

test_expect_success 'two images of one ref, one of them of a subdirectory: two jobs' '
	hooks_image $U2 one --subdir node/web --name "The Two" &&
	hooks_commit node/web/page four &&
	hooks_push main &&
	test_grep "queued for The One" push.out &&
	test_grep "queued for The Two" push.out &&
	test "$(grep -c "follow it with" push.out)" = 2 &&
	hornero image remove $U2
'

test_expect_success 'a deleted ref: its image keeps what it has' '
	hooks_image $U2 one --ref refs/heads/side &&
	before=$(hooks_count) &&
	hooks_push :refs/heads/side &&
	keeps="the image $U2 keeps its last artifact" &&
	test_grep "^remote: hornero: refs/heads/side of one is deleted: $keeps" push.out &&
	test_grep ! "no image" push.out &&
	test "$(hooks_count)" = "$before" &&
	hornero image remove $U2
'

test_expect_success 'a ref with parts, in a repository with parts' '
	hooks_repo team/thing &&
	hooks_image $U3 team/thing --ref refs/heads/a/b/c &&
	hooks_push main:refs/heads/a/b/c &&
	test_grep "queued for $U3" push.out &&
	hooks_sql "SELECT repo, ref FROM jobs WHERE image = \"$U3\"" &&
	echo "team/thing|refs/heads/a/b/c" >expect &&
	test_cmp expect rows &&
	REPO=$NODE/git/one.git
'

test_expect_success 'broken image files are named where nothing matched, and only there' '
	echo "repo: [" >"$NODE/state/images.d/$U2.yaml" &&
	hooks_push main:refs/heads/quiet &&
	test_grep "^remote: hornero: the image file of $U2 is broken: .*$U2.yaml:" push.out &&
	hooks_commit file five &&
	hooks_push main &&
	test_grep "queued for The One" push.out &&
	test_grep ! broken push.out &&
	rm "$NODE/state/images.d/$U2.yaml"
'

test_expect_success 'an image file that spells its repository by escapes is found' '
	for i in $(seq 100)
	do
		uuid=$(printf "%08x-0000-4000-8000-000000000000" $i) &&
		printf "repo: other\nref: refs/heads/main\n" >"$NODE/state/images.d/$uuid.yaml" ||
		return 1
	done &&
	printf "repo: \"\\x6fne\"\nref: refs/heads/spelled\n" >"$NODE/state/images.d/$U2.yaml" &&
	hooks_push main:refs/heads/spelled &&
	test_grep "queued for $U2" push.out &&
	rm "$NODE/state/images.d/"0*.yaml "$NODE/state/images.d/$U2.yaml"
'

# From here on the queue is in trouble; each time the push goes through.
test_expect_success 'the queue is busy' '
	before=$(hooks_count) &&
	mkfifo held release &&
	{ flock "$QUEUE" sh -c "echo >held; read line <release" & } &&
	holder=$! &&
	test_cleanup "kill $holder 2>/dev/null; :" &&
	read line <held &&
	hooks_commit file busy &&
	hooks_push main &&
	left_to_sweep busy &&
	echo >release &&
	wait $holder &&
	test "$(hooks_count)" = "$before"
'

test_expect_success 'the database is missing' '
	mkdir aside &&
	mv "$QUEUE"/queue.db* aside/ &&
	hooks_commit file missing &&
	hooks_push main &&
	left_to_sweep "no .*queue.db" &&
	test ! -e "$DB" &&
	mv aside/queue.db* "$QUEUE/"
'

test_expect_success 'the whole queue is missing' '
	mv "$QUEUE" "$QUEUE.aside" &&
	hooks_commit file gone &&
	hooks_push main &&
	left_to_sweep "" &&
	mv "$QUEUE.aside" "$QUEUE"
'

test_expect_success 'the database is of a newer version' '
	version=$(sqlite3 "$DB" "PRAGMA user_version") &&
	sqlite3 "$DB" "PRAGMA user_version = 9999" &&
	hooks_commit file newer &&
	hooks_push main &&
	left_to_sweep "version 9999" &&
	sqlite3 "$DB" "PRAGMA user_version = $version"
'

test_expect_success 'the database is no database' '
	mv "$QUEUE"/queue.db* aside/ &&
	cp "$HORNERO_SRC/COPYING" "$DB" &&
	chmod 0666 "$DB" &&
	hooks_commit file rubbish &&
	hooks_push main &&
	left_to_sweep "" &&
	rm "$DB" &&
	mv aside/queue.db* "$QUEUE/"
'

test_expect_success 'the database may not be touched' '
	chmod 0000 "$QUEUE" &&
	hooks_commit file forbidden &&
	hooks_push main
	code=$?
	chmod 2770 "$QUEUE" &&
	test $code = 0 &&
	left_to_sweep ""
'

if test "$(id -u)" -eq 0 &&
	mkdir probe &&
	mount -t tmpfs -o size=64k tmpfs probe 2>/dev/null &&
	umount probe
then
	test_expect_success 'the disk of the queue is full' '
		mv "$QUEUE" "$QUEUE.aside" &&
		mkdir "$QUEUE" &&
		options=size=1m,mode=2770,uid=$HORNERO_UID,gid=$QUEUE_GID &&
		mount -t tmpfs -o $options tmpfs "$QUEUE" &&
		test_cleanup "! mountpoint -q \"$QUEUE\" || umount -l \"$QUEUE\"" &&
		cp -p "$QUEUE.aside"/queue.db "$QUEUE.aside"/last-job "$QUEUE/" &&
		chown $HORNERO_UID:$QUEUE_GID "$QUEUE"/* &&
		chmod 0660 "$QUEUE"/* &&
		before=$(hooks_count) &&
		rm -f "$QUEUE"/queue.db-* &&
		{ dd if=/dev/zero of="$QUEUE/ballast" bs=4k 2>/dev/null || :; } &&
		hooks_commit file full &&
		hooks_push main &&
		left_to_sweep "" &&
		rm "$QUEUE/ballast" &&
		test "$(sqlite3 "$DB" "PRAGMA integrity_check")" = ok &&
		test "$(hooks_count)" = "$before" &&
		hooks_commit file emptied &&
		hooks_push main &&
		test_grep "queued for The One" push.out &&
		umount "$QUEUE" &&
		rmdir "$QUEUE" &&
		mv "$QUEUE.aside" "$QUEUE"
	'
else
	test_skip 'the disk of the queue is full' 'cannot mount a small filesystem here'
fi

test_expect_success 'the configuration is broken, and there is no copy of a good one' '
	cp -p "$NODE/hornero.yaml" good.yaml &&
	mv "$NODE/hornero.yaml.last-good" copy &&
	echo "workers: many" >>"$NODE/hornero.yaml" &&
	hooks_commit file unconfigured &&
	hooks_push main
	code=$?
	cp -p good.yaml "$NODE/hornero.yaml" &&
	mv copy "$NODE/hornero.yaml.last-good" &&
	test $code = 0 &&
	left_to_sweep "hornero.yaml:[0-9]*:[0-9]*: "
'

test_expect_success 'the configuration is not there, or is no file' '
	mv "$REPO/hornero.yaml" link &&
	hooks_commit file linkless &&
	hooks_push main &&
	left_to_sweep "hornero.yaml" &&
	ln -s /dev/zero "$REPO/hornero.yaml" &&
	hooks_commit file device &&
	hooks_push main &&
	left_to_sweep "" &&
	rm "$REPO/hornero.yaml" &&
	mv link "$REPO/hornero.yaml"
'

test_expect_success 'a repository that is not below repo_root' '
	cp -a "$REPO" elsewhere.git &&
	hooks_commit file elsewhere &&
	as_git git -C work push ../elsewhere.git main >push.out 2>&1 &&
	test_grep "is no repository below repo_root" push.out
'

# The two moments at which a hook may die: nothing of the push is lost, and the pusher sees no
# failure.
test_expect_success 'killed before the row: the ref is there, the row is not' '
	before=$(hooks_count) &&
	hooks_conf "failpoint: post-receive-start:kill" &&
	hooks_commit file killed-before &&
	hooks_push main &&
	test "$(hooks_ref refs/heads/main)" = "$(hooks_head)" &&
	test "$(hooks_count)" = "$before"
'

test_expect_success 'killed behind the row: both are there' '
	hooks_conf "failpoint: post-receive-inserted:kill" &&
	hooks_commit file killed-behind &&
	hooks_push main &&
	test_grep ! "job [0-9]* queued" push.out &&
	hooks_sql "SELECT \"commit\" FROM jobs WHERE state = \"queued\" AND image = \"$U1\"" &&
	test "$(cat rows)" = "$(hooks_head)"
'

test_expect_success 'the next push is as any other' '
	cp -p good.yaml "$NODE/hornero.yaml" &&
	hooks_commit file alive &&
	hooks_push main &&
	test_grep "queued for The One" push.out &&
	test "$(sqlite3 "$DB" "PRAGMA integrity_check")" = ok
'

test_expect_success 'called by another name it says how it is to be called' '
	test_expect_code 64 hornero-hook 2>words &&
	test_grep "hooks/pre-receive and hooks/post-receive" words
'

test_done
