# sshd.sh: a real sshd of this test's own, with $TRASH/sshd_config. After test.sh:
#
#     start_sshd          sets port and sshd (its pid)

# sshd cannot ask the kernel for a port, so we do, and try again where somebody else was faster.
start_sshd () {
	for try in 1 2 3 4 5
	do
		port=$(perl -MIO::Socket::INET -e \
			'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 0)->sockport') || return 1
		/usr/sbin/sshd -D -e -f "$TRASH/sshd_config" -p $port 2>sshd.log &
		sshd=$!
		wait_until "grep -q 'Server listening' sshd.log || ! kill -0 $sshd" 10
		grep -q 'Server listening' sshd.log && return 0
		wait $sshd
	done
	cat sshd.log
	return 1
}
