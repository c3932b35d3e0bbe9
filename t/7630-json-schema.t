#!/bin/sh
test_description='--json: what the commands print is what doc/hornero-1.schema.json says'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires sqlite3 sqlite3

SCHEMA=$HORNERO_SRC/doc/hornero-1.schema.json

# is_a NAME: each JSON value of standard input is as the schema's definition NAME says, and has no
# member that the schema lacks.
cat >is_a.py <<'END'
import json, sys
from jsonschema import Draft202012Validator

def strict(node):
    if isinstance(node, dict):
        for value in node.values():
            strict(value)
        if "properties" in node:
            node["additionalProperties"] = False
    elif isinstance(node, list):
        for value in node:
            strict(value)

schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
strict(schema["$defs"])
schema["$ref"] = "#/$defs/" + sys.argv[2]
text, at, n = sys.stdin.read(), 0, 0
while text[at:].strip():
    at += len(text[at:]) - len(text[at:].lstrip())
    value, at = json.JSONDecoder().raw_decode(text, at)
    n += 1
    for error in Draft202012Validator(schema).iter_errors(value):
        sys.exit("%s: %s" % (list(error.absolute_path), error.message[:300]))
sys.exit(0 if n else "nothing was printed")
END

is_a () {
	python3 is_a.py "$SCHEMA" "$1"
}

if ! python3 -c 'import jsonschema' 2>import.err
then
	test_skip_all 'python3-jsonschema is not installed'
fi

test_expect_success 'a node with jobs in every state' '
	cli_node &&
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
		hornero show $job --json | is_a show &&
		hornero show $job --diff --json | is_a show || return 1
	done &&
	U=$(hornero show 1 --json | jq -r .image) &&
	two=$("$HORNERO_BUILD/t/tools/seed" hornero.yaml queue $U \
		1111111111111111111111111111111111111112) &&
	hornero show $two --diff --json >out &&
	jq -e ".diff.job == 1" out &&
	is_a show <out
'

test_done
