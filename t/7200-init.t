#!/bin/sh
test_description='hornero init: modes and owners under any umask, as root and as a user'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

# conf DIR LINE…
conf () {
	dir=$1
	shift
	mkdir -p "$dir" &&
	{
		printf '%s\n' "repo_root: $dir/git" "repo_base: $dir/unikernels" \
			"state_dir: $dir/state" \
			"instances_path: $dir/instances" "libexec_dir: $HORNERO_BUILD" \
				"builders_dir: $HORNERO_SRC/etc/builders.d"
		test $# -eq 0 || printf '%s\n' "$@"
	} >"$dir/hornero.yaml"
}

# modes DIR: mode, owner and group of everything, as numbers.
modes () {
	(
		cd "$1" &&
		find . ! -name . ! -name hornero.yaml -printf '%m %U %G %P\n' | LC_ALL=C sort -k 4
	)
}

test_expect_success 'makes everything, under umask 077 too' '
	conf "$TRASH/plain" &&
	(umask 077 && hornero -c plain/hornero.yaml init >out) &&
	test_grep "^made .*/plain/state/queue  *2770 " out &&
	test_grep "^made .*/queue.db  *0660 " out &&
	test_must_fail grep "^right" out &&
	test_must_fail grep "^mended" out &&
	modes plain | awk "{ print \$1, \$4 }" | grep -v -e "queue/[a-z]*-*[a-z]*$" >got &&
	for line in "755 state" "2770 state/queue" "660 state/queue/queue.db" "2770 state/run" \
		"2770 state/run/cancel" "2750 state/log" "2775 state/images.d" "755 state/fence" \
		"755 git" "755 unikernels" "755 instances" "755 instances/_base" \
		"755 instances/locks" "755 instances/hornero"
	do
		test_grep "^$line$" got || return 1
	done
'

test_expect_success 'a second run changes nothing and says so' '
	modes plain >before &&
	hornero -c plain/hornero.yaml init >out &&
	test_must_fail grep -e "^made" -e "^mended" out &&
	test "$(grep -c "^right" out)" -ge 13 &&
	modes plain >after &&
	test_cmp before after
'

test_expect_success 'a wrong mode and a missing directory are mended' '
	chmod 0700 plain/state/queue &&
	rmdir plain/state/fence &&
	hornero -c plain/hornero.yaml init >out &&
	test_grep "^mended .*/state/queue  *2770" out &&
	test_grep "^made .*/state/fence" out &&
	test "$(grep -c -e "^made" -e "^mended" out)" -eq 2
'

test_expect_success 'as JSON' '
	hornero -c plain/hornero.yaml init --json >out &&
	python3 -c "
import json
said = json.load(open(\"out\"))
rows = said[\"paths\"]
assert said[\"changed\"] is False
assert {r[\"outcome\"] for r in rows} == {\"right\"}, rows
assert all(r[\"purpose\"] for r in rows), rows
assert [r[\"mode\"] for r in rows if r[\"path\"].endswith(\"/queue\")] == [\"2770\"]"
'

test_expect_success 'a link or a file in the place of a directory is refused, by name' '
	conf "$TRASH/link" &&
	mkdir -p link/state elsewhere &&
	ln -s "$TRASH/elsewhere" link/state/queue &&
	chmod 0711 elsewhere &&
	test_expect_code 78 hornero -c link/hornero.yaml init 2>err &&
	test_grep "link/state/queue is not a directory" err &&
	test "$(stat -c %a elsewhere)" = 711 &&
	rm link/state/queue &&
	: >link/state/queue &&
	test_expect_code 78 hornero -c link/hornero.yaml init 2>err &&
	test_grep "link/state/queue is not a directory" err
'

test_expect_success 'isolation: none is said' '
	conf "$TRASH/loose" "isolation: none" &&
	hornero -c loose/hornero.yaml init >out &&
	test_grep "isolation: none" out &&
	test_must_fail grep "isolation: none" err
'

test_expect_success 'missing builders are a warning' '
	conf "$TRASH/bare" &&
	sed -i "s,^builders_dir:.*,builders_dir: $TRASH/nobuilders," bare/hornero.yaml &&
	hornero -c bare/hornero.yaml init 2>err &&
	test_grep "there are no builders.*$TRASH/nobuilders" err
'

if test "$(id -u)" -ne 0 || ! command -v setpriv >/dev/null
then
	test_skip 'users, groups and Nova'\''s directories' 'needs root and setpriv'
	test_done
fi

# Numbers that no account has: nothing may depend on /etc/passwd.
GIT=64101 HORNERO=64102 QUEUE=64103 OTHER=64104 NOVA=64105
as () {
	as_uid=$1 as_groups=$2
	shift 2
	if test -n "$as_groups"
	then
		setpriv --reuid "$as_uid" --regid "$as_uid" --groups "$as_groups" "$@"
	else
		setpriv --reuid "$as_uid" --regid "$as_uid" --clear-groups "$@"
	fi
}

test_expect_success 'root gives everything its users, under umask 077 too' '
	conf "$TRASH/full" "git_user: $GIT" "hornero_user: $HORNERO" "queue_group: $QUEUE" &&
	chmod 0755 full &&
	chmod 0644 full/hornero.yaml &&
	(umask 077 && hornero -c full/hornero.yaml init >out) &&
	modes full >got &&
	for line in "755 $HORNERO 0 state" "2770 $HORNERO $QUEUE state/queue" \
		"660 $HORNERO $QUEUE state/queue/queue.db" "2770 $HORNERO $QUEUE state/run" \
		"2770 $HORNERO $QUEUE state/run/cancel" "2750 $HORNERO $QUEUE state/log" \
		"2775 $HORNERO $QUEUE state/images.d" "755 $HORNERO 0 state/fence" \
		"2750 $GIT $QUEUE git" "755 $HORNERO 0 unikernels" "755 0 0 instances" \
		"755 0 0 instances/_base" "755 0 0 instances/locks" \
		"755 $HORNERO 0 instances/hornero"
	do
		test_grep "^$line$" got || return 1
	done &&
	test_must_fail grep " 0 0 state/queue/" got &&
	test_must_fail grep " 0 0 instances/hornero" got &&
	hornero -c full/hornero.yaml init >out &&
	test_must_fail grep -e "^made" -e "^mended" out
'

test_expect_success 'the queue works for a member of its group and for nobody else' '
	as $GIT $QUEUE "$HORNERO_BUILD/hornero" -c full/hornero.yaml queue &&
	as $HORNERO $QUEUE "$HORNERO_BUILD/hornero" -c full/hornero.yaml queue &&
	test_expect_code 78 as $OTHER "" "$HORNERO_BUILD/hornero" -c full/hornero.yaml queue \
		2>err &&
	test_grep "group" err
'

test_expect_success 'an operator of the group registers images that the agent can read' '
	hornero -c full/hornero.yaml repo create hello &&
	(
		umask 077 &&
		as $OTHER $QUEUE "$HORNERO_BUILD/hornero" -c full/hornero.yaml image add \
			2b7e1516-28ae-4d2a-abf7-158809cf4f3c hello
	) &&
	as $HORNERO $QUEUE "$HORNERO_BUILD/hornero" -c full/hornero.yaml image list >out &&
	test_grep "^2b7e1516.* none" out &&
	as $OTHER $QUEUE "$HORNERO_BUILD/hornero" -c full/hornero.yaml why \
		2b7e1516-28ae-4d2a-abf7-158809cf4f3c >out &&
	test_grep "nothing has been pushed" out
'

# Red without: the second refusal of agent_check_user (root would serve, by names in directories of
# hornero's user).
test_expect_success 'root does not serve in directories of another user, and says who does' '
	sed "/^hornero_user/!d" full/hornero.yaml &&
	echo "build_user: $OTHER" >>full/hornero.yaml &&
	test_expect_code 78 timeout 120 hornerod -c full/hornero.yaml --foreground 2>err &&
	user=".hornero_user. of .*full/hornero.yaml is user $HORNERO" &&
	test_grep "hornerod runs as root, and $user: .*systemctl start hornerod" err
'

test_expect_success 'Nova'\''s directories stay Nova'\''s: what is missing is named, not made' '
	conf "$TRASH/nova" "hornero_user: $HORNERO" "queue_group: $QUEUE" &&
	mkdir nova/instances &&
	chown $NOVA:$NOVA nova/instances &&
	hornero -c nova/hornero.yaml init >out 2>err &&
	test_grep "warning: .*nova/instances/_base is not there" err &&
	test_grep "warning: .*nova/instances/locks is not there" err &&
	test ! -e nova/instances/_base &&
	test ! -e nova/instances/locks &&
	test "$(stat -c %u nova/instances)" -eq $NOVA &&
	test "$(stat -c %u nova/instances/hornero)" -eq $HORNERO
'

test_expect_success 'a user without rights makes a scratch node, and sees what is missing' '
	mkdir own &&
	chown $OTHER:$OTHER own &&
	conf "$TRASH/own/n" &&
	chown -R $OTHER:$OTHER own &&
	(umask 077 && as $OTHER "" "$HORNERO_BUILD/hornero" -c own/n/hornero.yaml init >out) &&
	test_grep "^made .*queue.db" out &&
	test "$(stat -c "%a %u" own/n/state/queue)" = "2770 $OTHER" &&
	echo "hornero_user: $HORNERO" >>own/n/hornero.yaml &&
	test_expect_code 78 as $OTHER "" "$HORNERO_BUILD/hornero" -c own/n/hornero.yaml init \
		2>err &&
	test_grep "hornero init. as root" err &&
	conf "$TRASH/denied" &&
	chmod 0755 denied &&
	test_expect_code 78 as $OTHER "" "$HORNERO_BUILD/hornero" -c denied/hornero.yaml init \
		2>err &&
	test_grep "denied/state" err &&
	test_grep "as root" err
'

test_done
