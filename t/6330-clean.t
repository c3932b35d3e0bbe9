#!/bin/sh
# Builds that do not use the leftovers of earlier ones: after a change of the files that say how to
# build, of the builder or of its toolchain, and if the pusher asks for it. The warm artifact is
# then the one of a fresh clone.
test_description='incremental and clean builds'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

cat >makefile <<'END'
include v.mk
hornero.raw: a.o main
	cat a.o main >hornero.raw
	truncate -s 1M hornero.raw
a.o: seed
	echo $(V) >a.o
END

# built_is HOW: clean or incremental
built_is () {
	test "$(job_field built)" = "$1"
}

test_expect_success 'a node, and an object that depends on a variable without a file' '
	cp -r "$HORNERO_SRC/etc/builders.d" builders.d &&
	chmod -R u+w builders.d &&
	node_init "builders_dir: $TRASH/builders.d" &&
	node_start &&
	node_hello_repo &&
	git -C "$HELLO_WORK" rm -rq . &&
	echo "builder: make" >"$HELLO_WORK/.hornero.yaml" &&
	echo seed >"$HELLO_WORK/seed" &&
	cp makefile "$HELLO_WORK/Makefile" &&
	echo V = 1 >"$HELLO_WORK/v.mk" &&
	echo one >"$HELLO_WORK/main" &&
	node_push &&
	built_is clean &&
	warm_lines 1 one
'

test_expect_success 'a changed source is built upon what is there' '
	echo two >"$HELLO_WORK/main" &&
	node_push &&
	built_is incremental &&
	warm_lines 1 two
'

# Red without: --clean-when in agent/build/build_checkout.c.
test_expect_success 'a changed variable of a Makefile means a clean build' '
	echo V = 2 >"$HELLO_WORK/v.mk" &&
	node_push &&
	built_is clean &&
	warm_lines 2 two &&
	sed -i "s/echo \$(V)/echo v\$(V)/" "$HELLO_WORK/Makefile" &&
	node_push &&
	built_is clean &&
	warm_lines v2 two
'

# Red without: reason_for_clean() in agent/sandboxed/checkout/treesync.c.
test_expect_success 'so does a removed file, a mode, and the target of a link' '
	echo >"$HELLO_WORK/extra" &&
	ln -s seed "$HELLO_WORK/link" &&
	node_push &&
	built_is incremental &&
	rm "$HELLO_WORK/extra" &&
	node_push &&
	built_is clean &&
	chmod +x "$HELLO_WORK/seed" &&
	node_push &&
	built_is clean &&
	ln -sf main "$HELLO_WORK/link" &&
	node_push &&
	built_is clean &&
	node_push &&
	hornero show "$job" --json | jq -e .reused
'

# Red without: key_source() taking the builder in; the comparison in say_go().
test_expect_success 'so does a changed builder file, and another toolchain' '
	echo three >"$HELLO_WORK/main" &&
	node_push &&
	built_is incremental &&
	echo "# changed" >>builders.d/make.yaml &&
	echo four >"$HELLO_WORK/main" &&
	node_push &&
	built_is clean &&
	echo five >"$HELLO_WORK/main" &&
	node_push &&
	built_is incremental &&
	sed -i "s/^version:/&\n  - [cat, $(printf %s "$TRASH" | sed "s|/|\\\\/|g")\/version]/" \
		builders.d/make.yaml &&
	echo 1 >version &&
	chmod 755 . &&
	echo six >"$HELLO_WORK/main" &&
	node_push &&
	built_is clean &&
	echo 2 >version &&
	echo seven >"$HELLO_WORK/main" &&
	node_push &&
	built_is clean &&
	echo eight >"$HELLO_WORK/main" &&
	node_push &&
	built_is incremental
'

# Red without: .clean in hooks/moves.c.
test_expect_success '-o clean starts from nothing, known or not' '
	touch "$NODE/unikernels/$HELLO_UUID/src/left" &&
	node_push -o clean &&
	built_is clean &&
	test ! -e "$NODE/unikernels/$HELLO_UUID/src/left" &&
	hornero show "$job" --json | jq -e ".clean and (.reused | not)" &&
	test_must_fail node_push -o clean -o skip &&
	test_grep "skip cannot be combined with other options" push.out
'

# Red without: build_again_clean() in agent/build/main.c.
test_expect_success 'an incremental build that leftovers spoil is tried again from nothing' '
	echo nine >"$HELLO_WORK/main" &&
	echo nonsense >"$NODE/unikernels/$HELLO_UUID/src/GNUmakefile" &&
	node_push &&
	built_is clean &&
	warm_lines v2 nine &&
	hornero log "$job" >log &&
	test_grep "building once more, from nothing" log &&
	test "$(attempt_field attempt)" -eq 1
'

test_expect_success 'it fails if the clean build fails as well, and a clean one is built once' '
	echo false >"$HELLO_WORK/fails" &&
	sed -i -e "s/^hornero.raw: a.o main/& fails/" -e "s/^\tcat/\t. .\/fails\n&/" \
		"$HELLO_WORK/Makefile" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test "$(grep -c "builder make: make" log)" -eq 1 &&
	test_must_fail grep "building once more" log &&
	echo : >"$HELLO_WORK/fails" &&
	node_push &&
	echo "false # again" >"$HELLO_WORK/fails" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test "$(grep -c "builder make: make" log)" -eq 2 &&
	test_grep "building once more, from nothing" log &&
	job_field reason >reason &&
	test_grep "make ended with exit 2" reason
'

test_done
