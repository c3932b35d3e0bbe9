#!/bin/sh
# By default an attempt may have all that all builds may have. So it can lack what it was promised
# through no fault of its own.
test_description='a lack that another build beside it caused is not the fault of a build'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

if test "$(id -u)" -ne 0 || test ! -d /sys/fs/cgroup/cpu
then
	test_skip 'neighbours' 'cgroup v1 and root only'
	test_done
fi

beside=7c9e6679-7425-40de-944b-e07fc1f90ae7
disk='head -c 1048576 /dev/zero >$@'

# A build that has the memory, or all processes but so many, until it may go.
cat >hold.py <<'END'
import os, signal, sys
what, n = sys.argv[1], int(sys.argv[2])
pids = []
try:
    while what == "processes" or len(pids) < n:
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            x = bytearray(22000000 if what == "memory" else 0)
            os.write(w, b"!")
            signal.pause()
        pids.append(pid)
        os.read(r, 1)
        os.close(r), os.close(w)
except OSError:
    for pid in pids[:n]:
        os.kill(pid, 9), os.waitpid(pid, 0)
    del pids[:n]
open("../cache/holds", "w").close()
while not os.path.exists("../cache/go"):
    signal.sigtimedwait([], 0.05)
for pid in pids:
    os.kill(pid, 9), os.waitpid(pid, 0)
END
# One that wants something, and fails without it.
cat >want.py <<'END'
import os, signal, sys
what, n = sys.argv[1], int(sys.argv[2])
if what == "memory":
    x = bytearray(n * 1000000)
else:
    pids = []
    for i in range(n):
        pids.append(os.fork())
        if pids[-1] == 0:
            signal.pause()
    for pid in pids:
        os.kill(pid, 9)
END

hold () {
	HELLO_WORK=$TRASH/work-beside &&
	rm -f "$NODE/unikernels/$beside/cache/"* &&
	push_make "python3 hold.py $1 $2" "$disk" &&
	held=$job &&
	wait_until "test -e $NODE/unikernels/$beside/cache/holds" 60 &&
	HELLO_WORK=$TRASH/work-hello
}
let_go () {
	touch "$NODE/unikernels/$beside/cache/go" &&
	hornero wait "$held" --timeout 300
}
# want WHAT N: what is pushed, in a group of its own
want () {
	push_make "python3 want.py $1 $2" "$disk"
}
first () {
	hornero show "$job" --json | jq -r ".attempts[0] | \"\\(.class) \\(.cause) \\(.reason)\""
}
failed () {
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	first >out &&
	test_grep "$1" out
}
crowded () {
	wait_until "first | grep -q ^nobody" 60 &&
	first >out &&
	test_grep "^nobody crowded $1" out &&
	why_says "$job" "$1"
}
# Tried again by itself, without a word; taken for a crash it would be held after the third time.
warm_at_last () {
	let_go &&
	hornero wait "$job" --timeout 600
}
limit () {
	echo "$1" >groups.d/make.yaml
}

test_expect_success 'a node for two builds at once' '
	mkdir groups.d builders.d &&
	cp "$HORNERO_SRC/etc/builders.d/make.yaml" builders.d/ &&
	printf "%s\n" "group: beside" "argv: [make]" "artifact: /build/src/hornero.raw" \
		"format: raw" >builders.d/beside.yaml &&
	node_init "workers: 2" "compile_mem_limit: 300" \
		"compile_pids_limit: 60" "groups_dir: $TRASH/groups.d" \
		"builders_dir: $TRASH/builders.d" &&
	node_start &&
	node_hello_repo beside $beside &&
	hornero image set $beside builder=beside &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=make &&
	cp hold.py work-beside/ &&
	git -C work-beside add . &&
	cp want.py work-hello/ &&
	git -C work-hello add .
'

test_expect_success 'its own limit of memory is its own fault, whoever is there' '
	hold memory 8 &&
	limit "attempt_mem_limit: 50" &&
	want memory 120 &&
	failed "^pusher oom .*its limit is 50 MB" &&
	rm groups.d/make.yaml
'

test_expect_success 'another build has the memory: killed, not blamed, and warm once that is gone' '
	want memory 121 &&
	crowded "other builds left too little memory: it had [0-9]* MB of 300 MB" &&
	warm_at_last
'

test_expect_success 'alone it is its fault' '
	want memory 400 &&
	failed "^pusher oom .*its limit is 300 MB .compile_mem_limit"
'

test_expect_success 'its own limit of processes is its own fault, whoever is there' '
	hold processes 30 &&
	limit "attempt_pids_limit: 16" &&
	want processes 20 &&
	failed "^pusher pids .*its limit is 16" &&
	rm groups.d/make.yaml
'

test_expect_success 'another build has the processes: not blamed, and warm once that is gone' '
	want processes 40 &&
	crowded "other builds left too few processes: it had [0-9]* of 60" &&
	warm_at_last
'

test_expect_success 'nor is bubblewrap where there is not even one' '
	hold processes 0 &&
	want processes 1 &&
	crowded "other builds left too few processes: it had [0-9]* of 60" &&
	warm_at_last
'

test_expect_success 'alone it is its fault, too' '
	want processes 70 &&
	failed "^pusher pids .*its limit is 60 .compile_pids_limit"
'

test_done
