#!/bin/sh
# Red without: the transaction of copy_pages() (a copy of queue.db by pread) (2, 7); give_name() (a
# file that is written where it stays) (3); compare() of lib/tar.c (4); check_node() (5);
# set_head() of cli/backup_repo.c (7); mark() of cli/restore.c (8).
test_description='hornero backup and restore: a node comes back as it was'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

queue=$NODE/state/queue/queue.db
backup=$TRASH/safe/node.tar

# repack: the archive of the files in unpacked/, as GNU tar writes it.
repack () {
	(
		cd unpacked &&
		find * -type f ! -name SHA256SUMS | sort >../names &&
		xargs sha256sum <../names >SHA256SUMS &&
		tar --format=ustar -cf ../packed.tar -T ../names SHA256SUMS
	)
}

# fresh: the node is gone, and another one is in its place.
fresh () {
	rm -rf "$TRASH/lost" &&
	mv "$NODE" "$TRASH/lost" &&
	node_init
}

test_expect_success 'a node with an image, a key, a pause and a job that runs' '
	node_init &&
	node_make_repo &&
	ssh-keygen -q -t ed25519 -N "" -C alice -f alice &&
	hornero key add alice alice.pub --admin "*" &&
	node_start &&
	node_swept &&
	hello_pushed one &&
	first=$job &&
	hornero repo create team/other &&
	git -C "$HELLO_WORK" push -q "$NODE/git/team/other.git" main:refs/heads/trunk &&
	git -C "$NODE/git/team/other.git" symbolic-ref HEAD refs/heads/trunk &&
	hornero repo create empty &&
	slow_push two &&
	gate_reached &&
	job_state_is running
'

# Pushes go on meanwhile: each backup holds a whole queue, and bundles with all objects.
test_expect_success 'backups while pushes go on: whole each time, and secret' '
	mkdir -m 0755 safe || return 1
	(
		while test ! -e pushed-enough
		do
			git -C "$HELLO_WORK" commit -q --allow-empty -m more &&
			git -C "$HELLO_WORK" push -q "$NODE/git/team/other.git" main:trunk || exit 1
		done
	) >loop 2>&1 &
	loop=$! &&
	test_cleanup "touch pushed-enough; wait $loop; :" &&
	for round in 1 2 3
	do
		hornero backup "$backup" >said || return 1
	done &&
	touch pushed-enough &&
	wait $loop &&
	test_grep "safe/node.tar: [0-9]* files and 3 repositories, .*; keep it secret" said &&
	test "$(stat -c %a "$backup")" = 600 &&
	test "$(ls -A safe)" = node.tar &&
	mkdir unpacked &&
	tar -C unpacked -xf "$backup" &&
	(cd unpacked && sha256sum --quiet -c SHA256SUMS) &&
	test "$(sqlite3 unpacked/queue.db "PRAGMA integrity_check")" = ok &&
	test "$(sqlite3 unpacked/queue.db "SELECT state FROM jobs WHERE id = $job")" = running &&
	git -C "$NODE/git/team/other.git" bundle verify -q "$TRASH/unpacked/repos/0001.bundle" &&
	test -e unpacked/images.d/$HELLO_UUID.yaml &&
	hornero backup "$TRASH/without.tar" --no-repositories &&
	tar -tf without.tar >names &&
	! grep bundle names
'

# git leaves out a ref that moves meanwhile; here a program in its place does, once. Red without
# has_refs() in cli/backup_repo.c.
test_expect_success 'a bundle that lacks a ref is written again' '
	git -C "$NODE/git/team/other.git" branch second trunk &&
	mkdir moving &&
	cat >moving/git <<-END &&
	#!/bin/sh
	case " \$* " in
	*other.git*" bundle create "*)
		if mkdir "$TRASH/moved" 2>/dev/null
		then
			exec $(command -v git) --git-dir="$NODE/git/team/other.git" bundle create \
				--quiet - refs/heads/trunk
		fi ;;
	esac
	exec $(command -v git) "\$@"
	END
	chmod 0755 moving/git &&
	PATH=$TRASH/moving:$PATH hornero backup "$TRASH/moved.tar" &&
	test -d moved &&
	rm -rf unpacked.moved && mkdir unpacked.moved &&
	tar -C unpacked.moved -xf moved.tar &&
	for bundle in unpacked.moved/repos/*.bundle
	do
		git bundle list-heads "$bundle" || return 1
	done >heads &&
	test_grep refs/heads/second heads &&
	test_grep refs/heads/trunk heads &&
	rm moved.tar &&
	git -C "$NODE/git/team/other.git" branch -D second
'

test_expect_success 'a backup that is killed leaves the old file alone' '
	before=$(sha256sum <"$backup") &&
	for point in backup-before-end backup-before-rename
	do
		node_set failpoint $point &&
		{ hornero backup "$backup"; test $? -eq 137; } &&
		test "$(sha256sum <"$backup")" = "$before" || return 1
	done &&
	node_set failpoint &&
	test_must_fail hornero backup "$TRASH/nowhere/x" 2>err &&
	test_grep "no backup was written" err &&
	test_must_fail hornero backup "$TRASH" 2>err &&
	test_grep "is not a regular file" err &&
	hornero backup "$backup" &&
	test "$(ls -A safe)" = node.tar
'

test_expect_success 'a file that is cut off, changed or foreign is refused' '
	hornerod_runs="hornerod runs; stop it" &&
	test_must_fail hornero restore "$backup" 2>err &&
	test_grep "$hornerod_runs" err &&
	size=$(stat -c %s "$backup") &&
	head -c $((size - 4096)) "$backup" >cut.tar &&
	cp "$backup" changed.tar &&
	printf x | dd of=changed.tar bs=1 seek=$((size / 2)) conv=notrunc 2>dd.log &&
	tar --format=ustar -cf foreign.tar names &&
	: >nothing.tar &&
	for file in cut changed foreign nothing
	do
		{ hornero restore $file.tar 2>err; test $? -eq 64; } &&
		test_grep "$file.tar: nothing was restored: " err || return 1
	done &&
	sqlite3 unpacked/queue.db "PRAGMA user_version = 99" &&
	repack &&
	node_kill9 &&
	fresh &&
	{ hornero restore packed.tar 2>err; test $? -eq 78; } &&
	test_grep "nothing was restored: its queue is of version 99" err
'

test_expect_success 'a node that is not empty is refused' '
	hornero repo create mine &&
	{ hornero restore "$backup" 2>err; test $? -eq 64; } &&
	test_grep "this node is not empty, and nothing was restored: it has repositories" err &&
	rm -rf "$NODE/git/mine.git" &&
	ssh-keygen -q -t ed25519 -N "" -C bob -f bob &&
	hornero key add bob bob.pub --read x &&
	test_must_fail hornero restore "$backup" 2>err &&
	test_grep "has keys already" err &&
	hornero key remove bob &&
	host=$(cat "$NODE/state/door/ssh_host_ed25519_key") &&
	hornero restore "$backup" --dry-run >out &&
	test_grep "^a backup of node $(hostname), made .* by hornero" out &&
	test_grep "node.tar is whole: 3 repositories and the queue" out &&
	test "$(cat "$NODE/state/door/ssh_host_ed25519_key")" = "$host" &&
	test ! -e "$NODE/git/team"
'

test_expect_success 'restored: keys, host keys, repositories, images and jobs' '
	hornero restore "$backup" >out &&
	test_grep "^restored: .*Start hornerod: it builds what is not warm" out &&
	test ! -e "$NODE/state/restore-incomplete" &&
	hornero key list >out &&
	test_grep "^alice " out &&
	cmp "$NODE/state/door/ssh_host_ed25519_key" \
		unpacked/door/ssh_host_ed25519_key &&
	test "$(stat -c %a "$NODE/state/door/ssh_host_ed25519_key")" = 600 &&
	test "$(git -C "$NODE/git/team/other.git" symbolic-ref HEAD)" = refs/heads/trunk &&
	git -C "$NODE/git/team/other.git" fsck --connectivity-only &&
	test -d "$NODE/git/empty.git" &&
	job_state_is published $first &&
	job_state_is running $job
'

# The bytes of the first job are lost with the store, so what runs again makes the newest commit
# warm, without a push.
test_expect_success 'hornerod continues: the job that ran runs again, and the image is warm' '
	node_start &&
	gate_reached &&
	gate_open &&
	hornero wait $HELLO_UUID --timeout 120 &&
	warm_text_is two &&
	job_reaches published $job &&
	hello_pushed three &&
	test $job -gt 100 &&
	node_stop
'

test_expect_success 'a restore that is killed is run again' '
	fresh &&
	for point in restore-marked restore-repository-made restore-queue-put
	do
		node_set failpoint $point &&
		{ hornero restore "$backup"; test $? -eq 137; } || return 1
	done &&
	node_set failpoint &&
	hornero restore "$backup" >out &&
	test_grep "an earlier restore did not end; this one continues it" out &&
	test_grep "^restored: " out &&
	hornero image show $HELLO_UUID >out &&
	test_must_fail hornero restore "$backup" 2>err &&
	test_grep "this node is not empty" err
'

test_expect_success 'a queue of the first version is migrated; other files are left out' '
	fresh &&
	rm -f unpacked/queue.db &&
	{
		awk "/^-- version 2/ { exit } { print }" "$HORNERO_SRC/db/schema.sql" &&
		echo "PRAGMA application_id = 0x686f726e; PRAGMA user_version = 1;"
	} | sqlite3 unpacked/queue.db &&
	mkdir unpacked/etc &&
	echo root >unpacked/etc/passwd &&
	repack &&
	hornero restore packed.tar &&
	hornero queue --all &&
	test "$(sqlite3 "$queue" "PRAGMA user_version")" -gt 1 &&
	test "$(sqlite3 "$queue" "PRAGMA integrity_check")" = ok
'

# The artifact that it is pinned to is not in a backup.
test_expect_success 'a pinned image waits, and restore and why say so; then it follows its ref' '
	fresh &&
	rm -rf "$HELLO_WORK" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	hello_pushed one &&
	hello_pushed two &&
	hornero rollback $HELLO_UUID &&
	warm_text_is one &&
	node_stop &&
	hornero backup "$backup" &&
	fresh &&
	hornero restore "$backup" >out &&
	undo="hornero rollback --undo $HELLO_UUID" &&
	test_grep "$HELLO_UUID is pinned to release [-0-9a-f]*: .* waits until .$undo" out &&
	node_start &&
	why_says $HELLO_UUID "cannot publish release .*, which the image is pinned to" 120 &&
	test ! -e "$(node_warm_path $HELLO_UUID)" &&
	$undo &&
	wait_until "warm_text_is two" 120 &&
	node_stop
'

test_done
