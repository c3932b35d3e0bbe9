# why.sh: makes sure that `hornero why` gives a reason in these words, that `hornero wait` ends with
# the same ones, and that the command in them changes it. After node.sh.
#
#     because disk $job 'the floor is'        within 60 s; sets $sentence, $command and $other
#     same_words $job                         the last line of wait
#     mend                                    runs $command, in the work clone
#
# t/7700-why-unit looks for "because WORD" in the tests, for each reason there is. Most are in
# t/77*-why-*.t.

# because STATE SUBJECT PATTERN: SUBJECT "" is the node. why_key names a key that asks.
why_key=''
because () {
	why__state=$1 why__subject=$2 why__pattern=$3
	wait_until why__is 60 && {
		sentence=$(json_in "$test_root/why" "$(why__at text)") &&
		command=$(json_in "$test_root/why" "$(why__at 'commands[0]')") &&
		other=$(json_in "$test_root/why" "$(why__at 'commands[1]')")
	} && return 0
	cat "$test_root/why"
	echo >&2 "hornero why $2 is not because of $1, '$3'"
	return 1
}

why__is () {
	{ hornero ${why_key:+--key "$why_key"} why ${why__subject:+"$why__subject"} --json \
		>"$test_root/why" 2>/dev/null || :; }
	test -s "$test_root/why" &&
	why__row=$(json_sql "$test_root/why" "SELECT coalesce(
		(SELECT key FROM f, json_each(j, '\$.reasons')
			WHERE value ->> 'state' = '$why__state' LIMIT 1), -1)") &&
	test "$(json_in "$test_root/why" "$(why__at state)")" = "$why__state" &&
	json_in "$test_root/why" "$(why__at text)" | grep -E -q -e "$why__pattern"
}

# why__at NAME: its place in the JSON; of the node, in the row of the state.
why__at () {
	case $why__subject in
	'') echo ".reasons[$why__row].$1" ;;
	*) echo ".$1" ;;
	esac
}

# why__plain: without what time changes.
why__plain () {
	sed -E -e 's/(in )?[0-9.]+ (ms|s|min|h)( ago)?/T/g' -e 's/just now|now/T/g' \
		-e 's/gets [0-9.]+ %/gets N %/' -e 's/^hornero: //' -e 's/\.$//' -e 's/^[JI]/\l&/'
}

# same_words SUBJECT [OPTION…]: of `hornero wait`, once nothing changes between the two questions.
same_words () {
	wait_until "why__same $*" 60 || test_cmp "$test_root/first" "$test_root/last"
}

why__same () {
	hornero wait "$@" --timeout 0 >"$test_root/waited" 2>&1
	tail -n 1 "$test_root/waited" | why__plain >"$test_root/last"
	hornero why "$1" | head -n 1 | why__plain >"$test_root/first"
	cmp "$test_root/first" "$test_root/last"
}

# systemctl: this node has no systemd. What the unit does, node.sh does.
systemctl () {
	case "$1 $2" in
	'start hornerod') test -n "$node_pid" || node_start ;;
	'restart hornerod') node_stop && node_start ;;
	*) echo >&2 "systemctl $*"; return 1 ;;
	esac
}

# run COMMAND: as a user would type it.
run () {
	test -n "$1" && test "$1" != null &&
	cd "$HELLO_WORK" && {
		eval "$1"
		why__code=$?
		cd "$TRASH"
		return $why__code
	}
}

mend () {
	run "$command"
}
