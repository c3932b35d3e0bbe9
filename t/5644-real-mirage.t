#!/bin/sh
# The shipped mirage builder with MirageOS itself, installed below HORNERO_FRAMEWORKS/mirage, and
# the Solo5 of HORNERO_FRAMEWORKS/solo5. OCaml is Debian's, so the file is changed as its comment
# says, and the paths are those of the two directories.
test_description='MirageOS itself: the example boots, an incremental build, a wrong source'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
mirage=$HORNERO_FRAMEWORKS/mirage
solo5=$HORNERO_FRAMEWORKS/solo5
test -n "$HORNERO_FRAMEWORKS" && test -x "$mirage/bin/mirage" && test -d "$mirage/duniverse" ||
	test_skip_all 'no MirageOS in HORNERO_FRAMEWORKS/mirage (HACKING.md)'
test -x "$solo5/bin/solo5-elftool" || test_skip_all 'no Solo5 in HORNERO_FRAMEWORKS/solo5'
test_requires qemu-system-x86_64 qemu-system-x86
test_requires ocamlfind ocaml-findlib
test_requires grub-mkimage grub-common
test_requires jq jq
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'

# pushed SECONDS: commits and pushes the work tree; its job ends in that time. Sets job.
pushed () {
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m change &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out || { cat push.out; return 1; }
	push_job &&
	hornero wait "$job" --timeout "$1"
}

# booted LINE: mirage built the job, and its boot check saw that line.
booted () {
	hornero show "$job" --json | jq -e ".builder == \"mirage\"" &&
	hornero log "$job" >log &&
	test_grep "^$1" log &&
	test_grep "^hornero: the expected line came" log
}

test_expect_success 'the example with its duniverse is warm and has booted' '
	mkdir builders &&
	sed -e "s,^  PATH: ,&$solo5/bin:," -e "s,/opt/mirage/hornero,$mirage,g" \
		-e "s,^inputs:.*,inputs: [$mirage\, $solo5]," \
		"$HORNERO_SRC/etc/builders.d/mirage.yaml" >builders/mirage.yaml &&
	sed -i -e "/^env:/a \\  OCAMLFIND_CONF: $mirage/lib/findlib.conf" \
		-e "/^version:/a \\  - [ocamlopt\, -version]" \
		-e "s,^  OCAMLPATH:.*,&:/usr/lib/ocaml," builders/mirage.yaml &&
	node_init "builders_dir: $TRASH/builders" &&
	node_start &&
	node_hello_repo &&
	git -C "$HELLO_WORK" rm -q -r . &&
	mkdir -p "$HELLO_WORK" &&
	cp -R "$HORNERO_SRC/examples/mirage-hello/." "$mirage/duniverse" "$HELLO_WORK" &&
	echo "expect: ^hello from hornero" >>"$HELLO_WORK/.hornero.yaml" &&
	pushed 280 &&
	booted "hello from hornero"
'

# Red with `dune clean` in mirage.yaml.
test_expect_success 'one line changed: the libraries stay, and the new line is said' '
	lwt=$NODE/unikernels/$HELLO_UUID/src/_build/solo5/duniverse/lwt/src/core/lwt.a &&
	before=$(stat -c "%i %y" "$lwt") &&
	sed -i "s/hello from/good evening from/" "$HELLO_WORK/unikernel.ml" &&
	sed -i "s/\^hello from/^good evening from/" "$HELLO_WORK/.hornero.yaml" &&
	pushed 120 &&
	booted "good evening from hornero" &&
	test "$(stat -c "%i %y" "$lwt")" = "$before"
'

test_expect_success 'a source that does not compile: the log has the line of the compiler' '
	echo "let broken = 1 + true" >>"$HELLO_WORK/unikernel.ml" &&
	test_must_fail pushed 280 &&
	hornero log "$job" >log &&
	test_grep "^Error: This expression has type bool" log &&
	grep -aq "good evening from hornero" "$(node_warm_path "$HELLO_UUID")"
'

test_done
