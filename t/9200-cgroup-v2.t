#!/bin/sh
# The tests of isolation on Debian's kernel, with cgroup v2 alone and systemd as process 1, in a
# guest; the same files run on the machine itself, whatever it has. hornerod is the installed
# unit's, a user with a delegated group, and then root's.
#
# Emulation takes its time: all of them run in the long test only. Otherwise each file runs once,
# as the user whose rights it depends on most. Kills are fewer. Left out is what is the same beside
# every hierarchy of groups: attacks that namespaces and system call filters stop alone, odd
# artifacts, and most of what decides to pause.
test_description='builds in cgroup v2, under systemd: by the installed units, and as root'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/guest.sh"
guest_requires

if test "$HORNERO_TEST_LONG" = 1
then
	by_unit='5415-upgrade 5450-groups 5455-pausing 5480-attacks 8300-kill'
	by_root="$by_unit 5465-yielding 5467-slice-yields 7340-builder-try-limits"
	unit_settings=HORNERO_TEST_ATTEMPTS=240
	root_settings=$unit_settings
else
	by_unit='5450-groups 5455-pausing 5480-attacks'
	by_root='5467-slice-yields 8300-kill'
	unit_settings=HORNERO_TEST_ATTACKS=daemon,fork-bomb,limits,memory,namespaces,read-node
	unit_settings="HORNERO_TEST_BRIEF=1 $unit_settings,setuid"
	root_settings=HORNERO_TEST_ATTEMPTS=4
fi

test_expect_success 'a guest starts, runs the tests and ends' '
	{
		printf "unit t/%s.t $unit_settings\n" $by_unit &&
		printf "root t/%s.t $root_settings\n" $by_root
	} >tests &&
	guest_make &&
	guest_run 3000 tests
'

for name in $by_unit
do
	test_expect_success "by the installed units: $name" "guest_said unit/$name"
done

for name in $by_root
do
	test_expect_success "as root: $name" "guest_said root/$name"
done

test_done
