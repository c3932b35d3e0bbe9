#!/bin/sh
# The shipped builders whose tools are not here, each by a stand-in in the pushed tree. It accepts
# exactly the command line of the real tool, and leaves what the real one leaves.
test_description='shipped builder files: nanos, osv and command, by stand-ins for their tools'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# with_stand_in BUILDER SED…: a copy of the shipped file without what the node does not have.
with_stand_in () {
	builder=$1 &&
	shift &&
	sed -e "s/^needs:.*/needs: [qemu-img]/" -e "/^version:/,/^\$/d" "$@" \
		"$HORNERO_SRC/etc/builders.d/$builder.yaml" >"builders/$builder.yaml"
}

# warm BUILDER: pushes the work tree, that builder builds it, and the image has the tree's id.
warm () {
	push_built_by $1 &&
	test "$(tr -d "\0" <"$(node_warm_path "$HELLO_UUID")")" = \
		"$1 $(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}")"
}

test_expect_success 'a node with the shipped files, whose tools are stand-ins' '
	mkdir builders nanos &&
	echo 0.1.52 >nanos/latest.txt &&
	echo boot >nanos/boot.img &&
	echo kernel >nanos/kernel.img &&
	with_stand_in nanos -e "s,^    ops build,    sh ./ops-stand-in build," \
		-e "s,- /var/lib/nanos,- $TRASH/nanos," &&
	with_stand_in osv &&
	with_stand_in command -e "s,^argv:.*,argv: [sh\, ./command-stand-in]," -e "/^inputs:/d" &&
	node_init "builders_dir: $TRASH/builders" &&
	node_start &&
	node_hello_repo &&
	git -C "$HELLO_WORK" rm -q -r .
'

# ops: exit 0 with a message, and no image, for a configuration that it cannot read.
test_expect_success 'nanos: an ops.json; make makes the program' '
	cat >"$HELLO_WORK/ops-stand-in" <<-"END" &&
	test "$*" = "build app -c ops.json -i hornero" || { echo "usage: $*"; exit 64; }
	v=$(cat "$OPS_HOME/.ops/latest.txt") && cd "$OPS_HOME/.ops/$v" || exit 1
	cat boot.img kernel.img && cd /build/src && test -x app || exit 1
	case "$(cat ops.json)" in
	"{"*) ;;
	*) printf "Error: failed converting\nSee more\n" >&2; exit 0 ;;
	esac
	mkdir -p "$OPS_HOME/.ops/images"
	head -c 1048576 /dev/zero >"$OPS_HOME/.ops/images/hornero"
	printf "nanos %s" "$HORNERO_TREE" |
		dd of="$OPS_HOME/.ops/images/hornero" conv=notrunc 2>/dev/null
	END
	printf "app:\n\ttouch app && chmod +x app\n" >"$HELLO_WORK/Makefile" &&
	echo "{}" >"$HELLO_WORK/ops.json" &&
	warm nanos
'

# Red without remove_plain() in agent/build/build_artifact.c.
test_expect_success 'nanos: exit 0 without an image fails, although an earlier image was there' '
	echo oops >"$HELLO_WORK/ops.json" &&
	git -C "$HELLO_WORK" commit -q -a -m wrong &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	push_job &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	hornero why "$HELLO_UUID" >out &&
	test_grep "sh ended with exit 1; its last line: ops.json: failed converting" out
'

test_expect_success 'osv: scripts/build in a tree of OSv' '
	git -C "$HELLO_WORK" rm -q -r . &&
	mkdir -p "$HELLO_WORK/scripts" &&
	echo >"$HELLO_WORK/bootfs.manifest.skel" &&
	cat >"$HELLO_WORK/scripts/build" <<-"END" &&
	#!/bin/sh -e
	case "$*" in -j[0-9]*" fs=rofs image=mine") ;; *) echo "usage: $*"; exit 64 ;; esac
	mkdir -p build/release.x64
	ln -sfn release.x64 build/release
	ln -sfn release.x64 build/last
	head -c 1048576 /dev/zero >disk
	printf "osv %s" "$HORNERO_TREE" | dd of=disk conv=notrunc 2>/dev/null
	qemu-img convert -f raw -O qcow2 disk build/last/usr.img
	END
	chmod +x "$HELLO_WORK/scripts/build" &&
	echo "arguments: [image=mine]" >"$HELLO_WORK/.hornero.yaml" &&
	warm osv
'

# As when qemu-nbd cannot write the command line into the image. Red with exec in osv.yaml.
test_expect_success 'osv: exit 0 after an error fails, although there is an image' '
	cp "$(node_warm_path "$HELLO_UUID")" before &&
	echo "echo \"scripts/build failed: imgedit.py setargs usr.img\" >&2" \
		>>"$HELLO_WORK/scripts/build" &&
	test_must_fail node_push &&
	hornero why "$HELLO_UUID" >out &&
	test_grep "its last line: scripts/build failed: imgedit.py" out &&
	cmp before "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'command: never detected, named by the repository' '
	git -C "$HELLO_WORK" rm -q -r . &&
	cat >"$HELLO_WORK/command-stand-in" <<-"END" &&
	head -c 1048576 /dev/zero >hornero.raw
	printf "command %s" "$HORNERO_TREE" | dd of=hornero.raw conv=notrunc 2>/dev/null
	END
	echo "builder: command" >"$HELLO_WORK/.hornero.yaml" &&
	warm command
'

test_done
