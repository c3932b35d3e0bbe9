#!/bin/sh
test_description='commands that make or change something may be repeated: unchanged, exit 0'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires ssh-keygen openssh-client
test_requires jq jq

A=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
B=3c8f2627-39bf-4e3b-8c18-269910d05a4d

# twice COMMAND…: it changes something, says so in JSON, and the second time changes nothing.
twice () {
	hornero "$@" --json >out 2>err || { cat err; return 1; }
	test "$(jq .changed out)" = true || { cat out; return 1; }
	again "$@"
}

# again COMMAND…: it exits 0, says that nothing changed, and changes no byte.
again () {
	find git state/images.d keys -type f -exec cksum {} + 2>/dev/null | sort >before
	hornero "$@" --json >out 2>err || { cat err; return 1; }
	test "$(jq .changed out)" = false || { cat out; return 1; }
	hornero "$@" >out 2>err || { cat err; return 1; }
	grep -q "^unchanged: " out || { cat out; return 1; }
	find git state/images.d keys -type f -exec cksum {} + 2>/dev/null | sort >after
	test_cmp before after
}

test_expect_success 'init' '
	cli_node "keys_file: $TRASH/keys" &&
	mkdir builders.d &&
	cp "$HORNERO_SRC/etc/builders.d/make.yaml" builders.d &&
	twice init &&
	rmdir state/fence &&
	hornero init --json >out &&
	test "$(jq -c "[.changed, [.paths[] | select(.outcome == \"made\") | .path]]" out)" = \
		"[true,[\"$TRASH/state/fence\"]]"
'

# Red without is_made() in cli/repo_create.c.
test_expect_success 'repo create, and a directory of another kind is still refused' '
	twice repo create team/hello &&
	test "$(hornero repo create team/hello --json | jq -r .path)" = \
		"$TRASH/git/team/hello.git" &&
	ln -sfn /nonexistent git/team/hello.git/hooks/pre-receive &&
	test_expect_code 64 hornero repo create team/hello 2>err &&
	test_grep "exists already" err &&
	ln -sfn "$HORNERO_BUILD/hornero-hook" git/team/hello.git/hooks/pre-receive &&
	hornero repo create other
'

test_expect_success 'repo mirror and its end' '
	twice repo mirror other https://example.org/other.git &&
	twice repo mirror other --off
'

# Red with is_as_asked() of conf/keyedit.c comparing only the names.
test_expect_success 'key add: the same key and rights, whatever its comment' '
	ssh-keygen -q -t ed25519 -N "" -C one -f id &&
	ssh-keygen -q -t ed25519 -N "" -C two -f new &&
	twice key add alice id.pub --write "team/*" --ids "$A" &&
	sed "s/one/elsewhere/" id.pub >same.pub &&
	again key add alice same.pub --write "team/*" --ids "$A" &&
	for other in "id.pub --write team/* --read other" "id.pub --write team/*" \
		"new.pub --write team/* --ids $A"
	do
		set -f &&
		test_expect_code 64 hornero key add alice $other 2>err &&
		set +f &&
		test_grep "hornero key set alice" err || return 1
	done
'

test_expect_success 'key set: these rights and no others, in the place of the line' '
	printf "# people\n" >keys.new && cat keys >>keys.new && echo "# end" >>keys.new &&
	cat keys.new >keys &&
	twice key set alice --read other &&
	hornero key list --json >list &&
	test "$(jq -c ".[0] | [.name, .read, .write, .ids, .comment, .line]" list)" = \
		"[\"alice\",\"other\",null,null,\"one\",3]" &&
	test "$(head -n 1 keys)" = "# people" &&
	test "$(tail -n 1 keys)" = "# end" &&
	twice key set alice new.pub --read other &&
	test "$(hornero key list --json | jq -r ".[0].comment")" = two &&
	twice key set bob id.pub --write team/hello &&
	test "$(hornero key list --json | jq length)" = 2 &&
	cp keys before.keys &&
	test_expect_code 64 hornero key set bob new.pub --write other 2>err &&
	test_grep "as alice" err &&
	test_expect_code 64 hornero key set carol --write other 2>err &&
	test_grep "no usable key named carol" err &&
	test_expect_code 64 hornero key set bob 2>err &&
	test_grep "would have no rights" err &&
	test_cmp before.keys keys
'

test_expect_success 'key remove' '
	twice key remove bob
'

# Red without is_as_asked() in cli/image_add.c.
test_expect_success 'image add: what the command does not name may differ' '
	twice image add $A team/hello --name Hello &&
	hornero image set $A ref=refs/heads/next &&
	again image add $A team/hello --name Hello &&
	again image add $A team/hello &&
	for other in "team/hello --name Other" "team/hello --ref refs/heads/x" \
		"team/hello --builder make" "team/hello --subdir x" other
	do
		test_expect_code 64 hornero image add $A $other 2>err &&
		test_grep "hornero image set $A" err || { echo "$other"; return 1; }
	done &&
	hornero image add other --json >out &&
	test "$(jq .changed out)" = true &&
	hornero image remove "$(jq -r .image out)"
'

# Red if image set writes the file in any case: comments would go.
test_expect_success 'image set: comments stay if nothing changes' '
	twice image set $A keep_warm=never subdir=node &&
	echo "# by hand" >>state/images.d/$A.yaml &&
	again image set $A subdir=node &&
	again image set $A builder= &&
	test_grep "by hand" state/images.d/$A.yaml
'

# Red without check_images() in cli/repo_remove.c, for each kind of file.
test_expect_success 'repo remove refuses while something needs the repository' '
	test_expect_code 64 hornero repo remove team/hello --yes 2>err &&
	test_grep "hornero image remove $A" err &&
	mv state/images.d/$A.yaml state/images.d/$A.pending &&
	test_expect_code 64 hornero repo remove team/hello --yes 2>err &&
	test_grep "hornero image remove $A" err &&
	mv state/images.d/$A.pending state/images.d/$A.yaml &&
	echo "repo: [" >state/images.d/$B.yaml &&
	test_expect_code 78 hornero repo remove other --yes 2>err &&
	test_grep "$B.yaml:" err &&
	rm state/images.d/$B.yaml &&
	hornero repo mirror other https://example.org/other.git &&
	test_expect_code 64 hornero repo remove other --yes 2>err &&
	test_grep "hornero repo mirror other --off" err &&
	hornero repo mirror other --off &&
	test_expect_code 64 hornero repo remove other 2>err &&
	test_grep "yes removes it" err &&
	test -d git/other.git &&
	test -d git/team/hello.git
'

test_expect_success 'image remove' '
	twice image remove $A
'

test_expect_success 'repo remove, also what a crash left, and no link is followed' '
	mkdir -p git/team/.removed-1/x elsewhere/x &&
	ln -s "$TRASH/elsewhere" git/team/hello.git/refs/heads/out &&
	twice repo remove team/hello --yes &&
	test "$(ls -A git/team)" = "" &&
	test -d elsewhere/x &&
	ln -s "$TRASH/elsewhere" git/linked.git &&
	test_expect_code 78 hornero repo remove linked --yes 2>err &&
	test_grep "linked.git is not a directory" err &&
	rm git/linked.git &&
	twice repo remove other --yes &&
	again repo remove never/there
'

test_done
