# schema.sh: whether JSON is what doc/hornero-1.schema.json says. After test.sh:
#
#     schema_requires             # else the whole file is skipped
#     COMMAND --json | is_a NAME

SCHEMA=$HORNERO_SRC/doc/hornero-1.schema.json

schema_requires () {
	python3 -c 'import jsonschema' 2>"$test_root/import" ||
		test_skip_all 'python3-jsonschema is not installed'
}

cat >"$test_root/is_a.py" <<'END'
import json, sys
from jsonschema import Draft202012Validator

def strict(node):
    if isinstance(node, dict):
        for value in node.values():
            strict(value)
        if "properties" in node:
            node.setdefault("additionalProperties", False)
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

# is_a NAME: each JSON value of standard input is as the definition NAME says, and has no member
# that the schema lacks.
is_a () {
	python3 "$test_root/is_a.py" "$SCHEMA" "$1"
}
