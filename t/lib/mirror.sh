# mirror.sh: a network for tests of fetch: a node with two addresses, and a mirror that it reaches.
# Before test.sh, as the first command of the file:
#
#     . "${HORNERO_SRC:-.}/t/lib/mirror.sh"      starts the file again in namespaces of its own
#
# and after it:
#
#     mirror_start      mirror.test is 10.77.0.2; the node is 10.77.0.1
#     mirror_words      how often which word was asked for

if test -z "$MIRROR_NAMESPACE" && test "$(id -u)" -eq 0 && unshare --net --mount true 2>/dev/null
then
	MIRROR_NAMESPACE=yes
	export MIRROR_NAMESPACE
	exec unshare --net --mount sh "$0"
fi

# mirror_requires: skips the file where it cannot run.
mirror_requires () {
	test -n "$MIRROR_NAMESPACE" || test_skip_all 'needs root and network namespaces'
	test_requires slirp4netns slirp4netns
	test_requires ip iproute2
	test_requires curl curl
	test -x /usr/bin/python3 || test_skip_all 'python3 is not here (Debian: python3)'
	test -w /dev/net/tun || test_skip_all 'this kernel has no /dev/net/tun'
	ip link add near0 type veth peer name far0 2>/dev/null ||
		test_skip_all 'this kernel has no veth'
}

mirror_start () {
	mirror_log=$TRASH/mirror.log
	: >"$mirror_log"
	echo 'nameserver 10.77.0.2' >"$TRASH/resolv.conf" &&
	mount --bind "$TRASH/resolv.conf" /etc/resolv.conf &&
	ip link set lo up &&
	ip address add 10.77.0.1/24 dev near0 &&
	ip link set near0 up || return 1
	unshare --net /usr/bin/python3 "$HORNERO_SRC/t/tools/mirror.py" 10.77.0.2 "$mirror_log" \
		>"$TRASH/mirror.out" 2>&1 &
	mirror_pid=$!
	test_cleanup "kill $mirror_pid; wait $mirror_pid; :"
	wait_until 'grep -q ready "$TRASH/mirror.out"' 60 &&
	ip link set far0 netns "$mirror_pid" &&
	nsenter -t "$mirror_pid" -n ip address add 10.77.0.2/24 dev far0 &&
	nsenter -t "$mirror_pid" -n ip link set far0 up &&
	wait_until 'curl -sSf http://10.77.0.2/hello >"$TRASH/hello"' 20 &&
	grep -q '^got hello\.' "$TRASH/hello" &&
	: >"$mirror_log"
}

# mirror_words WORD…: these were asked for since the last call, in this order.
mirror_words () {
	printf '%s\n' "$@" >mirror.want
	test $# -gt 0 || : >mirror.want
	test_cmp mirror.want "$mirror_log" && : >"$mirror_log"
}
