#!/bin/sh
# A build that presses against its own limit waits all the time, while nobody is short of anything.
# The kernel's own figures: of a build that reads more than its memory holds, then of another group
# beside hornero's that does. The effects of pressure: t/5455-pausing.t.
test_description='builds do not pause for what builds wait for, and do for what others wait for'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

unified=/sys/fs/cgroup/unified
if test "$(id -u)" -ne 0 || test ! -e $unified/memory.pressure
then
	test_skip 'own pressure' 'root only, and cgroup v1 with v2 beside it'
	test_done
fi

ours=$unified/hornero-own-$$
theirs=$unified/hornero-beside-$$
memory=/sys/fs/cgroup/memory/hornero-beside-$$
before=$unified$(sed -n 's/^0:://p' /proc/self/cgroup)
presser=''

leave () {
	echo $$ >"$before/cgroup.procs"
	touch go &&
	{ test -z "$presser" || wait $presser; }
	for group in $ours $theirs $memory
	do
		test ! -d $group || wait_until "rmdir $group" 10 || return 1
	done
}

# waits GROUP: more than the limit, for memory
waits () {
	awk -F '[= ]' '/^some/ { exit !($3 > 3) }' "$1/memory.pressure"
}

frozen () {
	cat "/sys/fs/cgroup/freezer/$NODE_TOP/"*/"$1.1/freezer.state" | grep -q "^FROZEN"
}

# goes_on: for five seconds the build has waited, and hornerod has not paused. Others on this
# machine may really press for a while; then the five seconds begin anew.
goes_on () {
	pauses=$(grep -c event=paused "$NODE/hornerod.log")
	if test "$pauses" = "$seen" &&
		test ! -e "$NODE/state/run/standstill" &&
		waits $ours &&
		waits $unified
	then
		test "$(date +%s)" -gt $((since + 5))
	else
		seen=$pauses since=$(date +%s)
		return 1
	fi
}

go=$NODE/unikernels/2b7e1516-28ae-4d2a-abf7-158809cf4f3c/cache/go
# Here and there in more than the memory holds, so that each page is waited for that was there just
# now.
cat >press.py <<'END'
import os, random, sys
if not os.path.exists("f"):
    with open("f", "wb") as f:
        f.write(bytes(150000000))
file = os.open("f", os.O_RDONLY)
os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
for i in range(2):
    os.fork()
while not os.path.exists(sys.argv[1]):
    for i in range(200):
        os.pread(file, 4096, random.randrange(36000) * 4096)
END
press='python3 press.py ../cache/go; head -c 1048576 /dev/zero >$@'

test_expect_success 'a node in a group of its own' '
	test_cleanup leave &&
	mkdir $ours $theirs $memory &&
	echo $$ >$ours/cgroup.procs &&
	node_init "compile_mem_limit: 64" "compile_core_limit: 50" "memory_pressure_limit: 2" &&
	node_hello_repo &&
	node_start &&
	node_swept &&
	echo $$ >"$before/cgroup.procs" &&
	cp press.py work-hello/ &&
	git -C work-hello add .
'

# Red with "/proc/pressure" as it is: agent/hornerod/pressure.c without foreign_stall().
test_expect_success 'a build that presses against its own limit pauses nobody' '
	push_make "$press" &&
	since=$(date +%s) &&
	seen=0 &&
	wait_until goes_on 120
'

test_expect_success 'somebody else who waits pauses it' '
	echo 64M >$memory/memory.limit_in_bytes &&
	{ (
		for group in $theirs $memory; do sh -c "echo \$PPID" >$group/cgroup.procs; done
		exec python3 press.py go
	) & } &&
	presser=$! &&
	wait_until "frozen 1" 60 &&
	test_grep "event=paused .*memory pressure" "$NODE/hornerod.log"
'

test_expect_success 'and lets it go on' '
	touch go &&
	{ wait $presser; presser=""; } &&
	wait_until "! frozen 1" 90 &&
	touch "$go" &&
	hornero wait 1 --timeout 300 &&
	node_stop
'

test_done
