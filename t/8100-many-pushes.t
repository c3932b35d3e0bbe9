#!/bin/sh
# 100 pushes from 20 clients to 10 repositories, at once.
test_description='many pushes: every one that was acknowledged has one terminal outcome'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# As root the clients are git's, the builds hornero's, the publications nova's.
test "$(id -u)" -ne 0 || node_users

uuid () {
	printf '%08d-0000-4000-8000-000000000000' "$1"
}

test_expect_success 'ten repositories, twenty clients' '
	node_init "workers: 2" &&
	node_start &&
	for r in 0 1 2 3 4 5 6 7 8 9
	do
		command hornero repo create many-$r >/dev/null &&
		hornero image add $(uuid 1$r) many-$r --ref refs/heads/a --builder make \
			>/dev/null &&
		hornero image add $(uuid 2$r) many-$r --ref refs/heads/b --builder make >/dev/null \
			|| return 1
	done &&
	for c in $(seq 0 19)
	do
		mkdir client-$c &&
		{ test $node__users = no || chown $node_git client-$c; } &&
		git init -q client-$c &&
		git -C client-$c remote add origin "$NODE/git/many-$((c % 10)).git" || return 1
	done
'

# client C: five pushes, each its own content, on its own branch of its own repository
client () {
	branch=a &&
	test "$1" -lt 10 || branch=b
	for k in 1 2 3 4 5
	do
		printf 'hornero.raw:\n\tprintf "%s %s" >$@\n\ttruncate -s 1M $@\n' "$1" $k \
			>client-$1/Makefile &&
		git -C client-$1 add -A &&
		git -C client-$1 commit -q -m $k &&
		git -C client-$1 push origin HEAD:refs/heads/$branch >>client-$1.out 2>&1 || \
			return 1
	done
}

test_expect_success 'a hundred pushes at once are all accepted' '
	pids= &&
	for c in $(seq 0 19)
	do
		client $c & pids="$pids $!"
	done &&
	for p in $pids
	do
		wait $p || return 1
	done
'

test_expect_success 'each was answered: a job, or the sweep that will pick it up' '
	answer="job [0-9]* (is )?(queued|running)|.*(sweep|looks at)" &&
	test "$(cat client-*.out | grep -c -E "remote: hornero: ($answer)")" -ge 100
'

test_expect_success 'every image becomes what was pushed last' '
	hornero sweep &&
	for c in $(seq 0 19)
	do
		g=1 &&
		test $c -lt 10 || g=2
		u=$(uuid $g$((c % 10))) &&
		hornero wait $u --timeout 300 &&
		warm_text_is "$c 5" $u || return 1
	done
'

test_expect_success 'every job has one terminal outcome' '
	queue_settles &&
	hornero queue --all --json >queue.json &&
	cat client-*.out | sed -n "s/.*hornero: job \([0-9]*\) queued.*/\1/p" | sort \
		>acknowledged &&
	jq -r ".[] | select(.state == \"published\" or .state == \"superseded\") | .job" \
		queue.json | sort >ended &&
	test -s acknowledged &&
	test -z "$(comm -23 acknowledged ended)"
'

test_expect_success 'a superseded push names the newer job' '
	jq -e "[.[] | select(.state == \"superseded\" and (.superseded_by // 0) == 0)] == []" \
		queue.json
'

test_expect_success 'nothing is left' '
	wait_until node_cgroups_gone 10 &&
	node_stop &&
	hornerod --clean-up &&
	test -z "$(node_cgroups)"
'

test_done
