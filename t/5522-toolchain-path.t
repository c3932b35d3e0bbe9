#!/bin/sh
# A tool outside /usr, in an input that builds see elsewhere. Red without: in_input() in on_node()
# of conf/tool.c (1, 2, 6), build_needs() in find_content() of agent/build/build_checkout.c (5),
# in_input() in tool_find() (6), add_single() in directories() (3).
test_description='needs and version look where the build looks: PATH of env, in the inputs'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

# kit VERSION: a tool that makes a disk, and says its version.
kit () {
	mkdir -p kit/bin &&
	cat >kit/bin/kitcc.new <<-END &&
	#!/bin/sh
	test "\$1" != --version || { echo "kitcc $1"; exit; }
	echo "made by kitcc $1"
	cp disk hornero.raw
	END
	chmod 755 kit kit/bin kit/bin/kitcc.new &&
	mv kit/bin/kitcc.new kit/bin/kitcc
}

# builder NEEDS PATH [LINE…]
builder () {
	cat >builders/kit.yaml <<-END &&
	argv: [kitcc]
	artifact: /build/src/hornero.raw
	format: raw
	needs: [$1]
	version: [[kitcc, --version], [sh, -c, "kitcc --version | sed s/kit/the/"]]
	env: {PATH: "$2"}
	END
	shift 2 &&
	{ test $# -eq 0 || printf '%s\n' "$@" >>builders/kit.yaml; }
}

change () {
	head -c 1048576 /dev/urandom >"$HELLO_WORK/disk" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m "$1" &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	push_job
}

input="inputs: [$TRASH/kit:/opt/kit]"

test_expect_success 'a tool in an input: usable, its version is known, and it builds' '
	mkdir builders &&
	kit 1 &&
	builder "kitcc, sh" /opt/kit/bin:/usr/bin:/bin "$input" &&
	node_init "sweep_interval: 1h" "builders_dir: $TRASH/builders" &&
	node_start &&
	hornero builder check kit &&
	hornero builder show kit --json >out &&
	jq -e ".versions == \"kitcc 1; thecc 1\"" out &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=kit &&
	change first &&
	job_ends published &&
	hornero log "$job" >log &&
	test_grep "^made by kitcc 1" log &&
	hornero image show "$HELLO_UUID" --json | jq -r .artifact.builder_version >version &&
	test_grep "^kitcc 1; thecc 1$" version
'

test_expect_success 'another tool there is asked: the version is the new one' '
	kit 2 &&
	change second &&
	job_ends published &&
	hornero image show "$HELLO_UUID" --json | jq -r .artifact.builder_version >version &&
	test_grep "^kitcc 2; thecc 2$" version
'

test_expect_success 'so is a tool that is an input by itself' '
	builder "kitcc, sh" /opt/kit/bin:/usr/bin:/bin \
		"inputs: [$TRASH/kit/bin/kitcc:/opt/kit/bin/kitcc]" &&
	hornero builder check kit &&
	hornero builder show kit --json >out &&
	jq -e ".versions == \"kitcc 2; thecc 2\"" out
'

test_expect_success 'a directory of PATH that no input shows counts as absent' '
	builder kitcc "$TRASH/kit/bin:/usr/bin" &&
	test_expect_code 78 hornero builder check kit >out &&
	test_grep "^kit: the program kitcc is not in /usr, nor in a directory of PATH" out &&
	test_grep "^    install it below /usr, or have its directory in inputs and in PATH" out
'

test_expect_success 'a missing program is named, not the version command that needs it' '
	builder "sh, kitcc, gcc" /usr/bin &&
	change third &&
	job_reaches held &&
	test "$(verdict cause)" = tool &&
	why_says $job "cannot run here: the program kitcc is not in /usr, nor .*retry $job" &&
	{ hornero-sweep -c "$HORNERO_CONF" >out 2>&1 || :; } &&
	test_grep "kit.yaml: the program kitcc is not in /usr" out
'

test_expect_success 'an absolute path is one of the sandbox, or of the node' '
	builder "/opt/kit/bin/kitcc, /usr/bin" /opt/kit/bin:/usr/bin "$input" &&
	hornero builder check kit &&
	job=$(hornero retry "$job" | sed -n "s/^job \([0-9]*\) .*/\1/p") &&
	job_ends published &&
	builder "/opt/kit/gone" /opt/kit/bin:/usr/bin "$input" &&
	test_expect_code 78 hornero builder check kit >out &&
	test_grep "^kit: /opt/kit/gone is missing" out &&
	change fourth &&
	job_reaches held &&
	why_says $job "cannot run here: /opt/kit/gone is missing; install it, then: hornero retry"
'

test_done
