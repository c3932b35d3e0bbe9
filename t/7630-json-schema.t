#!/bin/sh
test_description='--json: what the commands print is what doc/hornero-1.schema.json says'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
. "$HORNERO_SRC/t/lib/schema.sh"
schema_requires
test_requires sqlite3 sqlite3

test_expect_success 'a node with jobs in every state' '
	cli_node "keys_file: $TRASH/keys" &&
	hornero init &&
	"$HORNERO_BUILD/t/tools/seed" hornero.yaml
'

test_expect_success 'the schema refuses what it does not know, and what is missing' '
	echo "{\"number\": 1}" >bad &&
	test_must_fail is_a event <bad &&
	hornero events --json -n 1 | jq ".more = 1" >bad &&
	test_must_fail is_a event <bad &&
	hornero events --json -n 1 | jq ".at_ms = \"now\"" >bad &&
	test_must_fail is_a event <bad
'

# Red with a member more in cli/queue.c, cli/show.c, cli/stats.c, cli/events.c or cli/top.c.
test_expect_success 'queue, events, stats, top' '
	hornero queue --all --json | is_a queue &&
	hornero events --since 0 --json | is_a event &&
	hornero stats --json | is_a stats &&
	hornero top --json | is_a top &&
	hornero pause >out &&
	hornero top --json | is_a top &&
	hornero queue --json | is_a queue
'

test_expect_success 'show of a job in each state, and beside the last good build' '
	for job in 1 2 3 4 5 6 7 8 9
	do
		hornero show $job --json &&
		hornero show $job --diff --json || return 1
	done >shown &&
	is_a show <shown &&
	U=$(hornero show 1 --json | jq -r .image) &&
	two=$("$HORNERO_BUILD/t/tools/seed" hornero.yaml queue $U \
		1111111111111111111111111111111111111112) &&
	hornero show $two --diff --json >out &&
	jq -e ".diff.job == 1" out &&
	is_a show <out
'

# Red with a member more in the table of such a command.
test_expect_success 'listings of the node: its files, repositories, keys and images' '
	hornero init --json | is_a init &&
	hornero config check --json | is_a config_check &&
	hornero config show --effective --json | is_a config_show &&
	hornero repo create team/hello --json | is_a change &&
	hornero repo create up --json | is_a change &&
	hornero repo mirror up https://example.org/x.git --json 2>/dev/null | is_a change &&
	hornero repo list --json | is_a repo_list &&
	ssh-keygen -q -t ed25519 -N "" -f id &&
	hornero key add anna id.pub --write team/hello --json | is_a change &&
	echo "ssh-rsa none" >>keys &&
	hornero key list --json | is_a key_list &&
	hornero image add $U team/hello --json 2>/dev/null | is_a change &&
	"$HORNERO_BUILD/t/tools/seed" hornero.yaml warm $U \
		1111111111111111111111111111111111111111 &&
	hornero image list --json | is_a image_list &&
	hornero image list --wanted --json | is_a image_list_wanted &&
	hornero image show $U --json | is_a image_show &&
	test_expect_code 1 hornero image current $U --json >out &&
	is_a image_current <out
'

test_expect_success 'builders: one that is usable, and one that is not' '
	mkdir -p builders.d &&
	cp "$HORNERO_SRC/etc/builders.d/make.yaml" "$HORNERO_SRC/etc/builders.d/linux.yaml" \
		builders.d/ &&
	hornero base list --json | is_a base_list &&
	hornero builder list --json | is_a builder_list &&
	hornero builder show make --json | is_a builder_show &&
	hornero builder show linux --json | is_a builder_show
'

test_expect_success 'why of a job, an image and the node; doctor and status' '
	for job in 1 2 3 4 5 6 7 8 9
	do
		hornero why $job --json || return 1
	done >why.json &&
	is_a why_one <why.json &&
	hornero why $U --json | is_a why_one &&
	hornero why --json | is_a why_node &&
	hornero why --json | is_a why &&
	{ hornero doctor --json; :; } | is_a doctor &&
	{ hornero status --json; :; } | is_a status
'

test_expect_success 'cache, gc, sweep, and the audit log' '
	hornero cache --json | is_a cache &&
	{ hornero cache --verify --json; :; } | is_a cache_verify &&
	hornero cache --placement --json | is_a cache_placement &&
	mkdir -p instances/hornero/blobs &&
	{ hornero gc --dry-run --json; :; } | is_a gc &&
	hornero gc --verify --json | is_a gc_verify &&
	hornero sweep --json | is_a sweep &&
	hornero events --audit --json | is_a audit_record &&
	hornero events --audit --verify --json | is_a audit_chain
'

# t/7160-fleet.t and t/6855-image-import.t have what fleet and image import print.
test_expect_success 'each command with --json has a definition, or prints a change' '
	hornero help | sed -n "s/^  hornero \([a-z]*\( [a-z][a-z]*\)*\) .*/\1/p" >commands &&
	grep -x "image show" commands &&
	grep -x queue commands &&
	sed -n "s/^    \"\([a-z_]*\)\": .*/\1/p" "$SCHEMA" >defined &&
	while read -r command
	do
		hornero help $command >help 2>&1 || { cat help; return 1; }
		grep -q -e "--json" help || continue
		case $command in
		events) name=event ;;
		"repo create" | "repo mirror" | "repo remove" | "key add" | "key set" | \
			"key remove" | "image add" | "image set" | "image remove" | \
			"base add" | "base remove") name=change ;;
		*) name=$(echo "$command" | tr " " "_") ;;
		esac
		grep -q -x "$name" defined || { echo "$command has no definition"; return 1; }
	done <commands
'

test_done
