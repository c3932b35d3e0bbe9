# notify.sh: programs of events.d, and hornero-notify. After node.sh; events_dir is $NODE/events.d.

# program NAME LINE…: a program of events.d, which runs as we do.
program () {
	program__name=$1
	shift
	{
		echo '#!/bin/sh'
		printf '%s\n' "$@"
	} >"$NODE/events.d/$program__name.new" &&
	chmod 0755 "$NODE/events.d/$program__name.new" &&
	mv "$NODE/events.d/$program__name.new" "$NODE/events.d/$program__name"
}

# notify_once [CODE]: its words are in notify.log.
notify_once () {
	timeout 100 hornero-notify --once >>notify.log 2>&1
	notify__code=$?
	test $notify__code -eq "${1:-0}" || { tail -n 5 notify.log; return 1; }
}
