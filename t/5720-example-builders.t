#!/bin/sh
test_description='examples: hornero chooses the builder of their family by their files'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"

# A tool that this machine lacks makes `builder check` end with 78; the choice is told before that.
# chooses BUILDER EXAMPLE
chooses () {
	status=0
	hornero builder check "$HORNERO_SRC/examples/$2" >out 2>&1 || status=$?
	test $status -eq 0 || test $status -eq 78 || { cat out; return 1; }
	test_grep "examples/$2: would be built by $1: " out
}

test_expect_success 'a node with the shipped builders' '
	cp -R "$HORNERO_SRC/etc/builders.d" builders.d &&
	cli_node
'

# Red without detect in etc/builders.d/mirage.yaml.
for family in mirage nanos rumprun solo5 unikraft
do
	test_expect_success "$family-hello: $family" '
		chooses $family $family-hello
	'
done

# Red without detect in etc/builders.d/capstan-compose.yaml.
test_expect_success 'osv-rofs: capstan-compose' '
	chooses capstan-compose osv-rofs
'

test_expect_success 'linux-initramfs, hello and hello-http: by their .hornero.yaml' '
	chooses linux linux-initramfs &&
	chooses make hello &&
	chooses make hello-http
'

test_done
