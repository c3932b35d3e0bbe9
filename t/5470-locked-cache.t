#!/bin/sh
# A build may take the permissions of its own directories away. Where the supervisor is no root that
# is in the way of the next build, and of nobody else.
test_description='directories that a build locked are opened again by the next one'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test "$(id -u)" -eq 0 || test_skip_all 'changing users needs root'
test_requires systemd-socket-activate systemd

node_users

# push RECIPE…
push () {
	push_make "$@" &&
	hornero wait "$job" --timeout 300
}

test_expect_success 'a node of users; artifact and input are deep in the cache' '
	mkdir builders &&
	echo input >input &&
	chmod 644 input &&
	chmod 755 "$TRASH" &&
	{
		sed -e /^clean_when:/d -e "s,^artifact:.*,artifact: /build/cache/a/out/disk.raw," \
			"$HORNERO_SRC/etc/builders.d/make.yaml" &&
		printf "inputs:\n  - %s:/build/cache/in/of/input\n" "$TRASH/input"
	} >builders/make.yaml &&
	node_init "builders_dir: $TRASH/builders" &&
	node_start &&
	node_hello_repo
'

test_expect_success 'locked, each in its own way: the next push builds all the same' '
	push "mkdir -p ../cache/a/out; truncate -s 64K ../cache/a/out/disk.raw" \
		"chmod 500 ../cache/a/out; chmod 300 ../cache/a" &&
	push "truncate -s 128K ../cache/a/out/disk.raw; chmod 100 ../cache/a/out ../cache/a" &&
	push "truncate -s 192K ../cache/a/out/disk.raw; chmod 0 ../cache/in/of ../cache/in" &&
	push "truncate -s 256K ../cache/a/out/disk.raw" &&
	test "$(stat -c %s "$(node_warm_path "$HELLO_UUID")")" = 262144
'

test_expect_success 'an artifact that nobody may reach is its own build'\''s fault' '
	push_make "mkdir -p ../cache/a/out; truncate -s 64K ../cache/a/out/disk.raw" \
		"chmod 0 ../cache/a" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	hornero show "$job" --json | jq -e \
		".state == \"failed\" and .attempts[0].class == \"pusher\"" &&
	push "truncate -s 320K ../cache/a/out/disk.raw" &&
	node_stop
'
test_done
