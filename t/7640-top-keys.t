#!/bin/sh
test_description='hornero top on a terminal: its keys, and a screen of 80 columns'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires sqlite3 sqlite3
test_requires python3 python3
test_requires ssh-keygen openssh-client

U=00000000-0000-4000-8000-000000000007

# typed [WAIT KEYS]… COMMAND…: on a terminal of 80 columns, types KEYS once WAIT was drawn since the
# last ones. Prints all that was drawn, and "modes kept" if the terminal is left as it was.
cat >typed.py <<'END'
import fcntl, os, pty, struct, sys, termios
args, steps = sys.argv[1:], []
while args[0] != "--":
    steps.append((args[0].encode(), args[1].encode().decode("unicode_escape").encode()))
    args = args[2:]
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.environ["TERM"] = "xterm"
    os.execvp(args[1], args[1:])
before = termios.tcgetattr(fd)[3]
out, since = b"", 0
while True:
    try:
        piece = os.read(fd, 65536)
    except OSError:
        break
    if not piece:
        break
    out += piece
    while steps and steps[0][0] in out[since:]:
        since = len(out)
        os.write(fd, steps.pop(0)[1])
sys.stdout.buffer.write(out)
sys.stdout.flush()
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if not steps else "not drawn: %r" % steps[0][0])
END

typed () {
	timeout 120 python3 typed.py "$@" >screen
}

state_of () {
	hornero show "$1" --json 2>err | jq -r .state
}

test_expect_success 'a node with jobs in every state' '
	cli_node "keys_file: $TRASH/keys" &&
	hornero init &&
	"$HORNERO_BUILD/t/tools/seed" hornero.yaml &&
	git init -q --bare git/team/hello.git &&
	hornero image add $U team/hello --name "a rather long name" &&
	test "$(state_of 9)" = queued
'

# Red without screen_columns: the row ends with the image.
test_expect_success 'q ends; rows fit in 80 columns; the last line has the keys' '
	typed "push to warm" q -- hornero top -i 60 &&
	tr -d "\r" <screen | sed "s/.\[[0-9;?]*[a-zA-Z]//g" >plain &&
	test_grep "^> *7  running *a rather lon  team/hello" plain &&
	keys="up down choose  l log  c cancel  p pause  r resume  s sort .queue.  q quit" &&
	test_grep "^$keys$" plain &&
	grep -E "^.? *[0-9]+  (running|queued|held|built)" plain >rows &&
	test "$(wc -l <rows)" -eq 5
'

# Red if text_fitting() counts characters.
test_expect_success 'names of wide characters leave the columns where they are' '
	hornero image set $U "name=日本語の名前" &&
	typed "push to warm" q -- hornero top -i 60 &&
	tr -d "\r" <screen | sed "s/.\[[0-9;?]*[a-zA-Z]//g" >plain &&
	test_grep "^> *7  running *日本語の名前  team/hello" plain &&
	hornero image set $U "name=日本語の長い名前" &&
	typed "push to warm" q -- hornero top -i 60 &&
	tr -d "\r" <screen | sed "s/.\[[0-9;?]*[a-zA-Z]//g" >plain &&
	test_grep "^> *7  running *日本語の長い  team/hello" plain &&
	hornero image set $U "name=a rather long name"
'

# Red without k->asked: it is cancelled at once.
test_expect_success 'c cancels the chosen job after a yes, and no other' '
	hornero queue --json 2>err | jq -r "[.[] | select(.ended_ms == null)] | .[].job" >jobs &&
	job=$(sed -n 4p jobs) &&
	was=$(state_of $job) &&
	typed "push to warm" jjj "push to warm" c "cancel job $job" n "push to warm" q \
		-- hornero top -i 60 &&
	test "$(state_of $job)" = "$was" &&
	typed "push to warm" jjj "push to warm" c "cancel job $job" y "job $job is cancelled" q \
		-- hornero top -i 60 &&
	test "$(state_of $job)" = cancelled &&
	test "$was" != cancelled &&
	test "$(state_of 7)" = running
'

test_expect_success 'p and r pause and resume its image' '
	typed "push to warm" p "pause image $U" y "nothing is built until" q \
		-- hornero top -i 60 &&
	hornero why $U >out &&
	test_grep paused out &&
	typed "push to warm" r "resume image $U" y "push to warm" q -- hornero top -i 60 &&
	hornero why $U >out &&
	test_must_fail grep paused out
'

# Red where live_lend() leaves the signals of the program to top.
# Red without --key in command().
test_expect_success 'a key that may only read cancels and pauses nothing' '
	ssh-keygen -q -t ed25519 -N "" -f id &&
	hornero key add reader id.pub --read "*" &&
	job=$(sed -n 3p jobs) &&
	was=$(state_of $job) &&
	typed "push to warm" jj "push to warm" c "cancel job $job" y "hornero cancel $job" p \
		"pause image" y "says why not" q -- hornero --key reader top -i 60 &&
	test "$(state_of $job)" = "$was" &&
	test -z "$(ls state/pause)"
'

test_expect_success 'l follows the log; Ctrl-C returns to the screen' '
	echo "a line of the log" >state/log/7.1.log &&
	typed "push to warm" l "a line of the log" "\\003" "push to warm" q -- hornero top -i 60
'

test_expect_success 's sorts: queue, age, cpu, memory, image' '
	typed "push to warm" s "sort (age)" s "sort (cpu)" s "sort (memory)" s "sort (image)" s \
		"sort (queue)" q -- hornero top -i 60
'

# Red without the last tcsetattr() in leave_screen().
test_expect_success 'the terminal gets its settings back' '
	typed "push to warm" q -- sh -c "stty -a >before; hornero top -i 60; stty -a >after" &&
	test_cmp before after
'

test_done
