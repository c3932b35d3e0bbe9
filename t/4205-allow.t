#!/bin/sh
test_description='pre-receive refuses settings that the builder of an image does not allow'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"

# refused FILE:LINE:COLUMN BUILDER SETTING: the last push was, with place and way out.
refused () {
	test_grep "^remote: hornero: push refused: refs/heads/main: $1: the builder $2" push.out &&
	test_grep "does not allow \"$3\" here; take it out, or ask the operator" push.out &&
	test "$(hooks_ref refs/heads/main)" = "$good"
}

test_expect_success 'a node with builders that allow nothing, something, and detect' '
	hooks_node &&
	cat >"$NODE/builders.d/plain.yaml" <<-\EOT &&
	argv: [make]
	artifact: /build/src/x
	format: raw
	EOT
	{ cat "$NODE/builders.d/plain.yaml"; echo "allow: [artifact, env CFLAGS]"; } \
		>"$NODE/builders.d/some.yaml" &&
	{ cat "$NODE/builders.d/plain.yaml"; echo "detect: [sub/Found]"; } \
		>"$NODE/builders.d/found.yaml" &&
	chmod 0644 "$NODE"/builders.d/*.yaml &&
	hooks_repo one &&
	hooks_image $U1 one &&
	hooks_work &&
	hooks_push main &&
	good=$(hooks_head)
'

# The same by the short way (loose objects) and by git (a pack).
for way in loose packed
do
	# commit FILE TEXT
	commit () {
		hooks_commit_by $way "$@"
	}

	# Red without allowing_check() in hooks/pre_receive.c.
	test_expect_success "$way: the builder of the file allows no setting" '
		commit .hornero.yaml "builder: plain
artifact: build/app.img" &&
		test_must_fail hooks_push main &&
		refused "\.hornero\.yaml:2:1" plain artifact &&
		hooks_undo
	'

	test_expect_success "$way: one that allows it; another variable has its place" '
		commit .hornero.yaml "{builder: some, artifact: a, env: {CFLAGS: -O2}}" &&
		hooks_push main &&
		good=$(hooks_head) &&
		commit .hornero.yaml "{builder: some, env: {CFLAGS: -O2, LDFLAGS: x}}" &&
		test_must_fail hooks_push main &&
		refused "\.hornero\.yaml:1:36" some LDFLAGS &&
		hooks_undo
	'

	# Red without detect() in hooks/allowing.c.
	test_expect_success "$way: the builder that the tree selects" '
		hooks_in_work "mkdir -p sub && echo $way >sub/Found" &&
		commit .hornero.yaml "target: all" &&
		test_must_fail hooks_push main &&
		refused "\.hornero\.yaml:1:1" found target &&
		hooks_undo
	'
done

test_expect_success 'a value that nobody could build' '
	hooks_commit .hornero.yaml "artifact: ../outside" &&
	test_must_fail hooks_push main &&
	test_grep "main: \.hornero\.yaml:1:11: artifact: \"../outside\": a relative" push.out &&
	hooks_commit .hornero.yaml "env: {LD_PRELOAD: ./x.so}" &&
	test_must_fail hooks_push main &&
	test_grep "\.hornero\.yaml:1:7: env: \"LD_PRELOAD\": no builder may allow" push.out &&
	hooks_undo
'

test_expect_success 'the builder of the image file decides, and each image has its own' '
	hooks_image $U2 one --builder plain &&
	hooks_commit .hornero.yaml "{builder: some, artifact: b}" &&
	test_must_fail hooks_push main &&
	refused "\.hornero\.yaml:1:17" plain artifact &&
	hornero image set $U2 builder=some >set.out &&
	hooks_push main &&
	good=$(hooks_head)
'

test_expect_success 'a builder that the node does not have is left to the build' '
	hornero image remove $U2 >remove.out 2>&1 &&
	hooks_commit .hornero.yaml "{builder: nowhere, artifact: b}" &&
	hooks_push main &&
	good=$(hooks_head)
'

test_expect_success 'builders that cannot be read refuse nothing, and are said' '
	node_set builders_dir "$NODE/hidden" &&
	hooks_commit .hornero.yaml "{builder: plain, artifact: c}" &&
	hooks_push main &&
	test_grep "yaml at refs/heads/main of one was not checked: .*builders_dir" push.out
'
test_done
