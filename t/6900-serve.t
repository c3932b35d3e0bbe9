#!/bin/sh
test_description='hornero-serve: published artifacts by digest, whole and in ranges; nothing else'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
. "$HORNERO_SRC/t/lib/serve.sh"
test_requires qemu-img qemu-utils
test_requires jq jq

STORE=$NODE/instances/hornero

# pushed TEXT: pushes, waits until it is warm, sets $digest and the file `content`.
pushed () {
	hello_pushed "$1" &&
	seen "$1"
}
seen () {
	head -c 1048576 /dev/zero >content &&
	printf %s "$1" | dd of=content conv=notrunc 2>/dev/null &&
	digest=$(sha256sum <content | cut -d " " -f 1) &&
	test -e "$STORE/artifact/$digest.raw"
}

# header NAME VALUE: of the last answer.
header () {
	tr -d "\r" <head | sed -n "s/^$1: //Ip" >value &&
	test "$(cat value)" = "$2" || { cat head; return 1; }
}

# part FIRST LENGTH: these bytes of the artifact are what was got, by 206.
part () {
	tail -c +$(($1 + 1)) content | head -c "$2" >want &&
	test "$status" = 206 &&
	header Content-Range "bytes $1-$(($1 + $2 - 1))/1048576" &&
	cmp want got
}

test_expect_success 'it is off until the operator names an address; it does not run as root' '
	node_init "sweep_interval: 10h" &&
	test_expect_code 78 hornero-serve -c "$HORNERO_CONF" 2>log &&
	test_grep "serve_listen is not set in .*hornero.yaml" log &&
	node_set serve_listen 127.0.0.1:0 &&
	if test "$(id -u)" -eq 0
	then
		test_expect_code 78 hornero-serve -c "$HORNERO_CONF" 2>log &&
		test_grep "as root" log
	fi
'

test_expect_success 'a push is served by its digest, byte for byte' '
	node_start &&
	node_hello_repo &&
	serve_start &&
	pushed one &&
	get "$digest" &&
	test "$status" = 200 &&
	cmp content got &&
	header ETag "\"$digest\"" &&
	header Content-Length 1048576 &&
	header Accept-Ranges bytes &&
	header Cache-Control "public, max-age=31536000, immutable" &&
	wait_until "grep -q \"event=served .*digest=$(echo "$digest" | cut -c 1-12)\" serve.log" 10
'

test_expect_success 'HEAD: the same header, no byte' '
	tr -d "\r" <head | grep -v ^Date >want &&
	get "$digest" --head &&
	test "$status" = 200 &&
	tr -d "\r" <head | grep -v ^Date >have &&
	test_cmp want have
'

# Red with served_is_current() that is always true, or with an immutable answer.
test_expect_success 'a stable id: the current artifact alone, and no cache may keep it' '
	id=7d3c94a2-5b1f-4f0e-8a66-c2f9b0e1d471 &&
	stable () {
		status=$(curl -s --max-time 60 -D head -o got -w "%{http_code}" "$@")
	} &&
	stable "$SERVE_URL/stable/$id/$digest" &&
	test "$status" = 404 &&
	mkdir -p "$STORE/served/stable/$id" &&
	ln -s "../../../artifact/$digest.raw" "$STORE/served/stable/$id/$digest" &&
	stable "$SERVE_URL/stable/$id/$digest" &&
	test "$status" = 200 &&
	cmp content got &&
	header Cache-Control no-cache &&
	for wrong in "stable/$digest" "stable/$id/" "stable/$id/x/$digest" "stable/$id" stable/ \
		"stable/../sha256/$digest" "sha256/$id/$digest"
	do
		stable --path-as-is "$SERVE_URL/$wrong" &&
		test "$status" = 404 || { echo "$wrong: $status"; return 1; }
	done &&
	rm -r "$STORE/served/stable" &&
	stable "$SERVE_URL/stable/$id/$digest" &&
	test "$status" = 404
'

test_expect_success 'ranges, and a download that goes on' '
	get "$digest" -r 0-0 && part 0 1 &&
	get "$digest" -r 100-4195 && part 100 4096 &&
	get "$digest" -r 1048570- && part 1048570 6 &&
	get "$digest" -r -10 && part 1048566 10 &&
	get "$digest" -r 1048000-9999999999 && part 1048000 576 &&
	get "$digest" -r -9999999999 && part 0 1048576 &&
	head -c 500000 content >partial &&
	curl -s -C - -o partial "$SERVE_URL/sha256/$digest" &&
	cmp content partial
'

test_expect_success 'no such bytes: 416; a range that is none, or several: all of it' '
	for range in 1048576- 1048576-1048577 -0
	do
		get "$digest" -H "Range: bytes=$range" &&
		test "$status" = 416 &&
		header Content-Range "bytes */1048576" || return 1
	done &&
	for range in "bytes=5-1" "bytes=0-1,5-6" "bytes=x-" "bytes=" "bytes=-" "lines=0-1" \
		"bytes=1-2x" "bytes=99999999999999999999-"
	do
		get "$digest" -H "Range: $range" &&
		test "$status" = 200 &&
		cmp content got || { echo "$range"; return 1; }
	done
'

test_expect_success 'If-Range and If-None-Match go by the digest' '
	get "$digest" -r 0-9 -H "If-Range: \"$digest\"" && part 0 10 &&
	get "$digest" -r 0-9 -H "If-Range: \"other\"" &&
	test "$status" = 200 &&
	cmp content got &&
	get "$digest" -r 0-9 -H "If-Range: Sat, 01 Jan 2022 00:00:00 GMT" &&
	test "$status" = 200 &&
	get "$digest" -H "If-None-Match: \"x\", W/\"$digest\"" &&
	test "$status" = 304 &&
	test ! -s got &&
	get "$digest" -H "If-None-Match: \"x\"" &&
	test "$status" = 200
'

test_expect_success 'one connection asks many times' '
	curl -sv "$SERVE_URL/sha256/$digest" "$SERVE_URL/sha256/$digest" -o a -o b 2>words &&
	cmp content a &&
	cmp content b &&
	test "$(grep -c "Re-using existing" words)" -eq 1
'

# Red without served_has() in answer.c.
test_expect_success 'what is in the store but not yet published is not there' '
	stand_on "$(node_warm_path "$HELLO_UUID")" &&
	old=$digest &&
	hello_push two &&
	wait_until "hornero why $job | grep -q stands" 60 &&
	seen two &&
	get "$digest" &&
	test "$status" = 404 &&
	get "$old" &&
	test "$status" = 200 &&
	rm -r "$NODE/instances/vm" &&
	job_reaches published &&
	get "$digest" &&
	test "$status" = 200 &&
	cmp content got
'

test_expect_success 'any other name is 404, any other method 405; a body is refused' '
	upper=$(echo "$digest" | tr a-f A-F) &&
	for path in / /sha256/ /sha256 "/sha256/$upper" "/sha256/${digest}0" \
		"/sha256/${digest%?}" "/sha256/$digest/" "/sha256/$digest.raw" \
		"//sha256/$digest" "/artifact/$digest.raw" \
		"/sha256/../sha256/$digest" "/sha256/../../artifact/$digest.raw" \
		"/sha256/%2e%2e/%2e%2e/artifact/$digest.json" "/sha256/..%2f..%2fartifact" \
		"/../../../../etc/passwd" "/sha256/%00$digest"
	do
		code=$(curl -s --path-as-is -o got -w "%{http_code}" "$SERVE_URL$path") &&
		test "$code" = 404 || { echo "$path: $code"; return 1; }
	done &&
	for method in POST PUT DELETE PATCH OPTIONS TRACE
	do
		get "$digest" -X "$method" &&
		test "$status" = 405 &&
		header Allow "GET, HEAD" || { echo "$method"; return 1; }
	done &&
	get "$digest" -X GET -d body &&
	test "$status" = 400
'

test_expect_success 'a changed or cut file is not served, nor logged as served' '
	pushed three &&
	raw=$STORE/artifact/$digest.raw &&
	truncate -s 1000000 "$raw" &&
	get "$digest" &&
	test "$status" = 404 &&
	test_grep "event=not-served .* its size differs" serve.log &&
	truncate -s 1048576 "$raw" &&
	get "$digest" &&
	test "$status" = 404 &&
	test_grep "event=not-served .* its time" serve.log
'

test_expect_success 'a store of an earlier hornero lacks the links: the next start makes them' '
	pushed four &&
	node_stop &&
	rm -r "$STORE/served" &&
	get "$digest" &&
	test "$status" = 404 &&
	node_start &&
	get "$digest" &&
	test "$status" = 200 &&
	cmp content "$STORE/served/sha256/$digest"
'

# The two examples of hornero-serve(8), with ports and files of ours. Red without `location /`.
if command -v nginx >nginx.found && command -v openssl >nginx.found
then
	test_expect_success 'nginx in front with TLS, and nginx alone, as hornero-serve(8) has it' '
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
			-subj /CN=localhost -addext "subjectAltName=IP:127.0.0.1" \
			-keyout tls.key -out tls.pem 2>openssl.log &&
		ports=$(python3 -c "
import socket
held = [socket.create_server((\"127.0.0.1\", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in held))") &&
		tls=${ports% *} plain=${ports#* } &&
		{
			test "$(id -u)" -ne 0 || echo "user nobody nogroup;"
			echo "daemon off; pid $TRASH/nginx.pid; events { } http { access_log off;"
			for kind in client_body proxy fastcgi uwsgi scgi
			do
				echo "${kind}_temp_path $TRASH/nginx.$kind;"
			done
			sed -n "/^server {/,/^}/p" "$HORNERO_SRC/doc/hornero-serve.8" |
				sed -e "s/\\\\-/-/g" -e "s/listen 443/listen 127.0.0.1:$tls/" \
					-e "s/listen 80/listen 127.0.0.1:$plain/" \
					-e "s,http://127.0.0.1:8080,$SERVE_URL," \
					-e "s,/etc/ssl/compute-7.pem,$TRASH/tls.pem," \
					-e "s,/etc/ssl/private/compute-7.key,$TRASH/tls.key," \
					-e "s,/var/lib/nova/instances/hornero,$STORE,"
			echo "}"
		} >nginx.conf &&
		{ nginx -e "$TRASH/nginx.log" -c "$TRASH/nginx.conf" >nginx.out 2>&1 & } &&
		nginx=$! &&
		test_cleanup "kill $nginx; wait $nginx; :" &&
		for url in "https://127.0.0.1:$tls" "http://127.0.0.1:$plain"
		do
			wait_until "curl -s --cacert tls.pem -o got $url/ || ! kill -0 $nginx" 20 &&
			curl -s --cacert tls.pem -o got -D head "$url/sha256/$digest" &&
			cmp content got &&
			header Cache-Control "public, max-age=31536000, immutable" &&
			curl -s --cacert tls.pem -o got -r 100-199 "$url/sha256/$digest" &&
			tail -c +101 content | head -c 100 >want &&
			cmp want got &&
			for path in / /sha256/ "/artifact/$digest.json" \
				"/sha256/$(echo none | sha256sum | cut -d " " -f 1)"
			do
				code=$(curl -s --cacert tls.pem -o got -w "%{http_code}" \
					"$url$path") &&
				test "$code" = 404 || { echo "$url$path: $code"; return 1; }
			done || { cat nginx.log; return 1; }
		done
	'
else
	test_skip 'nginx in front with TLS, and nginx alone, as hornero-serve(8) has it' \
		'nginx or openssl is not here (Debian: nginx-light, openssl)'
fi

# Red without served_remove() in inventory_discard().
test_expect_success 'a collector removes the link with the artifact' '
	old=$digest &&
	pushed five &&
	pushed six &&
	node_set store_budget 1 &&
	test_expect_code 1 hornero gc &&
	node_set store_budget &&
	test_must_fail test -e "$STORE/artifact/$old.raw" &&
	test_must_fail test -L "$STORE/served/sha256/$old" &&
	get "$old" &&
	test "$status" = 404 &&
	get "$digest" &&
	test "$status" = 200
'

test_expect_success 'it stops when told to' '
	serve_stop &&
	test_grep "event=stopped cut_off=0" serve.log
'

test_done
