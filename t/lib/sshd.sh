# sshd.sh: a real sshd of this test's own. After test.sh:
#
#     sshd_conf [LINE…]         $TRASH/sshd_config with a host key: $account alone, by
#                               $TRASH/home/.ssh/authorized_keys
#     start_sshd [COMMAND…]     sets port and sshd (its pid); COMMAND executes what stands behind it
#     account_remove            deletes the user $account when its processes are gone

sshd_conf () {
	ssh-keygen -q -t ed25519 -N '' -f hostkey &&
	cat >sshd_config <<-END &&
	ListenAddress 127.0.0.1
	HostKey $TRASH/hostkey
	PidFile none
	UsePAM no
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	AuthorizedKeysFile $TRASH/home/.ssh/authorized_keys
	StrictModes no
	AllowUsers $account
	END
	printf '%s\n' "$@" >>sshd_config &&
	sshd_run_dir
}

# sshd needs /run/sshd for each connection, and other tests have an sshd, too. Each holds a lock of
# the directory; the last one removes it. Its mode says that a test made it: sshd's own is 0755.
sshd_run_dir () {
	test_cleanup \
		"flock -n -x 8 && test \"\$(stat -c %a /run/sshd)\" = 711 && rmdir /run/sshd; :"
	until sshd__hold_run_dir 2>/dev/null
	do
		mkdir -m 0711 /run/sshd 2>/dev/null
	done
}

sshd__hold_run_dir () {
	command exec 8</run/sshd &&
	flock -s 8 &&
	test /run/sshd -ef /proc/self/fd/8
}

sshd__free_port () {
	perl -MIO::Socket::INET -e '
		my %any = (Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 0);
		print IO::Socket::INET->new(%any)->sockport'
}

# sshd cannot ask the kernel for a port, so we do, and try again where somebody else was faster.
start_sshd () {
	for try in 1 2 3 4 5
	do
		port=$(sshd__free_port) || return 1
		rm -f sshd.log
		"$@" /usr/sbin/sshd -D -e -f "$TRASH/sshd_config" -p $port 2>sshd.log &
		sshd=$!
		wait_until "grep -q 'Server listening' sshd.log || ! kill -0 $sshd" 120
		if grep -q 'Server listening' sshd.log
		then
			test_cleanup "kill $sshd 2>/dev/null; wait $sshd 2>/dev/null; :"
			return 0
		fi
		wait $sshd
	done
	cat sshd.log
	return 1
}

account_remove () {
	wait_until "! pgrep -u $account" 20
	userdel $account 2>/dev/null
	! getent passwd $account
}
