#!/bin/sh
# hornero-door and packs that cost far more than they weigh: refused within 5 s of processor time,
# which is not the machine's time. Red without: cost_watch in door/pump.c (git works on for minutes;
# the limit of test no. 2 below is what then ends it). Red without p->got in watch_cost(): the last
# one, for which git needs some 5 s here, more than COST_FREE_MS.
test_description='hornero-door: what a push may cost'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test_requires ssh openssh-client

# bomb KIND COUNT: what receive-pack answered is in answer, what the client reads in words.
bomb () {
	python3 "$HORNERO_SRC/t/tools/hostile-pack.py" "$@" >request &&
	before=$(grep -c "event=done " door.log || :) &&
	{ door_ssh "git-receive-pack one" <request >answer 2>words; :; } &&
	wait_until "test \$(grep -c \"event=done \" door.log) -gt $before" 300 &&
	tr -cd '[:print:]\n' <answer >said &&
	grep "event=done " door.log | tail -n 1 >done
}
spent_ms () {
	sed -n "s/.* cpu_ms=\([0-9]*\) .*/\1/p" done
}
nothing_left () {
	find "$NODE/git/one.git/objects" -name "tmp_*" >found &&
	test_cmp /dev/null found &&
	! door_unpacks one
}

# refused_cheaply KIND COUNT
refused_cheaply () {
	bomb "$@" &&
	test "$(spent_ms)" -lt 5000 &&
	test $(grep -c "hornero: refused: this push costs the node" words) = 1 &&
	test_grep "unpack (index-pack|unpack-objects) abnormal exit" said &&
	test_grep "ng refs/heads/bomb-0 unpacker error" said &&
	cost="received=[0-9]+ cpu_ms=[0-9]+" &&
	test_grep "event=push-too-dear peer=[0-9.:]+ key=alice $cost what=" door.log &&
	test_must_fail as_git git -C "$NODE/git/one.git" rev-parse -q --verify refs/heads/bomb-0 &&
	nothing_left ||
	{ cat done words said; tail -n 5 door.log; return 1; }
}

test_expect_success 'a node, and a repository' '
	door_node &&
	ulimit -t 60 &&
	door_start &&
	hooks_repo one
'

test_expect_success 'a few deltas of 50 bytes that make files of 1 GiB' '
	refused_cheaply deltas 60
'

# index-pack takes these, as the directories below; unpack-objects the few.
if test "$HORNERO_TEST_LONG" = 1
then
	test_expect_success 'many of them' '
		refused_cheaply deltas 3000
	'
else
	test_skip 'many of them' 'a long test: make check-long'
fi

test_expect_success 'files of zeros' '
	refused_cheaply blobs 3
'

test_expect_success 'directories of 500,000 files, one like the other' '
	refused_cheaply trees 200
'

test_expect_success 'a large file is taken in, and so are many small ones' '
	bomb random 160 &&
	test_grep "unpack ok" said &&
	test_grep "ok refs/heads/bomb-0" said &&
	test_cmp /dev/null words &&
	as_git git -C "$NODE/git/one.git" update-ref -d refs/heads/bomb-0 &&
	bomb tiny 100000 &&
	test_grep "unpack ok" said &&
	test_grep "ok refs/heads/bomb-0" said
'

test_done
