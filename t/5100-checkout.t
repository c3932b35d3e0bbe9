#!/bin/sh
test_description='hornero-checkout: from a ref to files, only what changed, nowhere else'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
test_requires setpriv util-linux

# As root everything here runs as an unprivileged user that does not own the repository.
as=
test "$(id -u)" -ne 0 || as='setpriv --reuid=64999 --regid=64999 --clear-groups'

# co [OPTION…]: a whole run. said: descriptor 3; err: standard error.
co () {
	$as hornero-checkout --repo "$TRASH/repo.git" --ref refs/heads/main --work "$TRASH/work" \
		--detect make=Makefile "$@" 3>said 4<go 2>err
}

# Listing of a directory: type, mode, name, target; and the bytes.
list () {
	(cd "$1" && find . -mindepth 1 ! -type d -printf '%y %m %P %l\n' | sort &&
		find . -type f -exec sha256sum {} + | sort -k 2)
}

# same TREEISH: src is exactly what git would unpack.
same () {
	rm -rf want &&
	mkdir want &&
	git -c tar.umask=0022 -C repo.git archive "$1" | tar -x -C want -f - &&
	list want >want.list &&
	$as true &&
	list work/src >src.list &&
	test_cmp want.list src.list
}

# raw_tree MODE NAME OID…: a tree that git would not make.
raw_tree () {
	perl -e 'while (@ARGV) { my ($m, $n, $o) = splice @ARGV, 0, 3; print "$m $n\0", pack("H*", $o) }' "$@" |
		git -C repo.git hash-object --literally -t tree -w --stdin
}

# main_is TREE: the ref points to a commit of that tree.
main_is () {
	git -C repo.git update-ref refs/heads/main "$(git -C repo.git commit-tree -m hostile "$1")"
}

commit () {
	git -C repo add -A && git -C repo commit -q -m "$1" && git -C repo push -q ../repo.git HEAD:main
}

# A new WORK, as hornero makes it.
new_work () {
	chmod -R u+rwX work 2>/dev/null
	rm -rf work && mkdir work && { test -z "$as" || chown 64999:64999 work; }
}

mtimes () {
	(cd work/src && find . -type f -printf '%P %T@ %i\n' | sort)
}

# The worktree of a known state: main at commit `base`, checked out.
reset () {
	git -C repo.git update-ref refs/heads/main "$base" && new_work && co
}

printf g >go
test_expect_success 'set up a repository with files, modes, links and directories' '
	git init -q --bare -b main repo.git &&
	git init -q -b main repo &&
	mkdir -p repo/src/deep/er repo/doc repo/unikernel &&
	printf "all:\n" >repo/Makefile &&
	echo a >repo/src/a.c && echo b >repo/src/b.c && echo d >repo/src/deep/er/d.c &&
	echo "#!/bin/sh" >repo/src/run && chmod +x repo/src/run &&
	echo text >repo/doc/text && : >repo/empty && ln -s ../doc/text repo/src/link &&
	ln -s /nowhere/at/all repo/dangling &&
	printf "a.c\n" >"repo/doc/name with blank" && echo foo >repo/foo.c && mkdir repo/foo && echo x >repo/foo/x &&
	printf "all:\n" >repo/unikernel/Makefile && echo u >repo/unikernel/u.c &&
	commit base && base=$(git -C repo rev-parse HEAD)
'

test_expect_success 'says commit, tree and builder, and at end of file writes nothing' '
	new_work && : >nogo &&
	$as hornero-checkout --repo repo.git --ref refs/heads/main --work work --detect make=Makefile 3>said 4<nogo &&
	printf "commit %s\ntree %s\nbuilder make\n" $base $(git -C repo rev-parse HEAD^{tree}) >want.said &&
	test_cmp want.said said && test -z "$(ls -A work)"
'

test_expect_success 'a first checkout is what git archive has' '
	co && same main && test_grep "^hornero: checkout of .* 14 files written, 0 removed, 0 kept" err && test -d work/cache
'

test_expect_success 'again: nothing written, nothing touched' '
	mtimes >before && co && mtimes >after && test_cmp before after &&
	test_grep " 0 files written, 0 removed, 14 kept" err
'

test_expect_success 'one changed file: that one is new, all others keep mtime and inode' '
	mtimes >before && echo changed >repo/src/deep/er/d.c && commit one && co && same main &&
	test_grep " 1 files written, 0 removed, 13 kept" err && mtimes >after &&
	{ diff before after >changes; true; } && grep -c "^>" changes >count && echo 1 >one && test_cmp one count &&
	test_grep "src/deep/er/d.c" changes
'

test_expect_success 'a builder'"'"'s own files stay' '
	$as touch work/src/src/a.o work/src/out.raw && echo a2 >repo/src/a.c && commit two && co &&
	test -e work/src/src/a.o && test -e work/src/out.raw && $as rm work/src/src/a.o work/src/out.raw && same main
'

test_expect_success 'removed and added files and directories, a new mode, a new target' '
	git -C repo rm -q -r src/deep src/b.c && mkdir repo/new && echo n >repo/new/n && chmod +x repo/doc/text &&
	chmod -x repo/src/run && ln -sfn ../empty repo/src/link && commit three && co && same main &&
	test ! -e work/src/src/deep && test_grep " 4 files written, 2 removed, 9 kept" err
'

test_expect_success 'a directory with a builder'"'"'s files in it stays when its own files go' '
	$as touch work/src/new/n.o && git -C repo rm -q -r new && commit four && co && test -e work/src/new/n.o &&
	test ! -e work/src/new/n && $as rm -r work/src/new
'

test_expect_success 'file to directory, directory to file, link to file and back' '
	rm -r repo/foo repo/foo.c repo/src/link repo/empty && echo now >repo/foo && mkdir repo/foo.c &&
	echo y >repo/foo.c/y && echo plain >repo/src/link && ln -s doc repo/empty && commit five && co && same main &&
	rm repo/empty && mkdir repo/empty && echo e >repo/empty/e && commit six && co && same main
'

test_expect_success 'back to the first commit: equal again, and to a commit far off' '
	git -C repo.git update-ref refs/heads/main $base && co && same main &&
	git -C repo push -q -f ../repo.git HEAD:main && co && same main
'

test_expect_success 'a subdirectory is the whole checkout; a missing one is the pusher'"'"'s' '
	new_work && co --subdir unikernel && same main:unikernel &&
	test_grep "^tree $(git -C repo rev-parse HEAD:unikernel)" said &&
	test_expect_code 65 co --subdir unikernel/u.c && test_grep "^error .*no directory unikernel/u.c" said &&
	test_expect_code 65 co --subdir no/such && test_grep "^error .*no directory no/such" said &&
	co && same main
'

test_expect_success 'names of refs are taken as they are' '
	test_expect_code 65 co --ref refs/heads/gone &&
	test_grep "^error refs/heads/gone no longer exists in the repository; push it again" said &&
	test_expect_code 65 co --ref main && test_expect_code 65 co --ref refs/heads/../heads/main &&
	git -C repo.git tag -a -m t v1 main && co --ref refs/tags/v1 &&
	git -C repo.git tag blob "$(git -C repo.git rev-parse main:Makefile)" &&
	test_expect_code 65 co --ref refs/tags/blob && test_grep "is not a commit" said
'

test_expect_success 'which builder: the order of deciding' '
	co --builder forced && test_grep "^builder forced$" said &&
	echo "builder: named" >repo/.hornero.yaml && commit named && co && test_grep "^builder named$" said &&
	echo "{}" >repo/.hornero.yaml && mkdir -p repo/meta && echo >repo/meta/package.yaml && commit detect &&
	co --detect compose=meta/package.yaml && test_grep "^builder make$" said &&
	git -C repo rm -q Makefile && commit compose && co --detect compose=meta/package.yaml --detect x=meta &&
	test_grep "^builder compose$" said &&
	test_expect_code 65 co --detect x=meta && test_grep "none of Makefile .make., meta .x.; add one" said
'

test_expect_success '.hornero.yaml that is wrong, a link, or huge is refused by name' '
	echo "builder: [a, b]" >repo/.hornero.yaml && commit wrong && test_expect_code 65 co &&
	test_grep "^error .hornero.yaml:1:" said &&
	rm repo/.hornero.yaml && ln -s /etc/passwd repo/.hornero.yaml && commit link && test_expect_code 65 co &&
	test_grep "must be a plain file" said &&
	rm repo/.hornero.yaml && perl -e "print \"#\" x 20000" >repo/.hornero.yaml && commit huge &&
	test_expect_code 65 co && test_grep "20000 bytes; at most 16384" said &&
	git -C repo rm -q -f .hornero.yaml && printf "all:\n" >repo/Makefile && commit sane && co && same main
'

test_expect_success 'a submodule is an empty directory and a warning' '
	git -C repo update-index --add --cacheinfo 160000,$base,vendor && git -C repo commit -q -m module &&
	git -C repo push -q ../repo.git HEAD:main && co && test -d work/src/vendor && test -z "$(ls -A work/src/vendor)" &&
	test_grep "vendor is a submodule and stays empty" err && git -C repo rm -q --cached vendor && commit gone && co &&
	test ! -e work/src/vendor && same main
'

test_expect_success 'a run that died half-way is begun from nothing' '
	head -c 200000 /dev/zero >repo/m-large && for i in 1 2 3; do echo $i >repo/a$i && echo $i >repo/z$i || return 1; done &&
	commit large && { (ulimit -f 100 && co); test $? -gt 128; } && test -e work/src/a1 && test ! -e work/src/z1 &&
	test ! -e work/tree && $as sh -c "echo half >work/src/src/a.c" && co && same main && test_grep " 0 kept" err
'

test_expect_success 'a state that is not ours, or of another boot, is not trusted' '
	for text in "tree" "tree $base" "tree $base
files 3
boot 00000000-0000-0000-0000-000000000000" ""
	do
		printf "%s\n" "$text" >work/tree && $as sh -c "echo bad >work/src/src/a.c" && co && same main || return 1
	done &&
	sed "s/^files .*/files -1/" work/tree >state && cat state >work/tree && co && same main &&
	test_grep " 0 kept" err && rm work/tree && mkdir work/tree && co && same main
'

test_expect_success 'an old tree that a gc took away: from nothing' '
	sed "s/^tree .*/tree 1234567890123456789012345678901234567890/" work/tree >state && cat state >work/tree &&
	co && same main && test_grep " 0 kept" err
'

test_expect_success '--clean takes the cache too' '
	$as touch work/src/left work/cache/left && co && test -e work/src/left && co --clean && same main &&
	test ! -e work/cache/left && test -d work/cache
'

test_expect_success 'what a builder put in the way is replaced, and no link is followed' '
	mkdir outside && echo safe >outside/d.c && echo safe >outside/text && chmod -R a+rwX outside &&
	reset && $as sh -c "
		cd work/src && rm -r src/deep && ln -s $TRASH/outside src/deep &&
		rm doc/text && ln -s $TRASH/outside/text doc/text &&
		rm -r foo && echo file >foo &&
		rm Makefile && mkdir -p Makefile/in/it && mkfifo empty.fifo" &&
	git clone -q repo.git hostile && cd hostile && git checkout -q $base && echo new >src/deep/er/d.c &&
	echo new >doc/text && echo new >foo/x && echo new >Makefile && git commit -q -a -m new &&
	git push -q -f ../repo.git HEAD:main && cd .. && co && $as rm work/src/empty.fifo && same main &&
	echo safe >safe && test_cmp safe outside/d.c && test_cmp safe outside/text && test ! -e outside/er
'

test_expect_success 'directories without permissions, and a src that is gone or a link' '
	reset && $as sh -c "chmod 0 work/src/src/deep/er work/src/src/deep && chmod 0500 work/src/doc" &&
	git -C repo.git update-ref refs/heads/main $(git -C hostile rev-parse HEAD) && co && same main &&
	$as rm -rf work/src && co && same main && $as rm -rf work/src && $as ln -s $TRASH/outside work/src && co && same main &&
	test ! -e outside/Makefile
'

test_expect_success 'a builder that nested deeper than there are descriptors, twice over' '
	reset && $as perl -e "
		chdir q(work/src/src/deep) or die;
		for (1 .. 3) {
			mkdir qq(n\$_) and chdir qq(n\$_) or die;
			for (1 .. 700) { mkdir q(d) and chdir q(d) or die }
			chdir q(..) for 0 .. 700;
		}
		chdir q(../..); mkdir q(.deep.0); mkdir q(.deep.0/x); open F, q(>.deep.1); chmod 0, q(.deep.0)" &&
	main_is $(git -C repo.git mktree </dev/null) && co --builder x --clean && test -z "$(ls -A work/src)"
'

test_expect_success 'hostile names are refused, by path' '
	blob=$(echo x | git -C repo.git hash-object -w --stdin) && new_work &&
	zwj=$(printf "\342\200\215") &&
	for name in .. . .git .GIT .gIt "git~1" "GIT~1" ".git " ".git." ".git::\$INDEX_ALLOCATION" "a\\.git" ".g${zwj}it" "a/b" "/etc"
	do
		main_is $(raw_tree 40000 dir $(raw_tree 100644 "$name" $blob)) &&
		test_expect_code 65 co --builder x && test_grep "^error .*dir/" said &&
		main_is $(raw_tree 40000 "$name" $(raw_tree 100644 f $blob)) &&
		test_expect_code 65 co --builder x && test_grep "the name " said && test ! -e work/tree ||
			{ echo "name: $name"; return 1; }
	done &&
	test "$(ls work)" = "$(printf "cache\nsrc")" && test "$(ls outside)" = "$(printf "d.c\ntext")"
'

test_expect_success 'harmless names that look alike are kept' '
	blob=$(echo x | git -C repo.git hash-object -w --stdin) && new_work &&
	main_is $(raw_tree 100644 ... $blob 100644 ..a $blob 100644 .gitignore $blob 100644 .gitx $blob 100644 "git~2" $blob) &&
	co --builder x && same main
'

test_expect_success 'a tree that holds a name twice, as link and as directory' '
	link=$(printf "%s" "$TRASH/outside" | git -C repo.git hash-object -w --stdin) &&
	for tree in "120000 a $link 40000 a" "120000 a $link 100644 a.c $blob 40000 a"
	do
		main_is $(raw_tree $tree $(raw_tree 100644 evil $blob)) && test_expect_code 65 co --builder x &&
		test_grep "holds a twice" said && test ! -e outside/evil || return 1
	done
'

test_expect_success 'odd modes, wrong types, malformed trees, links to nothing or with NUL' '
	main_is $(raw_tree 60000 dev $blob) && test_expect_code 65 co --builder x && test_grep "dev has mode 060000" said &&
	main_is $(raw_tree 40000 dir $blob) && test_expect_code 65 co --builder x && test_grep "dir is a blob" said &&
	main_is $(raw_tree 100644 file $(raw_tree 100644 f $blob)) && test_expect_code 65 co --builder x &&
	test_grep "file is a tree" said &&
	main_is $(printf "100644 x" | git -C repo.git hash-object --literally -t tree -w --stdin) &&
	test_expect_code 65 co --builder x && test_grep "^error " said &&
	main_is $(raw_tree 120000 link $(printf "" | git -C repo.git hash-object -w --stdin)) &&
	test_expect_code 65 co --builder x && test_grep "link to nothing" said &&
	main_is $(raw_tree 120000 link $(printf "a\0b" | git -C repo.git hash-object -w --stdin)) &&
	test_expect_code 65 co --builder x && test_grep "NUL" said &&
	main_is $(raw_tree 100644 gone 1234567890123456789012345678901234567890) && test_expect_code 78 co --builder x &&
	test_grep "git fsck" said
'

test_expect_success 'depth, names and repetition are bounded' '
	tree=$(raw_tree 100644 f $blob) &&
	for i in $(seq 199); do tree=$(raw_tree 40000 d $tree) || return 1; done &&
	main_is $tree && co --builder x && same main &&
	main_is $(raw_tree 40000 d $(raw_tree 40000 d $tree)) && test_expect_code 65 co --builder x &&
	test_grep "200 directories deep" said &&
	main_is $(raw_tree 100644 $(perl -e "print \"n\" x 256") $blob) && test_expect_code 65 co --builder x &&
	test_grep "longer than 255" said &&
	long=$(perl -e "print \"n\" x 250") && tree=$(raw_tree 100644 $long $blob) &&
	for i in $(seq 20); do tree=$(raw_tree 40000 $long $tree) || return 1; done &&
	main_is $tree && test_expect_code 65 co --builder x && test_grep "longer than 4095 bytes" said &&
	new_work &&
	tree=$(perl -e "print \"100644 f\$_\0\", pack(q(H*), q($blob)) for 1000000 .. 2000000" |
		git -C repo.git -c core.compression=1 hash-object --literally -t tree -w --stdin) &&
	main_is $tree && test_expect_code 65 co --builder x && test_grep "more entries than are allowed" said
'

test_expect_success 'a file above the limit is refused before it is unpacked' '
	new_work && truncate -s 1100M bomb && big=$(git -C repo.git -c core.compression=1 hash-object -w --stdin <bomb) && rm bomb &&
	main_is $(raw_tree 100644 bomb $big) && test_expect_code 65 co --builder x && test_grep "bomb has 1153433600 bytes" said
'

# An instrumented program needs terabytes of addresses.
limit='ulimit -v 120000'
($limit && hornero-checkout --help) >/dev/null 2>&1 || limit=true

test_expect_success 'large files, loose and packed, come whole, and a loose one in little memory' '
	new_work && head -c 50000000 /dev/urandom >random && big=$(git -C repo.git hash-object -w --stdin <random) &&
	main_is $(raw_tree 100644 random $big) && ($limit && co --builder x) && cmp random work/src/random &&
	git -C repo.git repack -q -a -d && new_work && co --builder x && cmp random work/src/random
'

test_expect_success 'a damaged repository is the operator'"'"'s, a command line the caller'"'"'s' '
	test_expect_code 78 co --repo $TRASH/nothing && test_grep "^error cannot open the repository" said &&
	test_expect_code 78 co --builder x --work $TRASH/nothing && test_grep "nothing" said &&
	test_expect_code 64 hornero-checkout && test_expect_code 64 co --detect x &&
	test_expect_code 64 hornero-checkout --repo r --ref r --work w 3<&- 4<&-
'

test_done
