#!/bin/sh
test_description='hostile names, files and numbers in a push stay harmless and bounded'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires sqlite3 sqlite3

# harmless FILE: no control byte but newline, no C1 in UTF-8, no bidirectional override, no
# malformed UTF-8.
harmless () {
	! LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]' "$1" &&
	! LC_ALL=C grep -aP '\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]' \
		"$1" &&
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null
}

# Prints the lines of the hooks, without git's own, which repeat the name of the ref.
said () {
	LC_ALL=C grep -a '^remote: hornero: ' push.out >said.out
}

# refs that git lets pass: C1 (CSI) in UTF-8, a bidirectional override, a lone byte above 0x7f
csi=$(printf 'refs/heads/\302\23331mred')
bidi=$(printf 'refs/heads/\342\200\256gpj.x')
lone=$(printf 'refs/heads/\377\233x')

test_expect_success 'a node' '
	hooks_node &&
	hooks_repo one &&
	hooks_image $U1 one &&
	hooks_work &&
	hooks_push main &&
	good=$(hooks_head)
'

for name in csi bidi lone
do
	eval "ref=\$$name"
	test_expect_success "a ref with $name bytes, of which nothing is built" '
		hooks_push "main:$ref" &&
		said &&
		test_grep "no image is built from refs/heads/.x" said.out &&
		harmless said.out
	'
done

# The image file holds such a name only if somebody wrote it there by hand.
test_expect_success 'a ref with escape bytes, followed by an image' '
	{ hornero image add $U2 one --ref "$csi" >add.out 2>&1 || :; } &&
	hooks_commit file escape &&
	hooks_push "main:$csi" &&
	said &&
	harmless said.out
'

test_expect_success 'escape sequences in .hornero.yaml do not come back' '
	hooks_commit .hornero.yaml \
		"$(printf "bui\033[31mlder: \033]0;title\007make\n\302\233K\342\200\256: x")" &&
	test_must_fail hooks_push main &&
	said &&
	test_grep "push refused: refs/heads/main: .hornero.yaml:1:[0-9]*: " said.out &&
	harmless said.out &&
	as_git git -C work reset -q --hard "$good"
'

test_expect_success 'escape sequences that YAML itself spells out do not come back either' '
	hooks_commit .hornero.yaml "\"a\\e[31m\\x9b\\u202e\\x07\": 1" &&
	test_must_fail hooks_push main &&
	said &&
	test_grep "push refused: refs/heads/main: .hornero.yaml:1:[0-9]*: " said.out &&
	harmless said.out &&
	as_git git -C work reset -q --hard "$good"
'

test_expect_success 'an image'\''s name with escape bytes is shown harmless' '
	printf "repo: one\nref: refs/heads/named\nname: \"x\\\\e[31m\\\\u202ey\"\n" \
		>"$NODE/state/images.d/$U3.yaml" &&
	chmod 0644 "$NODE/state/images.d/$U3.yaml" &&
	hooks_commit file named &&
	hooks_push main:refs/heads/named &&
	said &&
	harmless said.out &&
	rm "$NODE/state/images.d/$U3.yaml"
'

# A .hornero.yaml that is no text; a bomb has the three lines that the test gives it.
for what in nul random bomb long
do
	case $what in
	nul) make='printf "builder: make\n\0\0\0"' ;;
	random) make='head -c 16000 /dev/urandom' ;;
	bomb) make='printf "%s\n" "$1" "$2" "$3"' ;;
	long) make='head -c 16384 /dev/zero | tr "\0" "["' ;;
	esac
	test_expect_success ".hornero.yaml of $what bytes is refused in a line" '
		hooks_in_work "{ $make; } >.hornero.yaml" \
			"a: &a [x,x,x,x,x,x,x,x,x]" \
			"b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]" \
			"c: &c [*b,*b,*b,*b,*b,*b,*b]" &&
		hooks_commit_all $what &&
		test_must_fail hooks_push main &&
		said &&
		test_grep "push refused: refs/heads/main: .hornero.yaml:" said.out &&
		harmless said.out &&
		test "$(wc -c <said.out)" -lt 2000 &&
		as_git git -C work reset -q --hard "$good"
	'
done

test_expect_success '.hornero.yaml of 64 MiB is refused by its size alone' '
	hooks_in_work "head -c 67108864 /dev/zero >.hornero.yaml" &&
	hooks_commit_all huge &&
	test_must_fail hooks_push main &&
	size="67108864 bytes; at most 16384 are allowed" &&
	test_grep "push refused: refs/heads/main: .hornero.yaml has $size" push.out &&
	as_git git -C work reset -q --hard "$good"
'

# git itself syncs each of them; that is not what is looked at here.
test_expect_success '5,000 refs in one push: few words, one job, and not one git for each' '
	git config -f "$REPO/config" --replace-all core.fsync none &&
	chmod 0644 "$REPO/config" &&
	hooks_commit file many &&
	hooks_in_work "
		for i in \$(seq 5000)
		do
			echo \"create refs/many/\$i HEAD\"
		done | git update-ref --stdin
	" &&
	hooks_push "refs/many/*:refs/heads/many/*" main &&
	said &&
	test_grep "job [0-9]* queued for $U1" said.out &&
	test "$(wc -l <said.out)" -le 4 &&
	test "$(as_git git -C "$REPO" for-each-ref refs/heads/many | wc -l)" = 5000
'

test_expect_success 'a push that builds nothing: five refs are named, the rest is counted' '
	hooks_push "+refs/many/1*:refs/heads/more/1*" &&
	said &&
	test "$(grep -c "no image is built from" said.out)" = 5 &&
	test_grep "nor from 1106 more refs of this push" said.out
'

test_expect_success 'a hundred deletions' '
	as_git git -C "$REPO" for-each-ref --format=":%(refname)" --count=100 refs/heads/more \
		>deletions &&
	hooks_push $(cat deletions) &&
	said &&
	test_grep "nor from 95 more refs" said.out &&
	test_grep ! "to have one built" said.out
'

# Runs a hook with input that no git would send. It has 20 s of a processor.
hook () {
	(cd "$REPO" && GIT_DIR=. as_git prlimit --cpu=20 timeout 300 "hooks/$1") >push.out 2>&1
}
zero=0000000000000000000000000000000000000000

test_expect_success 'the hooks alone take 100,000 refs within seconds of a processor' '
	seq 100000 | sed "s,.*,$zero $good refs/heads/many/&," >lines &&
	echo "$zero $good refs/heads/main" >>lines &&
	hook pre-receive <lines &&
	hook post-receive <lines &&
	test_grep "queued (already )?for $U1" push.out
'

test_expect_success 'lines that are none: passed over, with words, exit 0' '
	before=$(hooks_count) &&
	for hook in pre-receive post-receive
	do
		printf "x\n\n  \n%s %s refs/heads/../../x\n%s" $zero "$good" "$zero" |
			hook $hook || return 1
	done &&
	test_grep "some refs of this push were not looked at" push.out &&
	head -c 3000000 /dev/urandom | hook pre-receive &&
	head -c 3000000 /dev/urandom | hook post-receive &&
	hook post-receive </dev/null &&
	test "$(hooks_count)" = "$before"
'

test_expect_success 'more lines than a hook looks at: it reads them all, and says so' '
	yes "$zero $good refs/heads/endless" | head -n 250000 | hook post-receive &&
	test_grep "some refs of this push were not looked at; the next sweep will pick" push.out &&
	test_grep "the next sweep will pick this push up" push.out &&
	test "$(wc -l <push.out)" -lt 20
'

test_expect_success 'a ref of two thousand bytes, a thousand directories deep' '
	deep=refs/heads/$(yes d | head -n 990 | tr "\n" /)x &&
	echo "$zero $good $deep" | hook post-receive &&
	test_grep "no image is built from" push.out &&
	test "$(wc -c <push.out)" -lt 9000
'

test_expect_success 'a pusher hangs up: the row is there all the same' '
	as_git git -C work push -q "$REPO" +main:refs/heads/main 2>/dev/null &&
	sqlite3 "$DB" "DELETE FROM jobs WHERE state = \"queued\"" &&
	line="$zero $(hooks_ref refs/heads/main) refs/heads/main" &&
	(
		cd "$REPO" &&
		echo "$line" |
			{
				GIT_DIR=. as_git hooks/post-receive
				echo $? >"$TRASH/code"
			} | true
	) &&
	test "$(cat code)" = 0 &&
	test "$(sqlite3 "$DB" "SELECT count(*) FROM jobs WHERE state = \"queued\"")" = 1
'

test_done
