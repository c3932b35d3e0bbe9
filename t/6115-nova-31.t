#!/bin/sh
# Debian 13's Nova 31 shares the cache as Debian 12's Nova 26 does: all files that use nova.sh run
# against it, too. HORNERO_TEST_NOVA is its root, which `./check --long` makes (HACKING.md). Since
# 30, Nova inspects a base at each boot of it: hornero-check must refuse what Nova would refuse.
test_description='the contract of the cache, with the Nova of Debian 13'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
test "$HORNERO_TEST_LONG" = 1 || test_skip_all 'a long test: make check-long'
test -x "$HORNERO_TEST_NOVA/usr/bin/python3" ||
	test_skip_all 'no Debian 13 in HORNERO_TEST_NOVA (HACKING.md)'
test "$(id -u)" -eq 0 || test_skip_all 'only root can change the root directory'
NOVA_ROOT=$HORNERO_TEST_NOVA
export NOVA_ROOT
. "$HORNERO_SRC/t/lib/publish.sh"
. "$HORNERO_SRC/t/lib/nova.sh"

test_expect_success 'this Nova inspects warm bases' '
	test "${nova__version%%.*}" -ge 30 &&
	publish_init
'

# sector PERL: a disk of 1 MiB, its first sector as PERL changes $s.
sector () {
	perl -e '
		my $s = "\0" x 512;
		sub part { my ($i, @p) = @_; substr($s, 446 + 16 * $i, 16) = pack "C8V2", @p; }
		sub signed { substr($s, 510, 2) = "\x55\xaa"; }
		eval $ARGV[0];
		die $@ if $@;
		print $s, "\0" x (1048576 - 512)' "$1"
}

# agree NAME PERL: prints it if hornero-check and Nova disagree about such a disk. Counts in $taken
# and $refused what Nova says.
agree () {
	sector "$2" >"$1.raw" &&
	: >out.raw || return 1
	ours=no novas=no
	! hornero-check --format raw --max 1048576 3>said 5<"$1.raw" 6<>out.raw || ours=yes
	base=$(printf %s "$1" | sha1sum | cut -d " " -f 1) &&
	cp "$1.raw" "$CACHE/$base" || return 1
	if $NOVA boot "$INSTANCES" "$base" "$1" qcow2 >log 2>&1
	then
		novas=yes taken=$((taken + 1))
	else
		grep -q "Base image failed safety check" log || { cat log; return 1; }
		refused=$((refused + 1))
	fi
	test "$ours" = "$novas" || echo "$1: we take it: $ours; Nova takes it: $novas"
}

# Red without check_partitions() in imghead.c.
test_expect_success 'what hornero-check takes, Nova boots; what Nova refuses, it refuses' '
	taken=0 refused=0 &&
	{
		agree empty "" &&
		agree code "\$s = q(boot) x 128" &&
		agree mbr "part 0, 0x80, 0, 9, 0, 0x83, 0, 10, 0, 8, 56; signed" &&
		agree four "part \$_, 0, 0, 9, 0, 0x83, 0, 10, 0, 8, 56 for 0..3; signed" &&
		agree second "part 1, 0, 0, 9, 0, 0x83, 0, 10, 0, 8, 56; signed" &&
		agree signature "signed" &&
		agree over "\$s = q(boot) x 128; signed" &&
		agree flag "part 0, 0x81, 0, 9, 0, 0x83, 0, 10, 0, 8, 56; signed" &&
		agree gpt "part 0, 0, 0, 2, 0, 0xee, 255, 255, 255, 1, 2047; signed" &&
		agree gptchs "part 0, 0, 0, 1, 0, 0xee, 255, 255, 255, 1, 2047; signed" &&
		agree gptlba "part 0, 0, 0, 2, 0, 0xee, 255, 255, 255, 2, 2047; signed" &&
		agree hybrid "part 0, 0, 0, 2, 0, 0xee, 255, 255, 255, 1, 62;
			part 1, 0, 0, 9, 0, 0x83, 0, 10, 0, 64, 56; signed" &&
		agree fat "\$s = q(boot) x 128; substr(\$s, 0x10, 1) = chr 2;
			substr(\$s, 0x15, 1) = chr 0xf8; signed"
	} >differ || { cat differ; return 1; }
	test_cmp /dev/null differ &&
	test "$taken" -eq 7 &&
	test "$refused" -eq 6
'

for name in 6110-publish-nova 6240-releases 6400-keep-warm 6610-evict 6615-evict-releases
do
	test_expect_success "with this Nova: $name" '
		sh "$HORNERO_SRC/t/$name.t" >said 2>&1 ||
		{ cat said; return 1; }
		test_grep "^# Nova $nova__version\$" said
	'
done

test_done
