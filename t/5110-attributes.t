#!/bin/sh
test_description='hornero-checkout: attributes give what git clone gives, gaps are named'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

HOME=$TRASH
GIT_CONFIG_NOSYSTEM=1
export HOME GIT_CONFIG_NOSYSTEM

# co [OPTION…]: a whole run. said: descriptor 3; err: standard error.
co () {
	hornero-checkout --repo "$TRASH/repo.git" --ref refs/heads/main --work "$TRASH/work" \
		--builder x "$@" 3>said 4<go 2>err
}

sums () {
	(cd "$1" && find . -name .git -prune -o -type f -exec sha256sum {} + | sort -k 2)
}

# same [SUBDIR]: src is what a clone has there.
same () {
	rm -rf clone &&
	git clone -q repo.git clone 2>/dev/null &&
	sums "clone/$1" >want.sums &&
	sums work/src >src.sums &&
	test_cmp want.sums src.sums
}

# raw FILE: from standard input, as it is, whatever the attributes would make of it.
raw () {
	git -C repo update-index --add --cacheinfo \
		"100644,$(git -C repo hash-object -w --stdin --no-filters),$1"
}

# attributes LINE…: .gitattributes at the top. commit: of the index, pushed.
attributes () {
	printf "%s\n" "$@" | raw .gitattributes
}
commit () {
	git -C repo commit -q --allow-empty -m "$1" &&
	git -C repo push -q -f ../repo.git HEAD:main
}

fresh () {
	rm -rf work &&
	mkdir work &&
	co "$@"
}

# shape N: keywords that git reads in two ways, as a stream or as a whole, _ for a dollar sign.
shape () {
	set -- "$1" "__Id_" "_I_Id_ _Id_" "___Id_\n____Id_" "_Id:x y_ _Id: x y_ _Id:_ _Id: _" \
		"_Idx_Id_" "_Idx_Id: old _" "_Idx_Idy_Id: a b_" \
		"_Id:a\n_Id_" "_Id:a\tb_ _Id: a\tb_ _Id: a\r_" "_Id_Id_Id_ _Id"
	shift "$(($1 + 1))"
	echo "$1"
}

# samples DIR: every ending and keyword that makes a difference.
samples () {
	printf "a\nb\n" | raw "$1/lf" &&
	printf "a\r\nb\r\n" | raw "$1/crlf" &&
	printf "a\nb\r\nc\n" | raw "$1/mixed" &&
	printf "a\rb\nc" | raw "$1/cr" &&
	printf "a\0b\nc\n" | raw "$1/nul" &&
	printf "" | raw "$1/empty" &&
	printf "\001\002\003\004\n" | raw "$1/odd" &&
	printf "text\n\032" | raw "$1/eof" &&
	printf "no end" | raw "$1/no-end" &&
	printf "%s\n" "_Id_ x _Id_" "_Id: old _" "_Id: two words _" "_Id: broken" "_ _Id" \
		"_Id__Id:x_ _Idx_ _Id:" | sed "s/_/\$/g" | head -c -1 | raw "$1/id" &&
	printf "Gr\303\274\303\237e\n\342\202\254\n" | raw "$1/utf8" &&
	perl -e "print \"line \$_\\n\" for 1 .. 20000" | raw "$1/long" &&
	perl -e "print qq(\\\$Id\\\$\\n) x 3000, chr(0x20ac) x 0" | raw "$1/ids" &&
	for i in 0 1 2 3 4 5 6 7 8 9
	do
		printf "%s\0 end" "$(printf "$(shape $i)" | sed "s/_/\$/g")" | raw "$1/id-$i" || \
			return 1
	done
}

printf g >go
test_expect_success 'set up' '
	git init -q --bare -b main repo.git &&
	git init -q -b main repo &&
	samples a &&
	samples dir/b &&
	commit one
'

# Red without: each of expand_whole, expand_streamed, is_foreign, to_crlf, is_lf_text, encode in
# convert_apply, and the line of take_eol or take_encoding for it.
test_expect_success 'eol, text, crlf, ident and encodings, alone and together, as in a clone' '
	for line in "* text" "* text eol=crlf" "* eol=crlf" "* text=auto eol=crlf" \
		"* -text eol=crlf" "* text eol=lf" "* crlf" "* crlf eol=crlf" \
		"* -crlf eol=crlf" "* crlf=input eol=crlf" "* binary eol=crlf" "* text=auto" \
		"* ident" "* -ident" "* ident eol=crlf" "* ident text=auto eol=crlf" \
		"* ident text=auto" "* ident text=auto eol=lf" "* ident crlf=auto" \
		"id* ident working-tree-encoding=UTF-16LE" "u* working-tree-encoding=UTF-16" \
		"u* working-tree-encoding=UTF-16LE-BOM" \
		"u* working-tree-encoding=UTF-16BE-BOM eol=crlf" \
		"u* working-tree-encoding=utf-16le text eol=crlf" \
		"u* working-tree-encoding=UTF-32" "lf working-tree-encoding=latin-1" \
		"id working-tree-encoding=ISO-8859-15 ident eol=crlf" \
		"u* working-tree-encoding=utf-8" "*f eol=crlf" "dir/** eol=crlf" \
		"/lf eol=crlf" "a/lf eol=crlf" "[attr]x eol=crlf ident
* x" "* eol=crlf
a/* !eol" "u* working-tree-encoding=UTF-16
* eol=crlf"
	do
		attributes "$line" &&
		commit "$line" &&
		fresh &&
		same || { echo "attributes: $line"; return 1; }
	done
'

test_expect_success 'in directories, with patterns of their own; a change of them starts clean' '
	attributes "* text=auto" &&
	printf "* eol=crlf\n" | raw dir/.gitattributes &&
	printf "lf eol=lf\n" | raw dir/b/.gitattributes &&
	commit dirs &&
	co &&
	same &&
	printf "* ident\n" | raw dir/.gitattributes &&
	commit ident &&
	co &&
	same &&
	test_grep "built clean: dir/.gitattributes changed" err &&
	co &&
	test_grep " 0 files written" err
'

# Red without: the wrapped odb in open_plain.
test_expect_success 'info/attributes and the configuration of repository and user change nothing' '
	fresh &&
	same &&
	sums work/src >before &&
	mkdir -p repo.git/info &&
	echo "* eol=crlf ident" >repo.git/info/attributes &&
	git -C repo.git config core.autocrlf true &&
	git -C repo.git config core.eol crlf &&
	echo "* ident" >attrs &&
	git -C repo.git config core.attributesFile $TRASH/attrs &&
	printf "[core]\n\tautocrlf = true\n" >.gitconfig &&
	fresh &&
	sums work/src >after &&
	test_cmp before after &&
	rm repo.git/info/attributes .gitconfig &&
	git -C repo.git config --unset core.autocrlf &&
	git -C repo.git config --unset core.eol
'

# Red without: checkout_look_above; the comparison of rules in sync_once.
test_expect_success 'attributes above the subdirectory apply, join the key; a change starts clean' '
	git -C repo rm -q -f --cached dir/.gitattributes dir/b/.gitattributes &&
	git -C repo rm -q -f --cached .gitattributes &&
	commit none &&
	fresh --subdir dir/b &&
	same dir/b &&
	! grep -q ^attributes said &&
	cp said said.none &&
	printf "dir/b/* eol=crlf\n" | raw .gitattributes &&
	commit top &&
	co --subdir dir/b &&
	same dir/b &&
	test_grep "^attributes [0-9a-f]{40}$" said &&
	test_grep "^source clean" said &&
	grep ^attributes said >one &&
	test "$(grep ^tree said)" = "$(grep ^tree said.none)" &&
	co --subdir dir/b &&
	test_grep "^source incremental" said &&
	printf "dir/b/* ident\n" | raw dir/.gitattributes &&
	commit two &&
	co --subdir dir/b &&
	same dir/b &&
	grep ^attributes said >two &&
	! cmp -s one two &&
	printf "* ident\n" | raw dir/b/.gitattributes &&
	commit three &&
	co --subdir dir/b &&
	grep ^attributes said >three &&
	test_cmp two three &&
	git -C repo rm -q -f --cached dir/b/.gitattributes dir/.gitattributes &&
	commit four
'

test_expect_success 'an encoding that is unknown, or cannot hold the text, is refused by path' '
	attributes "utf8 working-tree-encoding=no-such" &&
	commit no &&
	test_expect_code 65 co &&
	unknown="working-tree-encoding=no-such is not an encoding that this node knows" &&
	test_grep "^error .*a/utf8: $unknown" said &&
	attributes "utf8 working-tree-encoding=ISO-8859-1" &&
	commit no &&
	test_expect_code 65 co &&
	test_grep "cannot write a/utf8 as ISO-8859-1" said &&
	attributes "utf8 working-tree-encoding" &&
	commit no &&
	test_expect_code 65 co &&
	test_grep "needs the name" said &&
	attributes "utf8 working-tree-encoding=UTF-16//TRANSLIT" &&
	commit no &&
	test_expect_code 65 co
'

pointer () {
	printf "version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12345\n" 7
}

# Red without: look_for_pointer in smudge_each; each comparison of on_missing in smudge.c.
test_expect_success 'a Git LFS pointer is refused by path, or named with warn; other files pass' '
	attributes "*.bin filter=lfs diff=lfs merge=lfs -text" &&
	printf "plain\n" | raw a/plain.bin &&
	commit plain &&
	fresh &&
	same &&
	! test_grep LFS err &&
	pointer | raw a/big.bin &&
	pointer | raw a/second.bin &&
	commit lfs &&
	test_expect_code 65 co &&
	test_grep \
		"^error .*a/big.bin is a Git LFS pointer, and the file itself is not on this node" \
		said &&
	test ! -e work/tree &&
	test_expect_code 65 co --on-missing refuse &&
	co --on-missing warn &&
	same &&
	test_grep "^hornero: a/big.bin is a Git LFS pointer" err &&
	test_grep "^hornero: 1 more Git LFS pointers" err &&
	test_expect_code 65 co &&
	attributes "x text" &&
	commit none &&
	fresh &&
	same &&
	! grep LFS err
'

test_expect_success 'another filter and a submodule are named, or refused' '
	attributes "a/lf filter=crypt" &&
	commit crypt &&
	fresh &&
	same &&
	test_grep "a/lf has filter=crypt: the build sees it as" err &&
	test_expect_code 65 co --on-missing refuse &&
	test_grep "a/lf has filter=crypt in .gitattributes, and this node" said &&
	attributes "x text" &&
	git -C repo update-index --add --cacheinfo 160000,$(git -C repo rev-parse HEAD),vendor &&
	commit module &&
	fresh &&
	test_grep "vendor is a submodule and stays empty" err &&
	test_expect_code 65 co --on-missing refuse &&
	test_grep "vendor is a submodule, and its files are not on this node" said
'

test_done
