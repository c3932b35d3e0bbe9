#!/bin/sh
test_description='pre-receive refuses a .hornero.yaml that can never be built, and nothing else'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires sqlite3 sqlite3
test_requires strace strace

# refused PATTERN: the last push was, wholly, and said this.
refused () {
	test_grep "^remote: hornero: push refused: $1" push.out &&
	test_grep "nothing of this push was taken" push.out &&
	test_grep "pre-receive hook declined" push.out &&
	test "$(hooks_ref refs/heads/main)" = "$good" &&
	test -z "$(find "$REPO/objects" -name "tmp_objdir*")"
}

# refused_kind KIND: because .hornero.yaml is one.
refused_kind () {
	refused "refs/heads/main: \.hornero\.yaml is a $1; it must be a regular file"
}

test_expect_success 'a node, an image of the whole tree and one of a subdirectory' '
	hooks_node &&
	hooks_repo one &&
	hooks_image $U1 one &&
	hooks_image $U2 one --subdir "node/the web" &&
	hooks_work &&
	hooks_push main &&
	good=$(hooks_head)
'

test_expect_success 'a good file is taken' '
	hooks_commit .hornero.yaml "builder: make" &&
	hooks_push main &&
	good=$(hooks_head)
'

# The same by the short way (loose objects) and by git (a pack).
for way in loose packed
do
	# commit FILE TEXT
	commit () {
		hooks_commit_by $way "$@"
	}

	test_expect_success "$way: no YAML: file, line, column, reason" '
		commit .hornero.yaml "builder: [make" &&
		test_must_fail hooks_push main &&
		refused "refs/heads/main: \.hornero\.yaml:2:1: not YAML" &&
		hooks_undo
	'

	test_expect_success "$way: an unknown setting" '
		commit .hornero.yaml "builder: make
network: true" &&
		test_must_fail hooks_push main &&
		refused "refs/heads/main: \.hornero\.yaml:2:1: unknown setting .network." &&
		hooks_undo
	'

	test_expect_success "$way: in the subdirectory" '
		commit "node/the web/.hornero.yaml" "builder: 17 18" &&
		test_must_fail hooks_push main &&
		refused "refs/heads/main: node/the web/\.hornero\.yaml:1:10: " &&
		hooks_undo
	'

	test_expect_success "$way: one byte too much" '
		commit .hornero.yaml "# $(printf %016380d 0)" &&
		as_git sh -c "wc -c <work/.hornero.yaml" >size &&
		test "$(cat size)" = 16383 &&
		hooks_push main &&
		good=$(hooks_head) &&
		commit .hornero.yaml "# $(printf %016382d 0)" &&
		test_must_fail hooks_push main &&
		refused "refs/heads/main: \.hornero\.yaml has 16385 bytes; at most 16384" &&
		hooks_undo
	'

	test_expect_success "$way: a symbolic link, even to a good file, even with a good text" '
		{ test $way = loose || hooks_packed "$way link"; } &&
		hooks_in_work "
			echo builder: make >good.yaml
			ln -sf good.yaml .hornero.yaml
		" &&
		hooks_commit_all link &&
		test_must_fail hooks_push main &&
		refused_kind "symbolic link" &&
		hooks_in_work "ln -sf \"builder: make\" .hornero.yaml" &&
		hooks_commit_all link &&
		test_must_fail hooks_push main &&
		refused_kind "symbolic link" &&
		hooks_undo
	'

	test_expect_success "$way: a directory" '
		{ test $way = loose || hooks_packed "$way directory"; } &&
		hooks_in_work "
			git rm -qf .hornero.yaml
			mkdir .hornero.yaml
			echo x >.hornero.yaml/x
		" &&
		hooks_commit_all directory &&
		test_must_fail hooks_push main &&
		refused_kind directory &&
		hooks_undo
	'

	test_expect_success "$way: a submodule" '
		{ test $way = loose || hooks_packed "$way submodule"; } &&
		hooks_in_work "
			git rm -qf .hornero.yaml
			git update-index --add --cacheinfo 160000,$good,.hornero.yaml
			git commit -q -m submodule
		" &&
		test_must_fail hooks_push main &&
		refused_kind submodule &&
		hooks_undo
	'

	test_expect_success "$way: none, an empty one, and a subdirectory that is a file are fine" '
		{ test $way = loose || hooks_packed "$way none"; } &&
		as_git git -C work rm -qf .hornero.yaml &&
		hooks_commit_all none &&
		hooks_push main &&
		hooks_in_work "
			: >.hornero.yaml
			mkdir -p node
			rm -rf \"node/the web\"
			echo x >\"node/the web\"
		" &&
		hooks_commit_all empty &&
		hooks_push main &&
		hooks_in_work "
			git rm -qrf node
			echo builder: make >.hornero.yaml
		" &&
		hooks_commit_all again &&
		hooks_push main &&
		good=$(hooks_head)
	'
done

test_expect_success 'one bad image refuses a push of several refs; each bad one is named' '
	hooks_image $U3 one --ref refs/heads/side &&
	hooks_commit .hornero.yaml "nonsense" &&
	as_git git -C work branch -f fine "$good" &&
	test_must_fail hooks_push main main:refs/heads/side fine &&
	refused "refs/heads/main: \.hornero\.yaml:1:1: " &&
	test_grep "push refused: refs/heads/side: \.hornero\.yaml:1:1: " push.out &&
	test -z "$(hooks_ref refs/heads/fine)" &&
	hornero image remove $U3
'

test_expect_success 'the same commit passes on a branch of which nothing is built' '
	hooks_push main:refs/heads/elsewhere &&
	hooks_undo
'

test_expect_success 'it is refused where the branch of an image moves to it' '
	test_must_fail as_git git -C work push "$REPO" \
		"$(hooks_ref refs/heads/elsewhere):refs/heads/main" >push.out 2>&1 &&
	refused "refs/heads/main: \.hornero\.yaml:1:1: " &&
	as_git git -C "$REPO" gc -q &&
	test_must_fail as_git git -C work push "$REPO" \
		"$(hooks_ref refs/heads/elsewhere):refs/heads/main" >push.out 2>&1 &&
	refused "refs/heads/main: \.hornero\.yaml:1:1: "
'

test_expect_success 'an annotated tag as the image'\''s ref' '
	hooks_image $U3 one --ref refs/tags/release &&
	hooks_commit .hornero.yaml nonsense &&
	as_git git -C work tag -a -m release release &&
	test_must_fail hooks_push release &&
	test_grep "push refused: refs/tags/release: \.hornero\.yaml:1:1" push.out &&
	hooks_undo &&
	as_git git -C work tag -f -a -m release release &&
	hooks_push release &&
	test_grep "queued for" push.out &&
	hornero image remove $U3
'

test_expect_success 'deleting a ref is never refused' '
	hooks_image $U3 one --ref refs/heads/elsewhere &&
	hooks_push :refs/heads/elsewhere &&
	hornero image remove $U3
'

# A replace ref would show git a good file where the checkout finds a bad one.
test_expect_success 'replace refs are not followed' '
	hooks_packed replaced &&
	hooks_commit .hornero.yaml nonsense &&
	bad=$(as_git git -C work rev-parse HEAD:.hornero.yaml) &&
	fine=$(as_git git -C work rev-parse "$good":.hornero.yaml) &&
	as_git git -C work update-ref "refs/replace/$bad" "$fine" &&
	hooks_push "refs/replace/$bad" &&
	test_must_fail hooks_push main &&
	refused "refs/heads/main: \.hornero\.yaml:1:1: " &&
	as_git git -C work update-ref -d "refs/replace/$bad" &&
	hooks_undo
'

traced_push () {
	# LeakSanitizer and strace do not go together.
	as_git env ASAN_OPTIONS=detect_leaks=0 \
		strace -f -qq -e trace=execve -e signal=none -o trace \
		git -C work push "$REPO" "$@" >push.out 2>&1
}

# spawned: the processes of the last traced push that were to be git cat-file, wherever they looked
# for it.
spawned () {
	awk '/execve\(.*"cat-file"/ && !seen[$1]++ { print $1 }' trace
}

test_expect_success 'nothing is started for a push that no image is built from' '
	: >trace &&
	chmod 0666 trace &&
	hooks_packed unbuilt &&
	hooks_commit file unbuilt &&
	traced_push main:refs/heads/unbuilt &&
	spawned >found &&
	test_cmp /dev/null found &&
	hooks_repo bare &&
	hooks_image $U3 bare --ref refs/heads/never &&
	traced_push main &&
	REPO=$NODE/git/one.git &&
	spawned >found &&
	test_cmp /dev/null found &&
	hooks_undo
'

test_expect_success 'nothing is started for a small, loose push; one git for a pack' '
	hooks_commit .hornero.yaml "builder: make # again" &&
	hooks_commit "node/the web/page" small &&
	traced_push main &&
	good=$(hooks_head) &&
	spawned >found &&
	test_cmp /dev/null found &&
	hooks_packed big &&
	hooks_commit file big &&
	traced_push main &&
	good=$(hooks_head) &&
	spawned >found &&
	test "$(wc -l <found)" = 1
'

test_expect_success 'the environment of the pusher does not reach that git' '
	hooks_packed env &&
	hooks_commit .hornero.yaml nonsense &&
	chmod 0666 trace &&
	test_must_fail as_git env ASAN_OPTIONS=detect_leaks=0 HORNERO_CONF=/nonexistent \
		GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.fsmonitor GIT_CONFIG_VALUE_0=/bin/false \
		strace -f -qq -v -s 4096 -e trace=execve -e signal=none -o trace \
		git -C work push "$REPO" main >push.out 2>&1 &&
	grep "execve(.*\"cat-file\"" trace | grep -v ENOENT >found &&
	test "$(wc -l <found)" = 1 &&
	test_grep "GIT_QUARANTINE_PATH=" found &&
	test_grep "GIT_NO_REPLACE_OBJECTS=1" found &&
	test_grep ! "GIT_CONFIG_COUNT|GIT_CONFIG_KEY|HORNERO_CONF|HOME=" found &&
	refused "refs/heads/main: \.hornero\.yaml:1:1: " &&
	hooks_undo
'

# damage PATH: its object in the node's repository can be asked for, but not read. heal: undoes
# that.
damage () {
	oid=$(as_git git -C work rev-parse "HEAD:$1") &&
	object=$REPO/objects/$(echo "$oid" | sed "s,..,&/,") &&
	cp -p "$object" sound &&
	chmod u+w "$object" &&
	head -c 12 sound >"$object"
}
heal () {
	cp -p sound "$object"
}

# unchecked: the last push was queued, and says that the damaged object $oid kept .hornero.yaml from
# being checked.
unchecked () {
	test_grep "^remote: hornero: \.hornero\.yaml at refs/heads/main of one was not" push.out &&
	test_grep "not checked: object $oid: .*its operator restores them from a backup" push.out &&
	test_grep "job [0-9]+ queued for $U1" push.out
}

# git itself refuses a push where it has to read such an object. Red without: err_wrap in
# catfile_read; way_out in say_unchecked, and in check_missing.
test_expect_success 'a damaged object of the node refuses nothing; the push names it' '
	hooks_undo &&
	hooks_commit .hornero.yaml "builder: make # loose" &&
	hooks_commit .gitattributes "*.c text" &&
	hooks_push -f main &&
	damage .hornero.yaml &&
	hooks_commit file "beside a damaged file" &&
	hooks_push main &&
	heal &&
	unchecked &&
	damage .gitattributes &&
	hooks_push -f HEAD^:refs/heads/main &&
	heal &&
	test_grep "cannot check refs/heads/main of one for missing files: object $oid: " push.out &&
	test_grep "missing files: object .*operator restores" push.out &&
	test_grep "job [0-9]+ queued for $U1" push.out &&
	test_grep ! "was not checked" push.out
'

test_expect_success 'the same of a damaged pack' '
	as_git git -C "$REPO" repack -q -ad &&
	oid=$(as_git git -C work rev-parse HEAD:.hornero.yaml) &&
	pack=$(echo "$REPO"/objects/pack/*.pack) &&
	as_git git -C "$REPO" verify-pack -v "$pack" >objects &&
	offset=$(sed -n "s/^$oid blob *[0-9]* [0-9]* \([0-9]*\)$/\1/p" objects) &&
	test -n "$offset" &&
	cp -p "$pack" sound &&
	chmod u+w "$pack" &&
	printf "\377\377" | dd of="$pack" bs=1 seek=$((offset + 3)) conv=notrunc 2>dd &&
	hooks_commit file "beside a damaged pack" &&
	hooks_push main &&
	cp -p sound "$pack" &&
	unchecked
'

test_expect_success 'where it cannot work it lets the push pass, with words' '
	mv "$REPO/hornero.yaml" link &&
	hooks_commit .hornero.yaml nonsense &&
	hooks_push main &&
	test_grep "^remote: hornero: .hornero.yaml was not checked: " push.out &&
	mv link "$REPO/hornero.yaml"
'

test_done
