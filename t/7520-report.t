#!/bin/sh
test_description='hornero report: one HTML file; valid, escaped, and on a broken node too'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires tidy tidy
test_requires sqlite3 sqlite3
/usr/bin/python3 -c 'import html5lib' 2>/dev/null ||
	test_skip_all 'python3-html5lib is not installed'

DB=$NODE/state/queue/queue.db

# Text of the page, by the parser of the HTML standard, which refuses any error; and rules of ours.
cat >read.py <<'END'
import html5lib, re, sys
source = open(sys.argv[1], "rb").read()
page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(source)
def all(name):
    return page.iter("{http://www.w3.org/2000/svg}svg" if name == "svg" else name)
ids = [e.get("id") for e in page.iter() if e.get("id")]
assert len(ids) == len(set(ids)), ids
for e in page.iter():
    for name, value in e.attrib.items():
        name = str(name)
        assert name not in ("src", "style") and not name.startswith("on"), (e.tag, name)
        assert name != "href" or value[1:] in ids, value
        assert name != "aria-labelledby" or set(value.split()) <= set(ids), value
for name in ("script", "link", "img", "iframe", "object", "form"):
    assert not list(all(name)), name
for th in all("th"):
    assert th.get("scope") in ("row", "col") and "".join(th.itertext()).strip(), th
for svg in all("svg"):
    assert svg.get("aria-hidden") or svg.get("aria-label"), svg
heads = [e.tag for e in page.iter() if e.tag in ("h1", "h2", "h3")]
assert heads[0] == "h1" and heads.count("h1") == 1 and "h2" in heads
assert page.get("lang") == "en"
assert not re.search(rb"url\(|@import|https?:(?!//www\.w3\.org/)", source)
print(re.sub(r"\s+", " ", " ".join(t for e in page.find("body").iter()
    for t in (e.text or "", e.tail or ""))))
END

# report [OPTION…]: a valid page.html; its text is in `text`.
report () {
	hornero report --html page.html "$@" &&
	tidy -errors -quiet page.html >tidy.out 2>&1 || { cat tidy.out; return 1; }
	test ! -s tidy.out &&
	/usr/bin/python3 read.py page.html >text
}

test_expect_success 'a node without hornerod, an image or a queue' '
	node_init "store_budget: 5G" >/dev/null &&
	report &&
	test_grep "hornerod does not run" text &&
	test_grep "There is no image yet" text &&
	test_grep "No push became warm" text &&
	test_grep "The queue is empty" text &&
	mv "$NODE/state/queue" aside &&
	report &&
	test_grep "there is no queue" text &&
	mv aside "$NODE/state/queue"
'

test_expect_success 'options: one destination, a time that is one' '
	test_expect_code 64 hornero report &&
	test_expect_code 64 hornero report --html x --served &&
	for since in 0 -1 x 1y 99999d 3d3
	do
		test_expect_code 64 hornero report --html x --since $since 2>err &&
		test_grep "is not a time from 1s" err || return 1
	done &&
	test ! -e x &&
	hornero report --html - --since 24h >out &&
	test_grep "</html>" out
'

test_expect_success 'what is warm, how long it took, and what waits' '
	node_make_repo &&
	hornero image set "$HELLO_UUID" "name=Bell & <b>Sons</b>" &&
	node_start &&
	node_swept &&
	node_push &&
	report &&
	test_grep "All is well" text &&
	commit=$(git -C "$HELLO_WORK" rev-parse --short=12 HEAD) &&
	test_grep "Bell & <b>Sons</b> *hello *warm *$commit" text &&
	test_grep "1 pushes" text &&
	test_grep "published 1 *failed 0" text &&
	hornero pause &&
	node_stop &&
	"$HORNERO_BUILD/t/tools/seed" "$HORNERO_CONF" queue "$HELLO_UUID" \
		1111111111111111111111111111111111111111 &&
	sqlite3 "$DB" "UPDATE jobs SET ref = '\''refs/heads/<script>alert(1)</script>'\'',
		reason = char(27) || '\''[31m'\'' WHERE state = '\''queued'\''" &&
	report &&
	test_must_fail grep -q "<script" page.html &&
	test_must_fail grep -q "$(printf "\033")" page.html &&
	test_grep "queued *team/hello *refs/heads/<script>alert" text
'

test_expect_success 'a period: older jobs are not in it' '
	sqlite3 "$DB" "UPDATE jobs SET created_ms = created_ms - 90000000,
		ended_ms = ended_ms - 90000000 WHERE state = '\''published'\''" &&
	report --since 24h &&
	test_grep "published 0" text &&
	report --since 2d &&
	test_grep "published 1" text
'

cat >many.sql <<'END'
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO jobs (id, image, repo, ref, "commit", origin, state, attempt, digest, created_ms,
	ended_ms)
SELECT 1000 + i, printf('%08d-1111-4111-8111-111111111111', i % 100), 'r', 'refs/heads/main',
	"commit", 'push', 'published', 1, digest, ended_ms + i - 1000 * (i % 100), ended_ms + i
FROM n, (SELECT * FROM jobs WHERE state = 'published' LIMIT 1)
END

test_expect_success '10,000 jobs of 100 images: the page is small' '
	sqlite3 "$DB" <many.sql &&
	report &&
	test_grep "10001 pushes" text &&
	test_grep "00000099-1111-4111-8111-111111111111 *100" text &&
	test "$(wc -c <page.html)" -lt 100000
'

test_expect_success 'where metrics_listen serves it, if that is set' '
	hornero report --served &&
	test ! -e "$NODE/state/metrics/status.html" &&
	node_set metrics_listen 127.0.0.1:0 &&
	hornero report --served &&
	/usr/bin/python3 read.py "$NODE/state/metrics/status.html" >text &&
	test_grep "10001 pushes" text
'

test_done
