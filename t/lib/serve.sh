# serve.sh: hornero-serve on a scratch node, and curl. After node.sh or publish.sh, with
# serve_listen: 127.0.0.1:0 in the configuration $CONF or $HORNERO_CONF.
#
#     serve_start [--metrics]         it listens: $SERVE_URL, $serve_pid; its log is serve.log
#     serve_stop                      its exit code
#     get DIGEST [CURL-OPTION…]       the body in `got`, the header in `head`, the status in $status

test_requires curl curl
SERVE_UID=64105 # may read what every user may read

serve_start () {
	serve__as=''
	test "$(id -u)" -ne 0 ||
	serve__as="setpriv --reuid $SERVE_UID --regid $SERVE_UID --clear-groups"
	rm -f serve.out serve.log # of an earlier one: it said READY
	$serve__as "$HORNERO_BUILD/hornero-serve" -c "${CONF:-$HORNERO_CONF}" "$@" \
		>serve.out 2>serve.log </dev/null &
	serve_pid=$!
	test_cleanup "test -z \"\$serve_pid\" || { kill \$serve_pid; wait \$serve_pid; }; :"
	wait_until "grep -q READY serve.out || ! kill -0 $serve_pid" 120
	SERVE_PORT=$(sed -n 's/.*event=listening address=127\.0\.0\.1://p' serve.log)
	SERVE_URL=http://127.0.0.1:$SERVE_PORT
	test -n "$SERVE_PORT" || { cat serve.log; return 1; }
}

serve_stop () {
	kill "$serve_pid" &&
	wait "$serve_pid"
	serve__code=$?
	serve_pid=''
	return $serve__code
}

get () {
	serve__digest=$1
	shift
	: >got
	status=$(curl -s --max-time 60 -D head -o got -w '%{http_code}' "$@" \
		"$SERVE_URL/sha256/$serve__digest")
}
