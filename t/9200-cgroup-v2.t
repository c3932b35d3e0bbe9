#!/bin/sh
# The tests of isolation on Debian's kernel, with cgroup v2 alone and systemd as process 1, in a guest; the same files run on
# the machine itself, whatever it has. hornerod is the installed unit's, a user with a delegated group, and then root's.
#
# Emulation takes its time. What is cut short here is whole in the long test: of kills there are fewer, and what root's hornerod
# goes through is what depends on its control groups and its rights.
test_description='builds in cgroup v2, under systemd: by the installed units, and as root'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/guest.sh"
guest_requires

isolation='5415-upgrade 5450-groups 5455-pausing 5480-attacks 8300-kill'
if test "$HORNERO_TEST_LONG" = 1
then
	root_isolation=$isolation
	settings=HORNERO_TEST_ATTEMPTS=240
	root_settings=$settings
else
	root_isolation='5450-groups 5480-attacks 8300-kill'
	settings=HORNERO_TEST_ATTEMPTS=24
	root_settings="HORNERO_TEST_ATTEMPTS=16 HORNERO_TEST_ATTACKS=daemon,fill-disk,fill-tmp,fork-bomb,limits,memory,namespaces,other-checkout,read-node,setuid"
fi

test_expect_success 'a guest starts, runs the tests and ends' '
	{
		printf "unit t/%s.t $settings\n" $isolation && printf "root t/%s.t $root_settings\n" $root_isolation
	} >tests && guest_make && guest_run 3000 tests
'

for name in $isolation
do
	test_expect_success "by the installed units: $name" "guest_said unit/$name"
done

for name in $root_isolation
do
	test_expect_success "as root: $name" "guest_said root/$name"
done

test_done
