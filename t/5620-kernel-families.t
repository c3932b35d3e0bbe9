#!/bin/sh
# The shipped builders that leave kernels. Their tools are stand-ins in the pushed tree: each
# accepts the command line of the real tool, and leaves a small multiboot kernel where that one
# leaves its own.
test_description='shipped builder files: unikraft, kraftkit, solo5 and mirage, by stand-ins'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/kernel.sh"
test_requires gcc gcc
test_requires grub-mkimage grub-common
test_requires mcopy mtools
test_requires jq jq
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'

# with_stand_in BUILDER SED…: a copy of the shipped file without what the node does not have.
with_stand_in () {
	builder=$1 &&
	shift &&
	sed -e "s/^needs:.*/needs: [make]/" -e "/^version:/,/^\$/d" -e "/^inputs:/d" "$@" \
		"$HORNERO_SRC/etc/builders.d/$builder.yaml" >"builders/$builder.yaml"
}

# tree: an empty work tree with the kernel that the stand-ins leave.
tree () {
	git -C "$HELLO_WORK" rm -q -r --ignore-unmatch . &&
	mkdir -p "$HELLO_WORK" &&
	cp kernel/kernel.elf "$HELLO_WORK/ready.elf"
}

# warm BUILDER: pushes the work tree, that builder builds it, and its disk has the kernel.
warm () {
	push_built_by $1 &&
	grep -aq "kernel says: " "$(node_warm_path "$HELLO_UUID")"
}

test_expect_success 'a node with the shipped files, whose tools are stand-ins' '
	mkdir builders &&
	with_stand_in unikraft &&
	with_stand_in kraftkit -e "s,^    kraft build,    sh ./kraft-stand-in build," &&
	with_stand_in solo5 -e "s,cc=x86_64-solo5-none-static-cc,cc=./cc-stand-in," \
		-e "s,|| solo5-elftool,|| sh ./elftool-stand-in," &&
	with_stand_in mirage -e "s,PATH: /opt/mirage/hornero/bin:,PATH: /build/src/tools:," &&
	kernel_make kernel &&
	make -s -C kernel kernel.elf &&
	node_init "builders_dir: $TRASH/builders" &&
	node_start &&
	node_hello_repo
'

# The Makefile is as those of Unikraft: UK_ROOT and UK_BUILD may come from the environment, and
# `prepare` changes the configuration that `defconfig` made.
test_expect_success 'unikraft: make, with the configuration from defconfigs' '
	tree &&
	mkdir "$HELLO_WORK/defconfigs" &&
	echo CONFIG_PLAT_KVM=y >"$HELLO_WORK/defconfigs/qemu-x86_64" &&
	echo >"$HELLO_WORK/Makefile.uk" &&
	cat >"$HELLO_WORK/Makefile" <<-\END &&
	UK_ROOT ?= $(PWD)/../unikraft
	UK_BUILD ?= $(PWD)/workdir/build
	all: ; sh ./make-stand-in "$(UK_ROOT) $(UK_LIBS)" $(UK_BUILD)
	defconfig: ; cp "$(UK_DEFCONFIG)" .config
	prepare: ; echo prepared >>.config
	END
	cat >"$HELLO_WORK/make-stand-in" <<-\END &&
	test "$1" = "/opt/unikraft/unikraft /opt/unikraft/libs" && grep KVM .config || exit 1
	test "$(grep -c prepared .config)" = 1 || exit 1
	mkdir -p "$2" && cp ready.elf "$2/hello_qemu-x86_64" &&
		cp ready.elf "$2/hello_qemu-x86_64.dbg"
	END
	warm unikraft
'

# Red without instead_of in kraftkit.yaml: the push fails, since both match.
test_expect_success 'kraftkit: a Kraftfile beside Makefile.uk' '
	echo "name: hello" >"$HELLO_WORK/Kraftfile" &&
	cat >"$HELLO_WORK/kraft-stand-in" <<-\END &&
	test "$*" = "build --no-update --no-fetch --plat qemu --arch x86_64 ." || exit 64
	mkdir -p .unikraft/build
	cp ready.elf .unikraft/build/hello_qemu-x86_64
	END
	warm kraftkit
'

test_expect_success 'solo5: C sources and a manifest; then a Makefile' '
	tree &&
	echo "{}" >"$HELLO_WORK/manifest.json" &&
	echo >"$HELLO_WORK/app.c" &&
	cat >"$HELLO_WORK/elftool-stand-in" <<-\END &&
	test "$*" = "gen-manifest manifest.json manifest.c" && cp manifest.json manifest.c
	END
	cat >"$HELLO_WORK/cc-stand-in" <<-\END &&
	#!/bin/sh -e
	case "$*" in
	"-O2 -c app.c -o app.o" | "-O2 -c manifest.c -o manifest.o") touch "$5" ;;
	"-z solo5-abi=virtio -o app.virtio app.o manifest.o") cp ready.elf app.virtio ;;
	*) echo "usage: $*"; exit 64 ;;
	esac
	END
	chmod +x "$HELLO_WORK/cc-stand-in" &&
	warm solo5 &&
	hornero log "$job" >out &&
	test_grep "CC manifest.c" out &&
	echo 2 >"$HELLO_WORK/app.c" &&
	warm solo5 &&
	hornero log "$job" >out &&
	test_grep "CC app.c" out &&
	test_must_fail grep "CC manifest.c" out &&
	printf "all:\n\tcp ready.elf mine.virtio && rm -f app.virtio\n" >"$HELLO_WORK/Makefile" &&
	warm solo5
'

test_expect_success 'mirage: configured for virtio, without make depends' '
	tree &&
	mkdir "$HELLO_WORK/tools" &&
	echo >"$HELLO_WORK/config.ml" &&
	cat >"$HELLO_WORK/tools/mirage" <<-\END &&
	#!/bin/sh
	test "$*" = "configure -t virtio" && touch configured
	END
	cat >"$HELLO_WORK/tools/dune" <<-\END &&
	#!/bin/sh -e
	test "$*" = "build --profile release --root . ./dist" && test -e configured
	mkdir -p dist && cp ready.elf dist/hello.virtio
	END
	chmod +x "$HELLO_WORK/tools/"* &&
	warm mirage
'

test_expect_success 'two kernels are told, not guessed' '
	sed -i "s,hello.virtio,hello.virtio \&\& cp ready.elf dist/other.virtio," \
		"$HELLO_WORK/tools/dune" &&
	git -C "$HELLO_WORK" commit -q -a -m two &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	test_expect_code 1 hornero wait "$HELLO_UUID" --timeout 300 &&
	hornero why "$HELLO_UUID" >out &&
	test_grep "more than one unikernel: dist/hello.virtio dist/other.virtio" out
'

test_done
