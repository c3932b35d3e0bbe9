#!/bin/sh
# Base images: added by an operator with their digest, never fetched by a build. Red without: the
# comparison with `wanted` in fill() of cli/base.c (3); --fail of curl (4); the size in base_copy.c
# (6); ENOENT in input_check (7).
test_description='hornero base: add, list, remove; builders name them as base:NAME'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/schema.sh"
test_requires jq jq
test_requires curl curl
test_requires flock util-linux
test_requires python3 python3

mkdir builders web || exit 1
cat >builders/disk.yaml <<END
argv: [cp, /build/base/osv.img, hornero.raw]
artifact: /build/src/hornero.raw
format: raw
inputs: ["base:osv.img", "base:osv.img:/srv/other place"]
END
base=$NODE/state/base
head -c 1048576 /dev/urandom >web/one && head -c 1048576 /dev/urandom >web/two || exit 1
one=$(sha256sum <web/one | cut -c 1-64)
two=$(sha256sum <web/two | cut -c 1-64)

# A server that also says something endless, and redirects for ever.
cat >server.py <<'END'
import http.server, time
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.end_headers()
        elif self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/one")
            self.end_headers()
        elif self.path in ("/endless", "/slow"):
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
                    if self.path == "/slow":
                        time.sleep(0.1)
            except OSError:
                pass
        else:
            super().do_GET()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
END
test_expect_success 'a node, and a web server' '
	node_init "builders_dir: $TRASH/builders" "image_size_limit: 8M" "sweep_interval: 1h" &&
	test "$(stat -c %a "$base")" = 755 &&
	node_start &&
	{ (cd web && exec python3 "$TRASH/server.py") >port 2>server.log & } &&
	server=$! &&
	test_cleanup "kill $server; wait $server; :" &&
	wait_until "test -s port" 20 &&
	url=http://127.0.0.1:$(cat port)
'

# nothing_left: no file beside the base images that are listed.
nothing_left () {
	hornero base list --json | jq -r ".[].name" >want &&
	ls -A "$base" >have &&
	test_cmp want have
}

test_expect_success 'a URL, through a redirect, in any case of the digits' '
	upper=$(printf %s "$one" | tr a-f A-F) &&
	hornero base add osv.img "$url/moved" --sha256 "$upper" >out &&
	test_grep "^base image osv.img: 1.0 MiB, SHA-256 $one$" out &&
	cmp web/one "$base/osv.img" &&
	test "$(stat -c %a "$base/osv.img")" = 644 &&
	hornero base add osv.img "$url/one" --sha256 "$one" >out &&
	test_grep "^unchanged: .*there already, with these bytes" out &&
	hornero base add osv.img web/one --replace --json >out &&
	test "$(jq .changed out)" = false &&
	hornero base list --json >list &&
	jq -e ".[0] | .name == \"osv.img\" and .size_bytes == 1048576 and
		.builders == \"disk\"" list &&
	nothing_left
'

test_expect_success 'other bytes than those demanded are not added; a URL needs a digest' '
	test_expect_code 64 hornero base add other "$url/two" --sha256 "$one" 2>err &&
	test_grep "has SHA-256 $two, not $one; nothing was added" err &&
	test_expect_code 64 hornero base add other "$url/two" 2>err &&
	test_grep "a URL needs --sha256 HEX" err &&
	test_expect_code 64 hornero base add other "$url/two" --sha256 "${one%?}" 2>err &&
	test_expect_code 64 hornero base add ../x web/two 2>err &&
	test_expect_code 64 hornero base add .x web/two 2>err &&
	nothing_left
'

test_expect_success 'curl fails: its words are quoted' '
	test_expect_code 75 hornero base add other "$url/nothing" --sha256 "$two" 2>err &&
	test_grep "cannot fetch $url/nothing: curl: .22.*404" err &&
	test_expect_code 75 hornero base add other "$url/round" --sha256 "$two" 2>err &&
	test_grep "curl: .47. Maximum" err &&
	test_expect_code 75 hornero base add other "ftp://127.0.0.1/x" --sha256 "$two" 2>err &&
	test_grep "curl: .1. Protocol" err &&
	nothing_left
'

test_expect_success 'Ctrl-C leaves nothing' '
	{ hornero base add other "$url/slow" --sha256 "$two" >out 2>err & } &&
	adding=$! &&
	wait_until "pgrep -P $adding curl" 20 &&
	curl=$(pgrep -P $adding curl) &&
	kill -TERM $adding &&
	test_expect_code 143 wait $adding &&
	wait_until "! kill -0 $curl" 10 &&
	nothing_left
'

test_expect_success 'more than image_size_limit is refused' '
	test_expect_code 64 hornero base add other "$url/endless" --sha256 "$two" 2>err &&
	test_grep "has more than 8388608 bytes .image_size_limit" err &&
	truncate -s 9M web/large &&
	test_expect_code 64 hornero base add other "$url/large" --sha256 "$two" 2>err &&
	test_grep "has more than 8388608 bytes .image_size_limit" err &&
	nothing_left
'

test_expect_success 'a build sees it; a missing one holds the job, and the reason mends it' '
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=disk &&
	git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
	push_job &&
	hornero wait "$job" --timeout 300 &&
	cmp web/one "$(node_warm_path "$HELLO_UUID")" &&
	hornero base remove osv.img >out &&
	test_grep "held until it is added again: disk" out &&
	hornero base remove osv.img --json >out &&
	is_a change <out &&
	test "$(jq .changed out)" = false &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m again &&
	git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
	push_job &&
	job_reaches held &&
	hornero why $job >out &&
	test_grep "builders/disk.yaml needs the base image osv.img, which is not in $base" out &&
	test_grep "hornero base add osv.img URL|FILE --sha256 HEX" out &&
	test_expect_code 2 hornero doctor >out &&
	test_grep "hornero base add osv.img URL|FILE --sha256 HEX" out
'

# Red without forget_inputs() in agent/upkeep/sweep/main.c.
test_expect_success 'so does a push that hornerod had to find by itself' '
	git -C "$HELLO_WORK" commit -q --allow-empty -m "a busy queue" &&
	flock "$NODE/state/queue" git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
	test_grep "was not queued: .* looks at this push itself now" push.out &&
	push_job &&
	job_reaches held &&
	hornero why $job >out &&
	test_grep "needs the base image osv.img, which is not in $base" out
'

test_expect_success 'a file needs no digest; --replace is needed for other bytes, and rebuilds' '
	hornero base add osv.img web/one --json >out &&
	test "$(jq .changed out)" = true &&
	hornero base add osv.img web/one >out &&
	test_grep "^unchanged: " out &&
	hornero retry "$job" | sed -n "s/.*job \([0-9]*\).*/\1/p" >retried &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	test_expect_code 64 hornero base add osv.img web/two 2>err &&
	test_grep "already; --replace replaces it" err &&
	hornero base add osv.img "file://$TRASH/web/two" --replace --sha256 "$two" &&
	nothing_left &&
	hornero sweep &&
	wait_until "cmp web/two $(node_warm_path "$HELLO_UUID")" 60 &&
	node_stop
'

test_done
