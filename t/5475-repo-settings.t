#!/bin/sh
# Settings of a repository's build in .hornero.yaml, as far as its builder allows them.
test_description='.hornero.yaml: artifact, arguments, target, env, subdir'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# says LINE…: .hornero.yaml of the next push, for the builder `tool` unless the lines say otherwise.
says () {
	printf '%s\n' "$@" >"$HELLO_WORK/.hornero.yaml" &&
	{ grep -q '^builder:' "$HELLO_WORK/.hornero.yaml" ||
		echo 'builder: tool' >>"$HELLO_WORK/.hornero.yaml"; }
}

# tool LINE…: the script that the builder runs, in the repository.
tool () {
	printf '%s\n' 'set -e' "$@" >"$HELLO_WORK/tool.sh"
}

# writes FILE TEXT: a line of the tool that makes a disk of 64 KiB which begins with TEXT.
writes () {
	echo "mkdir -p \$(dirname $1); printf '%s' \"$2\" >$1; truncate -s 64K $1"
}

# built TEXT [OPTION…]: a push makes this warm.
built () {
	built__text=$1
	shift
	node_push "$@" &&
	job_state_is published &&
	warm_text_is "$built__text"
}

# fails PATTERN: a push fails by the pusher's fault, with a reason that matches.
fails () {
	node_push
	job_state_is failed &&
	test "$(attempt_field class)" = pusher &&
	hornero why "$job" >why.out &&
	cat why.out &&
	test_grep "$1" why.out
}

test_expect_success 'a node; the builder tool allows all, the builder strict nothing' '
	node_init &&
	cat >"$NODE/builders.d/tool.yaml" <<-\EOT &&
	argv: [sh, /build/src/tool.sh]
	artifact: /build/src/hornero.raw
	format: raw
	env: {COLOR: red, SHAPE: round}
	allow: [artifact, arguments, target, subdir, boot_bus, env COLOR EMPTY]
	EOT
	sed -e /^allow:/d "$NODE/builders.d/tool.yaml" >"$NODE/builders.d/strict.yaml" &&
	sed -e "s/^argv:.*/argv: [sh, \/build\/src\/tool.sh, \"{arguments}\", mid, \"{target}\"]/" \
		"$NODE/builders.d/tool.yaml" >"$NODE/builders.d/placed.yaml" &&
	chmod 0644 "$NODE"/builders.d/*.yaml &&
	node_start &&
	node_hello_repo
'

test_expect_success 'nothing said: as the builder file has it' '
	says "builder: tool" &&
	tool "$(writes hornero.raw "\$COLOR \$SHAPE \$#")" &&
	built "red round 0"
'

test_expect_success 'an artifact at a path of its own' '
	says "artifact: build/app.img" &&
	tool "$(writes build/app.img one)" &&
	built one
'

# Red without remove_plain() for the repository'\''s path in agent/build/build_artifact.c.
test_expect_success 'that of an earlier build does not count' '
	tool ":" &&
	fails "succeeded but left no /build/src/build/app.img"
'

test_expect_success 'no artifact: the error has the new files, and the line to write' '
	says "builder: tool" &&
	tool "$(writes build/app.img x)" "truncate -s 2M build/big.o" \
		"truncate -s 1M build/large" "echo small >build/small.img" &&
	fails "left no /build/src/hornero.raw; new files that may be it: build/app.img .64.0 KiB" &&
	test_grep ", build/large .1.0 MiB.; if so, write into" why.out &&
	test_grep "write into .hornero.yaml: artifact: build/app.img;" why.out
'

test_expect_success 'the line that it said is right' '
	says "artifact: build/app.img" &&
	built x
'

test_expect_success 'where the builder does not allow it, the hint says whom to ask' '
	says "builder: strict" &&
	tool "$(writes build/app.img y)" &&
	fails "build/app.img .64.* KiB.; the builder strict does not allow .artifact."
'

test_expect_success 'a pattern: the one new file that matches' '
	says "artifact: out/*_qemu-x86_?4" &&
	tool "$(writes out/hello_qemu-x86_64 pattern)" "echo dbg >out/hello_qemu-x86_64.dbg" &&
	built pattern
'

# Red without build_artifact_clear() in agent/build/build_checkout.c: make would find its target
# there, and only a second build, from nothing, would make it.
test_expect_success 'a tool that makes only what is missing makes it again' '
	tool "test -e out/hello_qemu-x86_64 || { $(writes out/hello_qemu-x86_64 again); }" \
		"date >stamp" &&
	built again &&
	test "$(verdict built)" = incremental
'

# Red without was_there().
test_expect_success 'a tracked file that matches stays for the build, and is not the artifact' '
	says "artifact: out/*.img" &&
	mkdir -p "$HELLO_WORK/out" &&
	echo tracked >"$HELLO_WORK/out/base.img" &&
	tool "$(writes out/app.img "\$(cat out/base.img)")" &&
	built tracked &&
	tool "$(writes out/app.img "two \$(cat out/base.img)")" &&
	built "two tracked"
'

test_expect_success 'but it is if the build changed it' '
	tool "$(writes out/base.img changed)" &&
	built changed
'

test_expect_success 'several match: an error with their names' '
	tool "$(writes out/a.img a)" "$(writes out/b.img b)" "ln -s a.img out/link.img" &&
	fails "the artifact out/\*.img of .hornero.yaml matches 2 new files, and one is needed:" &&
	test_grep ": out/[ab].img .64.0 KiB., out/[ab].img .64.0 KiB.; name it more exactly" why.out
'

test_expect_success 'none matches: what was looked for, and what is there' '
	tool "$(writes image.raw a)" &&
	fails "left no new file that matches the artifact out/\*.img of .hornero.yaml; new files" &&
	test_grep "new files that may be it: image.raw .64.0 KiB.; if so, write" why.out
'

test_expect_success 'the search leaves no link out of the checkout' '
	says "artifact: \"*/*.img\"" &&
	tool "$(writes ../cache/deep/app.img secret)" "ln -s ../cache/deep deep" \
		"ln -s ../../../../../../../../etc etc" &&
	fails "left no new file that matches" &&
	says "artifact: deep/app.img" &&
	tool "mkdir -p ../cache/deep; rm -rf deep; ln -s ../cache/deep deep" \
		"$(writes ../cache/deep/app.img secret)" &&
	fails "deep/app.img is reached through a symbolic link"
'

test_expect_success 'arguments and target follow the argv, the target first' '
	git -C "$HELLO_WORK" rm -qrf out &&
	says "arguments: [-j2, \"a b\", \"\$HOME;\"]" "target: image" &&
	tool "$(writes hornero.raw "\$# \$1 \$2 \$3 \$4")" &&
	built "4 image -j2 a b \$HOME;"
'

test_expect_success 'or stand where the builder file wants them, or nowhere' '
	says "builder: placed" "arguments: [-j2, x]" "target: image" &&
	tool "$(writes hornero.raw "\$*")" &&
	built "-j2 x mid image" &&
	says "builder: placed" &&
	built mid
'

test_expect_success 'env replaces and adds variables' '
	says "env: {COLOR: \"dark blue\", EMPTY: }" &&
	tool "$(writes hornero.raw "\$COLOR \$SHAPE \${EMPTY-unset}.")" &&
	built "dark blue round ."
'

# Red without is_seen() in agent/common/contentkey.c.
test_expect_success 'a changed flag starts from nothing, a changed artifact does not' '
	tool "$(writes hornero.raw "\$COLOR \$(ls | grep -c left)")" ": >left" \
		"cp hornero.raw other.raw" &&
	built "dark blue 0" &&
	touch "$HELLO_WORK/another" &&
	built "dark blue 1" &&
	says "env: {COLOR: green}" &&
	built "green 0" &&
	says "env: {COLOR: green}" "artifact: other.raw" &&
	built "green 1"
'

test_expect_success 'subdir: the command runs there; the artifact is named from the top' '
	mkdir -p "$HELLO_WORK/node/app" &&
	echo here >"$HELLO_WORK/node/app/file" &&
	says "subdir: node/app" "artifact: node/app/x.img" &&
	tool "$(writes x.img "\$(pwd) \$(cat file)")" &&
	built "/build/src/node/app here"
'

# Red without check_paths() in hooks/allowing.c, and without check_subdir() in
# agent/build/build_builder.c: no hook has looked at a ref that no image follows yet.
test_expect_success 'a subdir that is none, or a link' '
	ln -s app "$HELLO_WORK/node/link" &&
	for dir in nothing link
	do
		says "subdir: node/$dir" &&
		test_must_fail node_push &&
		test_grep "yaml:1:9: subdir: .node/$dir.: the image.s directory has no" push.out ||
			return 1
	done &&
	git -C "$HELLO_WORK" push -q origin main:side &&
	hornero image add 7f7e1516-28ae-4d2a-abf7-158809cf4f3d hello --ref refs/heads/side &&
	why_says 7f7e1516-28ae-4d2a-abf7-158809cf4f3d "cannot enter the directory node/link of the"
'

# The hook knows the builder file of the push; the build that of its own time. Red without
# check_words() in agent/build/build_checkout.c.
test_expect_success 'a permission that was taken away since the push is checked again' '
	hornero pause &&
	says "target: image" &&
	tool "$(writes hornero.raw t)" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m pausing &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	push_job &&
	sed -i "s/ target,//" "$NODE/builders.d/tool.yaml" &&
	hornero resume &&
	job_ends failed &&
	why_says "$job" "yaml: the builder tool does not allow the setting .target image." &&
	test "$(attempt_field class)" = pusher
'
test_done
