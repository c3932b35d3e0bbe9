#!/bin/sh
# The shipped unikraft builder with Unikraft 0.17 itself, whose sources are in
# HORNERO_FRAMEWORKS/unikraft/unikraft.
test_description='Unikraft itself: an application boots, incremental builds, three pushed together'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/framework.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
unikraft=$HORNERO_FRAMEWORKS/unikraft
framework_here unikraft ||
	test_skip_all 'no Unikraft in HORNERO_FRAMEWORKS/unikraft (HACKING.md)'
test_requires qemu-system-x86_64 qemu-system-x86
test_requires gcc gcc
test_requires flex flex
test_requires bison bison
test_requires python3 python3
test_requires grub-mkimage grub-common
test_requires jq jq
test -d /usr/lib/grub/i386-pc || test_skip_all 'no files of GRUB here (Debian: grub-pc-bin)'
node_patience=500

# application I WORD: the work tree of image I is an application that says WORD, as Unikraft's own
# documentation lays it out.
application () {
	framework_image $1 &&
	mkdir -p "$HELLO_WORK/defconfigs" &&
	cat >"$HELLO_WORK/Makefile" <<-\END &&
	UK_ROOT ?= $(PWD)/workdir/unikraft
	UK_LIBS ?= $(PWD)/workdir/libs
	UK_BUILD ?= $(PWD)/workdir/build
	LIBS :=

	all: ; @$(MAKE) $(IN)
	$(MAKECMDGOALS): ; @$(MAKE) $(IN) $(MAKECMDGOALS)
	IN = -C $(UK_ROOT) A=$(PWD) L=$(LIBS) O=$(UK_BUILD)
	END
	cat >"$HELLO_WORK/Makefile.uk" <<-\END &&
	$(eval $(call addlib,apphello))
	APPHELLO_SRCS-y += $(APPHELLO_BASE)/main.c
	APPHELLO_SRCS-y += $(APPHELLO_BASE)/words.c
	END
	printf "CONFIG_%s\n" PLAT_KVM=y LIBUKBUS=y LIBUKSGLIST=y "UK_NAME=\"hello\"" \
		>"$HELLO_WORK/defconfigs/qemu-x86_64" &&
	cat >"$HELLO_WORK/main.c" <<-\END &&
	#include <stdio.h>

	extern const char words[];

	int main(void)
	{
		puts(words);
		return 0;
	}
	END
	printf "%s\n" "const char words[] = \"unikraft says $2\";" >"$HELLO_WORK/words.c" &&
	printf "%s\n" "expect: \"^unikraft says $2\"" >"$HELLO_WORK/.hornero.yaml"
}

# plain_application I WORD: the same without libukrandom, by its defconfig.
plain_application () {
	application $1 $2 &&
	rm -f "$HELLO_WORK/.config" &&
	echo "# CONFIG_LIBUKRANDOM is not set" >>"$HELLO_WORK/defconfigs/qemu-x86_64"
}

# compiled: the sources that the job's build compiled, on one line.
compiled () {
	hornero log "$job" | sed -n "s/^  CC  *//p" | sort | xargs
}

# Red without the export of UK_BUILD in unikraft.yaml: there is no directory workdir.
test_expect_success 'the shipped file takes an application; it is warm and has booted' '
	framework_node unikraft &&
	plain_application 1 one &&
	push_built_by unikraft &&
	compiled | grep -E "apphello: words.o.*libukboot: boot.o" &&
	framework_booted "unikraft says one"
'

# Red without `make prepare` in unikraft.yaml: all is compiled again.
test_expect_success 'one line changed: only that file is compiled, and the new line is said' '
	plain_application 1 two &&
	push_built_by unikraft &&
	test "$(compiled)" = "apphello: words.o" &&
	framework_booted "unikraft says two"
'

test_expect_success 'a revert is served without a build' '
	plain_application 1 one &&
	push_built_by unikraft &&
	test -z "$(compiled)" &&
	hornero show "$job" --json | jq -e .reused &&
	grep -aq "unikraft says one" "$(node_warm_path "$HELLO_UUID")"
'

test_expect_success 'a source that does not compile: the log has the line of the compiler' '
	echo "int broken = ;" >>"$HELLO_WORK/words.c" &&
	test_must_fail node_push &&
	hornero log "$job" >log &&
	test_grep "words.c:2:14: error: expected expression" log &&
	grep -aq "unikraft says one" "$(node_warm_path "$HELLO_UUID")"
'

# make writes paths of the node into it, and each checkout restores it. Red without `test -e
# .config` in unikraft.yaml: there are no defconfigs.
# Red without savedefconfig there: two makes write fixdep.o at once, and now and then it does not
# link.
test_expect_success 'a .config in git, made elsewhere: only the changed file is compiled' '
	plain_application 1 three &&
	(cd "$HELLO_WORK" && make UK_ROOT="$unikraft/unikraft" UK_BUILD="$TRASH/elsewhere" \
		UK_DEFCONFIG="$HELLO_WORK/defconfigs/qemu-x86_64" defconfig) &&
	rm -r "$HELLO_WORK/defconfigs" &&
	push_built_by unikraft &&
	git -C "$HELLO_WORK" ls-files --error-unmatch .config &&
	framework_booted "unikraft says three" &&
	test "$(grep -c -e "-c fixdep.c" log)" = 1 &&
	printf "%s\n" "const char words[] = \"unikraft says three and more\";" \
		>"$HELLO_WORK/words.c" &&
	push_built_by unikraft &&
	test "$(compiled)" = "apphello: words.o" &&
	framework_booted "unikraft says three and more"
'

test_expect_success 'three pushed together: each disk has its own words' '
	framework_at_once plain_application "unikraft says"
'

# QEMU emulates RDSEED since 8.1.
test_expect_success 'with libukrandom: it boots where QEMU has RDSEED, or the log names it' '
	application 1 random &&
	if echo quit | qemu-system-x86_64 -accel tcg -cpu max,+rdseed,enforce -S -nodefaults \
		-display none -monitor stdio
	then
		push_built_by unikraft &&
		framework_booted "unikraft says random"
	else
		test_must_fail node_push &&
		hornero log "$job" >log &&
		test_grep "Could not initialize the HWRNG" log &&
		why_says "$job" "the guest ended, and no line of its console had matched"
	fi
'

test_expect_success 'examples/unikraft-hello boots' '
	framework_example unikraft
'

test_done
