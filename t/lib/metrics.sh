# metrics.sh: figures of hornero metrics. After node.sh.
#
#     metric_of FILE SERIES      its value in a file
#     metric SERIES              its value in what `hornero metrics --write` left
#     metric_is SERIES VALUE     "" is no such series

PROM=$NODE/state/metrics/hornero.prom
DB=$NODE/state/queue/queue.db

metric_of () {
	awk -v series="$2" 'substr($0, 1, length(series) + 1) == series " " { print $NF }' "$1"
}

metric () {
	metric_of "$PROM" "$1"
}

metric_is () {
	metric__is=$(metric "$1")
	test "$metric__is" = "$2" ||
	{ echo "$1 is '$metric__is', not '$2'"; return 1; }
}
