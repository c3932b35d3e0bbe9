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

# same TREEISH: src is exactly what git would unpack. want.list then says what that is.
same () {
	same__id=$(git -C repo.git rev-parse "$1") &&
	if test "$same__id" != "$same__had"
	then
		rm -rf want &&
		mkdir want &&
		git -c tar.umask=0022 -C repo.git archive "$1" | tar -x -C want -f - &&
		list want >want.list &&
		same__had=$same__id || return 1
	fi
	list work/src >src.list &&
	test_cmp want.list src.list
}

# raw_tree MODE NAME OID…: a tree that git would not make.
raw_tree () {
	perl -e 'while (@ARGV) {
		my ($mode, $name, $oid) = splice @ARGV, 0, 3;
		print "$mode $name\0", pack("H*", $oid)
	}' "$@" |
		git -C repo.git hash-object --literally -t tree -w --stdin
}

# main_is TREE: the ref points to a commit of that tree.
main_is () {
	git -C repo.git update-ref refs/heads/main "$(git -C repo.git commit-tree -m hostile "$1")"
}

commit () {
	git -C repo add -A &&
	git -C repo commit -q -m "$1" &&
	git -C repo push -q ../repo.git HEAD:main
}

# A new WORK, as hornero makes it.
new_work () {
	chmod -R u+rwX work 2>/dev/null
	rm -rf work &&
	mkdir work &&
	{ test -z "$as" || chown 64999:64999 work; }
}

mtimes () {
	(cd work/src && find . -type f -printf '%P %T@ %i\n' | sort)
}

# The worktree of a known state: main at commit `base`, checked out.
reset () {
	git -C repo.git update-ref refs/heads/main "$base" &&
	new_work &&
	co
}

printf g >go
test_expect_success 'set up a repository with files, modes, links and directories' '
	git init -q --bare -b main repo.git &&
	git init -q -b main repo &&
	mkdir -p repo/src/deep/er repo/doc repo/unikernel &&
	printf "all:\n" >repo/Makefile &&
	echo a >repo/src/a.c &&
	echo b >repo/src/b.c &&
	echo d >repo/src/deep/er/d.c &&
	echo "#!/bin/sh" >repo/src/run &&
	chmod +x repo/src/run &&
	echo text >repo/doc/text &&
	: >repo/empty &&
	ln -s ../doc/text repo/src/link &&
	ln -s /nowhere/at/all repo/dangling &&
	printf "a.c\n" >"repo/doc/name with blank" &&
	echo foo >repo/foo.c &&
	mkdir repo/foo &&
	echo x >repo/foo/x &&
	printf "all:\n" >repo/unikernel/Makefile &&
	echo u >repo/unikernel/u.c &&
	commit base &&
	base=$(git -C repo rev-parse HEAD)
'

test_expect_success 'says commit, tree and builder, and at end of file writes nothing' '
	new_work &&
	: >nogo &&
	$as hornero-checkout --repo repo.git --ref refs/heads/main --work work --detect \
		make=Makefile 3>said 4<nogo &&
	printf "commit %s\ntree %s\nbuilder make\n" $base $(git -C repo rev-parse HEAD^{tree}) \
		>want.said &&
	test_cmp want.said said &&
	test -z "$(ls -A work)"
'

test_expect_success 'a first checkout is what git archive has' '
	co &&
	same main &&
	test_grep "^hornero: checkout of .* 14 files written, 0 kept" err &&
	test -d work/cache &&
	test "$(tail -n 1 said)" = "source clean"
'

test_expect_success 'again: nothing written, nothing touched' '
	mtimes >before &&
	co &&
	mtimes >after &&
	test_cmp before after &&
	test_grep " 0 files written, 14 kept" err &&
	test "$(tail -n 1 said)" = "source incremental"
'

test_expect_success 'one changed file: that one is new, all others keep mtime and inode' '
	mtimes >before &&
	echo changed >repo/src/deep/er/d.c &&
	commit one &&
	co &&
	same main &&
	test_grep " 1 files written, 13 kept" err &&
	mtimes >after &&
	{ diff before after >changes; true; } &&
	grep -c "^>" changes >count &&
	echo 1 >one &&
	test_cmp one count &&
	test_grep "src/deep/er/d.c" changes
'

test_expect_success 'a builder'"'"'s own files stay' '
	$as touch work/src/src/a.o work/src/out.raw &&
	echo a2 >repo/src/a.c &&
	commit two &&
	co &&
	test -e work/src/src/a.o &&
	test -e work/src/out.raw &&
	$as rm work/src/src/a.o work/src/out.raw &&
	same main
'

test_expect_success 'removed and added files and directories, a new mode, a new target' '
	git -C repo rm -q -r src/deep src/b.c &&
	mkdir repo/new &&
	echo n >repo/new/n &&
	chmod +x repo/doc/text &&
	chmod -x repo/src/run &&
	ln -sfn ../empty repo/src/link &&
	commit three &&
	co &&
	same main &&
	test ! -e work/src/src/deep &&
	test_grep " 13 files written, 0 kept" err
'

# changed REASON: the last commit starts the checkout clean, for that reason, and the cache with it.
changed () {
	$as touch work/src/left work/cache/left &&
	commit "$1" &&
	co &&
	same main &&
	test ! -e work/cache/left &&
	test "$(tail -n 1 said)" = "source clean" &&
	test_grep "^hornero: built clean: $1$" err
}

# Red without: reason_for_clean; each line of it, the one it is about.
test_expect_success 'a removal, or a new type, mode, target or attribute, starts clean' '
	git -C repo rm -q new/n &&
	changed "new was removed" &&
	rm repo/doc/text &&
	ln -s ../empty repo/doc/text &&
	changed "doc/text became something else" &&
	ln -sfn ../foo.c repo/doc/text &&
	changed "doc/text leads elsewhere" &&
	rm repo/doc/text &&
	echo text >repo/doc/text &&
	changed "doc/text became something else" &&
	chmod +x repo/doc/text &&
	changed "doc/text has another mode" &&
	rm repo/foo/x &&
	echo y >repo/foo/y &&
	changed "foo/x was removed" &&
	rm -r repo/foo &&
	echo now >repo/foo &&
	changed "foo became something else" &&
	rm repo/foo &&
	mkdir repo/foo &&
	echo x >repo/foo/x &&
	changed "foo became something else" &&
	echo "*.x -text" >repo/doc/.gitattributes &&
	changed "doc/.gitattributes changed" &&
	git -C repo rm -q doc/.gitattributes &&
	changed "doc/.gitattributes was removed"
'

# Red without: the loop over how.when in reason_for_clean; the comparison of builders in
# write_source.
test_expect_success '--clean-when: of the chosen builder, added, changed, at any depth' '
	echo 2 >>repo/src/a.c &&
	commit plain &&
	co --clean-when make=Makefile --clean-when "other=*.c" &&
	test_grep " 1 files written" err &&
	test "$(tail -n 1 said)" = "source incremental" &&
	echo 3 >>repo/src/a.c &&
	commit c &&
	co --clean-when "make=*.h" --clean-when "make=src/*.c" &&
	same main &&
	test_grep "^hornero: built clean: src/a.c changed$" err &&
	test "$(tail -n 1 said)" = "source clean" &&
	mkdir repo/mk &&
	echo >repo/mk/rules.mk &&
	commit mk &&
	co --clean-when "make=*.mk" &&
	test_grep "^hornero: built clean: mk/rules.mk changed$" err &&
	co --clean-when "make=*" &&
	test "$(tail -n 1 said)" = "source incremental" &&
	test_expect_code 64 co --clean-when make= &&
	git -C repo rm -q mk/rules.mk &&
	commit no-mk &&
	co
'

test_expect_success 'file to directory, directory to file, link to file and back' '
	rm -r repo/foo repo/foo.c repo/src/link repo/empty &&
	echo now >repo/foo &&
	mkdir repo/foo.c &&
	echo y >repo/foo.c/y &&
	echo plain >repo/src/link &&
	ln -s doc repo/empty &&
	commit five &&
	co &&
	same main &&
	rm repo/empty &&
	mkdir repo/empty &&
	echo e >repo/empty/e &&
	commit six &&
	co &&
	same main
'

test_expect_success 'back to the first commit: equal again, and to a commit far off' '
	git -C repo.git update-ref refs/heads/main $base &&
	co &&
	same main &&
	git -C repo push -q -f ../repo.git HEAD:main &&
	co &&
	same main
'

test_expect_success 'a subdirectory is the whole checkout; a missing one is the pusher'"'"'s' '
	new_work &&
	co --subdir unikernel &&
	same main:unikernel &&
	test_grep "^tree $(git -C repo rev-parse HEAD:unikernel)" said &&
	test_expect_code 65 co --subdir unikernel/u.c &&
	test_grep "^error .*no directory unikernel/u.c" said &&
	test_expect_code 65 co --subdir no/such &&
	test_grep "^error .*no directory no/such" said &&
	co &&
	same main
'

test_expect_success 'names of refs are taken as they are' '
	test_expect_code 65 co --ref refs/heads/gone &&
	test_grep "^error refs/heads/gone no longer exists in the repository; push it again" said &&
	test_expect_code 65 co --ref main &&
	test_expect_code 65 co --ref refs/heads/../heads/main &&
	git -C repo.git tag -a -m t v1 main &&
	co --ref refs/tags/v1 &&
	git -C repo.git tag blob "$(git -C repo.git rev-parse main:Makefile)" &&
	test_expect_code 65 co --ref refs/tags/blob &&
	test_grep "is not a commit" said
'

test_expect_success 'which builder: the order of deciding' '
	co --builder forced &&
	test_grep "^builder forced$" said &&
	echo "builder: named" >repo/.hornero.yaml &&
	commit named &&
	co &&
	test_grep "^builder named$" said &&
	echo "{}" >repo/.hornero.yaml &&
	mkdir -p repo/meta &&
	echo >repo/meta/package.yaml &&
	commit detect &&
	co --detect compose=meta/package.yaml --builder make &&
	test_grep "^builder make$" said &&
	git -C repo rm -q Makefile &&
	commit compose &&
	co --detect compose=meta/package.yaml --detect x=meta &&
	test_grep "^builder compose$" said &&
	test_expect_code 65 co --detect x=meta &&
	test_grep "none of Makefile .make., meta .x.; add one" said
'

# Red with the first match taken (`if (kept.n == 0)` in conf/detect.c), and without is_replaced().
test_expect_success 'which builder: several match, and one must count' '
	echo >repo/Kraftfile &&
	echo >repo/Makefile &&
	commit several &&
	test_expect_code 65 co --detect kraft=Kraftfile &&
	test_grep "^error 2 builders match .*: make .Makefile. and kraft .Kraftfile.;" said &&
	test_grep "name one in .hornero.yaml, as in .builder: make." said &&
	co --detect kraft=Kraftfile --instead-of kraft=make &&
	test_grep "^builder kraft$" said &&
	co --detect kraft=none --instead-of kraft=make &&
	test_grep "^builder make$" said &&
	co --detect kraft=Kraftfile --detect a=none --instead-of a=make --instead-of kraft=make &&
	test_grep "^builder kraft$" said &&
	test_expect_code 65 co --detect kraft=Kraftfile --instead-of kraft=make \
		--instead-of make=kraft &&
	test_grep "2 builders match" said &&
	test_expect_code 78 co --detect mine=Makefile &&
	test_grep "make .Makefile. and mine .Makefile.; write .instead_of: .OTHER.. into" said &&
	co --detect mine=Makefile --instead-of mine=make &&
	test_grep "^builder mine$" said &&
	git -C repo rm -q Kraftfile Makefile &&
	commit one
'

test_expect_success '.hornero.yaml that is wrong, a link, or huge is refused by name' '
	echo "builder: [a, b]" >repo/.hornero.yaml &&
	commit wrong &&
	test_expect_code 65 co &&
	test_grep "^error .hornero.yaml:1:" said &&
	rm repo/.hornero.yaml &&
	ln -s /etc/passwd repo/.hornero.yaml &&
	commit link &&
	test_expect_code 65 co &&
	test_grep "must be a plain file" said &&
	rm repo/.hornero.yaml &&
	perl -e "print \"#\" x 20000" >repo/.hornero.yaml &&
	commit huge &&
	test_expect_code 65 co &&
	test_grep "20000 bytes; at most 16384" said &&
	git -C repo rm -q -f .hornero.yaml &&
	printf "all:\n" >repo/Makefile &&
	commit sane &&
	co &&
	same main
'

test_expect_success 'a submodule is an empty directory and a warning' '
	git -C repo update-index --add --cacheinfo 160000,$base,vendor &&
	git -C repo commit -q -m module &&
	git -C repo push -q ../repo.git HEAD:main &&
	co &&
	test -d work/src/vendor &&
	test -z "$(ls -A work/src/vendor)" &&
	test_grep "vendor is a submodule and stays empty" err &&
	git -C repo rm -q --cached vendor &&
	commit gone &&
	co &&
	test ! -e work/src/vendor &&
	same main
'

test_expect_success 'a run that died half-way is begun from nothing' '
	head -c 200000 /dev/zero >repo/m-large &&
	for i in 1 2 3; do echo $i >repo/a$i && echo $i >repo/z$i || return 1; done &&
	commit large &&
	{ (ulimit -f 100 && co); test $? -gt 128; } &&
	test -e work/src/a1 &&
	test ! -e work/src/z1 &&
	test ! -e work/tree &&
	$as sh -c "echo half >work/src/src/a.c" &&
	co &&
	same main &&
	test_grep " 0 kept" err
'

# spoil CODE: run it as perl over the record of the checkout, in $_; $sum mends the checksum.
sum='substr($_, 208, 4) = pack(q(L), crc32(substr($_, 0, 208) . substr($_, 216)))'
spoil () {
	perl -MCompress::Zlib -0777 -pe "$1" <work/tree >spoilt &&
	cat spoilt >work/tree
}

flips_n=8
test -z "$HORNERO_TEST_LONG" || flips_n=100

# Red without: the checksum in treeindex_begin; its comparison of the boot.
test_expect_success 'a record is ignored if damaged, cut, too long, missing or of another boot' '
	co &&
	size=$(wc -c <work/tree) &&
	flips=$(perl -e "print qq(substr(\\\$_,\$_,1)^=chr(1+rand(255)) )
		for map { int(rand($size)) } 1 .. $flips_n") &&
	cp work/tree whole &&
	for code in "\$_ = q()" "\$_ = qq(tree x\n)" "chop" "\$_ .= q(x)" \
		"substr(\$_, 0, 1) = q(x)" \
		"substr(\$_, 8, 36) = q(00000000-0000-0000-0000-000000000000); $sum" \
		"substr(\$_, 208, 4) = pack(q(L), 0)" $flips
	do
		cat whole >work/tree &&
		spoil "$code" &&
		$as sh -c "echo bad >work/src/src/a.c; touch work/cache/left" &&
		co &&
		same main &&
		test_grep " 0 kept" err &&
		test ! -e work/cache/left &&
		cp work/tree whole ||
		{ echo "code: $code"; return 1; }
	done &&
	rm work/tree &&
	co &&
	test_grep " 0 kept" err &&
	rm work/tree &&
	mkdir work/tree &&
	co &&
	same main &&
	test_grep " 0 kept" err
'

test_expect_success 'the objects of the old tree are not needed' '
	echo a3 >>repo/src/a.c &&
	commit later &&
	old=$(git -C repo.git rev-parse main:src) &&
	co &&
	git -C repo reset -q --hard HEAD^ &&
	git -C repo push -q -f ../repo.git HEAD:main &&
	rm -f repo.git/objects/$(echo $old | sed "s,^..,&/,") &&
	co &&
	same main &&
	test_grep " 1 files written" err
'

# mends N COMMAND: what a builder does in src to N tracked paths is undone, and nothing else is
# touched.
mends () {
	co &&
	mtimes >before &&
	$as sh -ec "cd work/src; $2" &&
	co &&
	same main &&
	test_grep " $1 files written" err &&
	test "$(tail -n 1 said)" = "source incremental" &&
	mtimes >after &&
	test "$(sort before after | uniq -u | wc -l)" -le $((2 * $1)) ||
	{ echo "mends $1: $2"; return 1; }
}

# Red without: the stat in is_untouched; without ctime_ns in treeindex_same the line with touch -r.
test_expect_success 'each checkout restores a tracked path, whatever the builder did to it' '
	reset &&
	mends 1 "sed -i s/a/b/ src/a.c" &&
	mends 1 "printf b | dd of=src/a.c conv=notrunc 2>/dev/null" &&
	mends 1 "touch -r src/a.c ../ref
		printf b | dd of=src/a.c conv=notrunc 2>/dev/null
		touch -r ../ref src/a.c
		rm ../ref" &&
	mends 1 "mv src/a.c ../cache/a.c" &&
	mends 2 "mv src/a.c x; mv src/b.c src/a.c; mv x src/b.c" &&
	mends 1 "rm src/a.c" &&
	mends 1 "chmod 600 src/a.c" &&
	mends 1 "chmod +x src/a.c" &&
	mends 1 "chmod 0 src/a.c" &&
	mends 1 ": >src/a.c" &&
	mends 1 "touch src/a.c" &&
	mends 1 "ln src/a.c ../cache/link; printf b >../cache/link; rm ../cache/link" &&
	mends 1 "ln src/a.c ../cache/link" &&
	echo a >a &&
	test_cmp a work/cache/link &&
	$as rm work/cache/link &&
	mends 1 "echo a >src/n; touch -r src/a.c src/n; ln -f src/n src/a.c; rm src/n" &&
	mends 1 "rm src/a.c; ln -s b.c src/a.c" &&
	mends 1 "rm src/a.c; mkdir -p src/a.c/d/e; touch src/a.c/d/e/f" &&
	mends 1 "rm src/a.c; mkfifo src/a.c" &&
	mends 1 "ln -sfn ../empty src/link" &&
	mends 1 "rm src/link; echo x >src/link" &&
	mends 1 "rm src/link; mkdir src/link"
'

# Red without: worktree_enter removing what is no directory, and its set_mode.
test_expect_success 'a tracked directory that became a link, a file or nothing is restored' '
	mkdir away &&
	echo safe >away/d.c &&
	mkdir away/er &&
	echo safe >away/er/d.c &&
	chmod -R a+rwX away &&
	cp -r away away.was &&
	mends 1 "mv src/deep ../cache/deep; ln -s ../../../away src/deep" &&
	diff -r away away.was &&
	$as rm -r work/cache/deep &&
	mends 5 "mv src ../cache/src; ln -s ../cache/src src" &&
	$as rm -r work/cache/src &&
	mends 1 "rm -r src/deep; echo x >src/deep" &&
	mends 5 "rm -r src" &&
	mends 2 "rm -r doc; ln -s / doc" &&
	mends 0 "chmod 700 doc; chmod 1777 src; chmod 0 src/deep" &&
	test "$(stat -c %a work/src/doc work/src/src work/src/src/deep | tr "\n" " ")" = \
		"755 755 755 " &&
	diff -r away away.was
'

# The record of src/a.c gets the stat that the file has now: a change in the tick in which it was
# recorded looks like that.
forge () {
	perl -MCompress::Zlib -0777 -e "
		my \$t = <STDIN>;
		my @s = split / /, \`stat -c \"%s %i %.9Y %.9Z\" work/src/src/a.c\`;
		my @ns = map { s/\\.//r + 0 } @s[2, 3];
		my \$at = index(\$t, q(a.c)) - 72;
		substr(\$t, \$at, 32) = pack(q(QQqq), \$s[0], \$s[1], @ns);
		substr(\$t, 208, 4) = pack(q(L), crc32(substr(\$t, 0, 208) . substr(\$t, 216)));
		print \$t" <work/tree >forged &&
	cat forged >work/tree
}

# Red without: treeindex_is_racy in is_untouched.
test_expect_success 'bytes show a change in the tick of the record; equal bytes keep their mtime' '
	co &&
	mtimes >before &&
	touch -d "1 day ago" work/tree &&
	co &&
	mtimes >after &&
	test_cmp before after &&
	test_grep " 0 files written" err &&
	$as sh -c "echo z >work/src/src/a.c" &&
	forge &&
	touch -d "1 day" work/tree &&
	co &&
	echo z >z &&
	test_cmp z work/src/src/a.c &&
	touch -d "1 day ago" work/tree &&
	co &&
	same main &&
	test_grep " 1 files written" err
'

test_expect_success '--clean takes the cache too' '
	$as touch work/src/left work/cache/left &&
	co &&
	test -e work/src/left &&
	co --clean &&
	same main &&
	test ! -e work/cache/left &&
	test -d work/cache
'

test_expect_success 'a file that a builder put in the way is replaced, and no link is followed' '
	mkdir outside &&
	echo safe >outside/d.c &&
	echo safe >outside/text &&
	chmod -R a+rwX outside &&
	reset &&
	$as sh -c "
		cd work/src && rm -r src/deep && ln -s $TRASH/outside src/deep &&
		rm doc/text && ln -s $TRASH/outside/text doc/text &&
		rm -r foo && echo file >foo &&
		rm Makefile && mkdir -p Makefile/in/it && mkfifo empty.fifo" &&
	git clone -q repo.git hostile &&
	cd hostile &&
	git checkout -q $base &&
	echo new >src/deep/er/d.c &&
	echo new >doc/text &&
	echo new >foo/x &&
	echo new >Makefile &&
	git commit -q -a -m new &&
	git push -q -f ../repo.git HEAD:main &&
	cd .. &&
	co &&
	$as rm work/src/empty.fifo &&
	same main &&
	echo safe >safe &&
	test_cmp safe outside/d.c &&
	test_cmp safe outside/text &&
	test ! -e outside/er
'

test_expect_success 'directories without permissions, and a src that is gone or a link' '
	reset &&
	$as sh -c "chmod 0 work/src/src/deep/er work/src/src/deep && chmod 0500 work/src/doc" &&
	git -C repo.git update-ref refs/heads/main $(git -C hostile rev-parse HEAD) &&
	co &&
	same main &&
	$as rm -rf work/src &&
	co &&
	same main &&
	$as rm -rf work/src &&
	$as ln -s $TRASH/outside work/src &&
	co &&
	same main &&
	test ! -e outside/Makefile
'

test_expect_success 'a builder that nested deeper than there are descriptors, twice over' '
	reset &&
	$as perl -e "
		chdir q(work/src/src/deep) or die;
		for (1 .. 3) {
			mkdir qq(n\$_) and chdir qq(n\$_) or die;
			for (1 .. 700) { mkdir q(d) and chdir q(d) or die }
			chdir q(..) for 0 .. 700;
		}
		chdir q(../..);
		mkdir q(.deep.0);
		mkdir q(.deep.0/x);
		open F, q(>.deep.1);
		chmod 0, q(.deep.0)" &&
	main_is $(git -C repo.git mktree </dev/null) &&
	co --builder x --clean &&
	test -z "$(ls -A work/src)"
'

test_expect_success 'hostile names are refused, by path' '
	blob=$(echo x | git -C repo.git hash-object -w --stdin) &&
	new_work &&
	zwj=$(printf "\342\200\215") &&
	for name in .. . .git .GIT .gIt "git~1" "GIT~1" ".git " ".git." ".git::\$INDEX_ALLOCATION" \
		"a\\.git" ".g${zwj}it" "a/b" "/etc"
	do
		main_is $(raw_tree 40000 dir $(raw_tree 100644 "$name" $blob)) &&
		test_expect_code 65 co --builder x &&
		test_grep "^error .*dir/" said &&
		main_is $(raw_tree 40000 "$name" $(raw_tree 100644 f $blob)) &&
		test_expect_code 65 co --builder x &&
		test_grep "the name " said &&
		test ! -e work/tree ||
		{ echo "name: $name"; return 1; }
	done &&
	test "$(ls work)" = "$(printf "cache\nsrc")" &&
	test "$(ls outside)" = "$(printf "d.c\ntext")"
'

test_expect_success 'harmless names that look alike are kept' '
	blob=$(echo x | git -C repo.git hash-object -w --stdin) &&
	new_work &&
	tree=$(raw_tree 100644 ... $blob 100644 ..a $blob 100644 .gitignore $blob \
		100644 .gitx $blob 100644 "git~2" $blob) &&
	main_is $tree &&
	co --builder x &&
	same main
'

test_expect_success 'a tree that holds a name twice, as link and as directory' '
	link=$(printf "%s" "$TRASH/outside" | git -C repo.git hash-object -w --stdin) &&
	for tree in "120000 a $link 40000 a" "120000 a $link 100644 a.c $blob 40000 a"
	do
		main_is $(raw_tree $tree $(raw_tree 100644 evil $blob)) &&
		test_expect_code 65 co --builder x &&
		test_grep "holds a twice" said &&
		test ! -e outside/evil || return 1
	done
'

test_expect_success 'odd modes, wrong types, malformed trees, links to nothing or with NUL' '
	main_is $(raw_tree 60000 dev $blob) &&
	test_expect_code 65 co --builder x &&
	test_grep "dev has mode 060000" said &&
	main_is $(raw_tree 40000 dir $blob) &&
	test_expect_code 65 co --builder x &&
	test_grep "dir is a blob" said &&
	main_is $(raw_tree 100644 file $(raw_tree 100644 f $blob)) &&
	test_expect_code 65 co --builder x &&
	test_grep "file is a tree" said &&
	main_is $(printf "100644 x" | git -C repo.git hash-object --literally -t tree -w --stdin) &&
	test_expect_code 65 co --builder x &&
	test_grep "^error " said &&
	main_is $(raw_tree 120000 link $(printf "" | git -C repo.git hash-object -w --stdin)) &&
	test_expect_code 65 co --builder x &&
	test_grep "link to nothing" said &&
	main_is $(raw_tree 120000 link $(printf "a\0b" | git -C repo.git hash-object -w --stdin)) &&
	test_expect_code 65 co --builder x &&
	test_grep "NUL" said &&
	main_is $(raw_tree 100644 gone 1234567890123456789012345678901234567890) &&
	test_expect_code 78 co --builder x &&
	test_grep "git fsck" said
'

test_expect_success 'depth, names and repetition are bounded' '
	tree=$(raw_tree 100644 f $blob) &&
	for i in $(seq 199); do tree=$(raw_tree 40000 d $tree) || return 1; done &&
	main_is $tree &&
	co --builder x &&
	same main &&
	main_is $(raw_tree 40000 d $(raw_tree 40000 d $tree)) &&
	test_expect_code 65 co --builder x &&
	test_grep "200 directories deep" said &&
	main_is $(raw_tree 100644 $(perl -e "print \"n\" x 256") $blob) &&
	test_expect_code 65 co --builder x &&
	test_grep "longer than 255" said &&
	long=$(perl -e "print \"n\" x 250") &&
	tree=$(raw_tree 100644 $long $blob) &&
	for i in $(seq 20); do tree=$(raw_tree 40000 $long $tree) || return 1; done &&
	main_is $tree &&
	test_expect_code 65 co --builder x &&
	test_grep "longer than 4095 bytes" said &&
	new_work &&
	tree=$(perl -e "\$o = pack(q(H*), q($blob));
			print \"100644 f\$_\0\$o\" for 1000000 .. 2000000" |
		git -C repo.git -c core.compression=0 hash-object --literally -t tree -w --stdin) &&
	main_is $tree &&
	test_expect_code 65 co --builder x &&
	test_grep "more entries than are allowed" said
'

# The object has the header of 1100 MiB and no bytes behind it: only the header may be read.
test_expect_success 'a file above the limit is refused before it is unpacked' '
	new_work &&
	big=ab00000000000000000000000000000000000000 &&
	mkdir -p repo.git/objects/ab &&
	perl -MCompress::Zlib -e "print compress(qq(blob 1153433600\\0))" \
		>repo.git/objects/ab/${big#ab} &&
	main_is $(raw_tree 100644 bomb $big) &&
	test_expect_code 65 co --builder x &&
	test_grep "bomb has 1153433600 bytes" said &&
	rm repo.git/objects/ab/${big#ab}
'

# An instrumented program needs terabytes of addresses.
limit='ulimit -v 120000'
($limit && hornero-checkout --help) >/dev/null 2>&1 || limit=true

test_expect_success 'large files, loose and packed, come whole, and a loose one in little memory' '
	new_work &&
	head -c 50000000 /dev/urandom >random &&
	big=$(git -C repo.git -c core.compression=0 hash-object -w --stdin <random) &&
	main_is $(raw_tree 100644 random $big) &&
	($limit && co --builder x) &&
	cmp random work/src/random &&
	git -C repo.git -c core.compression=0 repack -q -a -d &&
	new_work &&
	co --builder x &&
	cmp random work/src/random
'

test_expect_success 'a damaged repository is the operator'"'"'s, a command line the caller'"'"'s' '
	test_expect_code 78 co --repo $TRASH/nothing &&
	test_grep "^error cannot open the repository" said &&
	test_expect_code 78 co --builder x --work $TRASH/nothing &&
	test_grep "nothing" said &&
	test_expect_code 64 hornero-checkout &&
	test_expect_code 64 co --detect x &&
	test_expect_code 64 hornero-checkout --repo r --ref r --work w 3<&- 4<&-
'

test_done
