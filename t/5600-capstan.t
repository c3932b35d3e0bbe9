#!/bin/sh
# The Capstan builders, as far as they can be shown where no capstan is installed: how they are
# chosen, what they run, and what is said when the tool is missing. "capstan-stand-in" takes the
# tool's place: it accepts exactly the command lines of the real one and leaves a qcow2 where the
# real one does.
test_description='capstan and capstan-compose, by a stand-in for the tool'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

test_expect_success 'builder files whose tool is the stand-in, in the pushed tree' '
	mkdir builders &&
	for b in capstan capstan-compose
	do
		sed -e "s,^argv: \[capstan\, ,argv: [sh\, capstan-stand-in\, ," \
			-e "s/exec capstan /exec sh capstan-stand-in /" \
			-e "s/^needs:.*/needs: [qemu-img]/" \
			-e "/^inputs:/,\$d" -e "/^version:/,/^\$/d" \
				"$HORNERO_SRC/etc/builders.d/$b.yaml" >builders/$b.yaml || return 1
	done &&
	grep -h "^argv" builders/*.yaml &&
	grep -h "^needs" builders/*.yaml &&
	node_init "builders_dir: $TRASH/builders" &&
	node_start &&
	node_hello_repo &&
	cat >capstan-stand-in <<-"END" &&
	test -n "$CAPSTAN_ROOT" || { echo "CAPSTAN_ROOT is not set"; exit 65; }
	case "$*" in
	"build "*) test -f Capstanfile || exit 65; shift ;;
	"package compose --fs rofs "*) test -f meta/package.yaml || exit 65; shift 4 ;;
	*) echo "usage: $*"; exit 64 ;;
	esac
	test "$1" != -v || shift
	mkdir -p "$CAPSTAN_ROOT/repository/$1"
	head -c 1048576 /dev/zero >disk
	printf "stand-in %s" "$HORNERO_TREE" | dd of=disk conv=notrunc 2>/dev/null
	qemu-img convert -f raw -O qcow2 disk "$CAPSTAN_ROOT/repository/$1/$1.qemu"
	END
	git -C "$HELLO_WORK" rm -q -r . &&
	cp capstan-stand-in "$HELLO_WORK/"
'

# warm_names_tree BUILDER: pushes the work tree; the image of that builder has the tree's id.
warm_names_tree () {
	push_built_by "$1" &&
	test "$(tr -d "\0" <"$(node_warm_path "$HELLO_UUID")")" = \
		"stand-in $(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}")"
}

test_expect_success 'a Capstanfile chooses capstan; its qcow2 becomes RAW' '
	echo "base: cloudius/osv" >"$HELLO_WORK/Capstanfile" &&
	warm_names_tree capstan
'

test_expect_success 'meta/package.yaml chooses capstan-compose' '
	git -C "$HELLO_WORK" rm -q Capstanfile &&
	mkdir "$HELLO_WORK/meta" &&
	echo "name: hello" >"$HELLO_WORK/meta/package.yaml" &&
	warm_names_tree capstan-compose
'

# Red with the first match taken in conf/detect.c, and without --instead-of in build_checkout.c.
test_expect_success 'two families in one tree: the push fails with both names, or one comes first' '
	echo "base: cloudius/osv" >"$HELLO_WORK/Capstanfile" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m both &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	test_expect_code 1 hornero wait "$HELLO_UUID" --timeout 3000 &&
	both="capstan .Capstanfile. and capstan-compose .meta/package.yaml.; name one" &&
	hornero why "$HELLO_UUID" >out &&
	test_grep "2 builders match .*: $both" out &&
	test_expect_code 65 hornero builder check "$HELLO_WORK/" 2>out &&
	test_grep "2 builders match .*: $both" out &&
	echo "instead_of: [capstan]" >>builders/capstan-compose.yaml &&
	echo first >"$HELLO_WORK/README" &&
	warm_names_tree capstan-compose &&
	git -C "$HELLO_WORK" rm -q Capstanfile
'

if command -v capstan >/dev/null
then
	test_skip 'without the tool the job is held, and the tool is named' \
		'capstan is installed here'
else
test_expect_success 'without the tool the job is held, and the tool is named' '
	cp "$HORNERO_SRC/etc/builders.d/capstan.yaml" builders/ &&
	git -C "$HELLO_WORK" rm -q -r meta &&
	echo "base: cloudius/osv" >"$HELLO_WORK/Capstanfile" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m real &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 300 &&
	hornero why "$HELLO_UUID" >out &&
	test_grep capstan out &&
	cat out
'
fi

test_expect_success 'nothing that can be detected: the pusher learns what was looked for' '
	git -C "$HELLO_WORK" rm -q Capstanfile &&
	git -C "$HELLO_WORK" commit -q -m none &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	test_expect_code 1 hornero wait "$HELLO_UUID" --timeout 3000 &&
	hornero why "$HELLO_UUID" >out &&
	test_grep "Capstanfile" out
'

test_done
