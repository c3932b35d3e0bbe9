#!/bin/sh
# Red without backup_act_as_owner() in backup_places_put() (2), set_ids in as_owner() (2).
test_description='hornero backup and restore by root, where each user owns its own files'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test "$(id -u)" -eq 0 || test_skip_all 'needs root, for users of their own'

node_users
test_expect_success 'a backup by root only, and a new node' '
	node_init &&
	node_make_repo &&
	ssh-keygen -q -t ed25519 -N "" -f alice &&
	command hornero key add alice alice.pub --read hello &&
	node_start &&
	node_swept &&
	hello_pushed one &&
	hornero pause &&
	{ hornero backup "$NODE/state/mine.tar" 2>err; test $? -eq 78; } &&
	command hornero backup node.tar &&
	node_stop &&
	mv "$NODE" lost &&
	node_init
'

# An image belonged to the operator who bound it; its directory is hornero's.
test_expect_success 'each file has the owner that it had' '
	command hornero restore node.tar &&
	owners () {
		(
			cd "$1" &&
			find keys state/queue/queue.db state/images.d state/pause state/door \
				state/mirror git ! -path "*/objects/*" \
				-printf "%p %u %g %M\n" | grep -v "synced\|packed-refs" | sort |
				sed "s/ $node_operator / $node_hornero /; /ssh_host/s/ [^ ]* -/ -/"
		)
	} &&
	owners lost >want &&
	owners "$NODE" >got &&
	test_cmp want got
'

test_expect_success 'hornerod makes the image warm again' '
	node_start &&
	hornero resume &&
	hornero wait $HELLO_UUID --timeout 120 &&
	warm_text_is one &&
	hello_pushed two &&
	node_stop
'

test_done
