#!/bin/sh
# `also` of .hornero.yaml: a monorepo whose image is made in node/ from ../shared as well.
test_description='.hornero.yaml: paths outside the directory of the image'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# put FILE LINE…: in the work clone
put () {
	put__file=$HELLO_WORK/$1
	shift
	mkdir -p "$(dirname "$put__file")" &&
	printf '%s\n' "$@" >"$put__file"
}

# reused: the last job found its content known.
reused () {
	test "$(verdict reused)" = 1
}

# builds TEXT: a push makes this warm by a build.
builds () {
	node_push &&
	job_state_is published &&
	! reused &&
	warm_text_is "$1"
}

test_expect_success 'a node, and an image of the directory node of a monorepo' '
	node_init &&
	{
		cat <<-\EOT
		argv: [make]
		artifact: /build/src/out.raw
		format: raw
		allow: [also, artifact, subdir]
		clean_when: [rules/*.mk]
		EOT
	} >"$NODE/builders.d/mono.yaml" &&
	chmod 0644 "$NODE/builders.d/mono.yaml" &&
	node_start &&
	node_hello_repo &&
	git -C "$HELLO_WORK" rm -qrf . &&
	hornero image set $HELLO_UUID subdir=node &&
	put shared/text one &&
	put shared/deep/er/file deep &&
	put shared/unseen no &&
	put other/text other &&
	put top top &&
	put node/.hornero.yaml "builder: mono" "also: [shared/text, shared/deep, top]" &&
	put node/Makefile "out.raw: ../shared/text" \
		"	echo \$\$(pwd) \$\$(cat ../shared/text ../shared/deep/er/file ../top)>\$@" \
		"	ls -d .. ../* ../shared/* /build/src/Makefile | tr \"\\n\" \" \" >>\$@" \
		"	truncate -s 64K \$@"
'

test_expect_success 'the build sees these paths where a clone has them, and no other' '
	builds "/build/repo/node one deep top
.. ../node ../shared ../shared/deep ../shared/text ../top /build/src/Makefile "
'

# Red without checkout_also() in agent/sandboxed/checkout/main.c.
test_expect_success 'a push that changes only such a path builds the image' '
	put shared/text two &&
	builds "/build/repo/node two deep top
.. ../node ../shared ../shared/deep ../shared/text ../top /build/src/Makefile " &&
	test "$(verdict built)" = incremental
'

test_expect_success 'a push that changes others does not' '
	put other/text "other two" &&
	put shared/unseen "nor this" &&
	node_push &&
	reused
'

test_expect_success 'a pattern of clean_when is relative to the directory of the image' '
	put node/rules/a.mk "# a" &&
	node_push &&
	test "$(verdict built)" = clean &&
	put shared/deep/rules/a.mk "# not this" &&
	node_push &&
	test "$(verdict built)" = incremental
'

test_expect_success 'attributes above apply, and their change builds' '
	put .gitattributes "shared/text text eol=crlf" &&
	node_push &&
	! reused &&
	warm_text | head -n 1 | tr "\\r" R >first &&
	grep "twoR deep top" first
'

test_expect_success 'artifact and subdir begin at the directory of the image' '
	put node/app/Makefile "x.img:" "	cat ../../top >\$@; pwd >>\$@" \
		"	truncate -s 64K \$@" &&
	put node/.hornero.yaml "builder: mono" "also: [top]" "subdir: app" \
		"artifact: \"*/x.img\"" &&
	builds "top
/build/repo/node/app" &&
	put top "new top" &&
	builds "new top
/build/repo/node/app"
'

# Red without `inside` in key_content(): the trees are the same.
test_expect_success 'two images that see the same tree from two places are two' '
	other=7f7e1516-28ae-4d2a-abf7-158809cf4f3d &&
	for side in left right
	do
		put $side/Makefile "out.raw:" "	basename \$\$(pwd) >\$@" \
			"	truncate -s 64K \$@" || return 1
	done &&
	put left/.hornero.yaml "builder: mono" "also: [right]" &&
	put right/.hornero.yaml "builder: mono" "also: [left]" &&
	hornero image set $HELLO_UUID subdir=left &&
	node_push &&
	warm_text_is left &&
	hornero image add $other hello --subdir right &&
	hornero wait $other --timeout 300 &&
	grep -h "^tree=" $(grep -l "^commit=$(git -C "$HELLO_WORK" rev-parse HEAD)" \
		"$NODE"/state/log/*.verdict) >trees &&
	test "$(wc -l <trees)" -ge 2 &&
	test "$(sort -u trees | wc -l)" = 1 &&
	warm_text_is right $other
'

test_expect_success 'a path that the commit does not have is the fault of the pusher' '
	put left/.hornero.yaml "builder: mono" "also: [right, shared/nowhere]" &&
	test_must_fail node_push &&
	test_grep "yaml:2:15: also: .shared/nowhere.: the commit has no such path" push.out &&
	git -C "$HELLO_WORK" push -q origin main:side &&
	hornero image set $other ref=refs/heads/side subdir=left &&
	why_says $other "also: commit [0-9a-f]* has no nowhere on the way to a path"
'
test_done
