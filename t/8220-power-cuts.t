#!/bin/sh
# The power fails at random moments while a node is pushed to, and the disk loses what was not
# flushed, all or any part of it. Whatever was said to a user still holds when the node has started
# again. HORNERO_TEST_CUTS says how many cuts (3; the long test makes 100); HORNERO_TEST_SEED, which
# is printed, makes the same cuts of what the node then wrote.
test_description='a power cut loses no acknowledged push and leaves nothing partial'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/power.sh"
power_requires
test_requires sqlite3 sqlite3
test_requires ssh-keygen openssh-client

cuts=3
pushes=9
test -z "$HORNERO_TEST_LONG" || cuts=100 pushes=40
cuts=${HORNERO_TEST_CUTS:-$cuts}
seed=${HORNERO_TEST_SEED:-$(date +%s)}
echo "# HORNERO_TEST_SEED=$seed"
names='a bb ccc'
queue=$NODE/state/queue/queue.db

# random N: r is one of 0 … N - 1
random () {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	r=$((seed / 65536 % $1))
}

# pick: one of the three, by chance.
pick () {
	random 3
	image $(echo $names | cut -d ' ' -f $((r + 1)))
}

image () {
	name=$1
	HELLO_UUID=00000000-0000-4000-8000-00000000000${#name}
	HELLO_WORK=$TRASH/work-$name
	HELLO_REPO=$NODE/git/$name.git
}

# said KIND NUMBER: the user has been told. At a cut from now on it must hold.
said () {
	echo "$1 $name $2 $(git -C "$HELLO_WORK" rev-parse HEAD) $(power_now)" >>said
}

# a_push NUMBER: and now and then another word that has to last.
a_push () {
	pick &&
	hello_push "content $1" >push.words &&
	said push "$1" &&
	random 4 &&
	case $r in
	0)
		hornero wait "$HELLO_UUID" --timeout 300 &&
		said warm "$1"
		;;
	1)
		ssh-keygen -q -t ed25519 -N "" -f "$TRASH/key$1" &&
		hornero key add "key$1" "$TRASH/key$1.pub" --read $name >key.words &&
		said key "$1"
		;;
	esac
}

test_expect_success "$pushes pushes to a node on a disk that remembers its writes" '
	power_on &&
	node_init &&
	sync -f "$NODE" && # hornero.yaml, which this test wrote
	first=$(power_now) &&
	for name in $names
	do
		image $name &&
		node_hello_repo $name $HELLO_UUID &&
		said image 0 &&
		hornero image set $HELLO_UUID builder=make &&
		said set 0 || return 1
	done &&
	node_start &&
	node_swept &&
	for i in $(seq $pushes)
	do
		a_push $i || return 1
	done &&
	for name in $names
	do
		image $name &&
		! grep -q "push $name" said ||
		hornero wait $HELLO_UUID --timeout 300 || return 1
	done &&
	last=$(power_now) &&
	node_stop &&
	power_off
'

# holds KIND NAME NUMBER COMMIT: what the user was told, before hornerod has mended anything.
holds () {
	image $2
	case $1 in
	image)
		hornero image show $HELLO_UUID >/dev/null
		;;
	set)
		hornero image show $HELLO_UUID --json | grep -q "\"builder\": \"make\""
		;;
	key)
		hornero key list | grep -q "^key$3 "
		;;
	push)
		git -C "$HELLO_REPO" cat-file -e "$4^{tree}" &&
		git -C "$HELLO_REPO" merge-base --is-ancestor $4 refs/heads/main &&
		sqlite3 "$queue" "SELECT state FROM jobs WHERE \"commit\" = \"$4\"" | grep -q .
		;;
	warm)
		text=$(warm_text) &&
		test "${text#content }" -ge $3
		;;
	esac || { echo >&2 "lost: $*"; return 1; }
}

# whole: each file that Nova would take is the whole artifact of one push.
whole () {
	for file in $(find "$NODE/instances/_base" -type f | grep -E "/[0-9a-f]{40}$")
	do
		test "$(stat -c %s $file)" = 1048576 &&
		test "$(tr -d "0-9" <$file | tr -d "\\0")" = "content " ||
		{
			echo >&2 "partial: $file"
			stat $file
			od -c $file | head -n 5
			return 1
		}
	done
}

# newest: the warm file is what the ref has.
newest () {
	git -C "$HELLO_REPO" show main:Makefile >Makefile &&
	wanted=$(grep -o "content [0-9]*" Makefile) &&
	hornero wait $HELLO_UUID --timeout 300 &&
	warm_text_is "$wanted"
}

survives () {
	power_cut $1 $2 &&
	sqlite3 "$queue" "PRAGMA integrity_check" >sound &&
	grep -q -x ok sound &&
	whole &&
	while read kind who number commit since
	do
		test $since -gt $1 || holds $kind $who $number $commit || return 1
		checked=$((checked + 1))
	done <said &&
	node_start &&
	for name in $names
	do
		image $name &&
		{
			! git -C "$HELLO_REPO" rev-parse -q --verify main >/dev/null 2>&1 ||
			newest
		} || return 1
	done &&
	queue_settles &&
	whole &&
	test -z "$(ls -A "$NODE/instances/hornero/stage")" &&
	node_stop
}

lost=0
checked=0
test_expect_success "$cuts power cuts" '
	for i in $(seq $cuts)
	do
		random 32768 &&
		high=$r &&
		random 32768 &&
		moment=$((first + (high * 32768 + r) % (last - first))) &&
		if survives $moment $i >survives.out 2>&1
		then
			sed -n "s/^durable/cut at $moment: &/p" survives.out
		else
			echo "cut at byte $moment with seed $i:"
			cat survives.out
			test_more
			lost=$((lost + 1))
			node_crash
		fi
	done &&
	test $lost -eq 0
'

echo "# $cuts power cuts, $pushes acknowledged pushes: $checked promises looked at, $lost broken"
test_done
