#!/bin/sh
test_description='the role of examples/ansible, by the real Ansible: twice, a typo, and a removal'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires ansible-playbook ansible-core
test_requires ssh-keygen openssh-client
test_requires jq jq

if test -z "$HORNERO_TEST_LONG"
then
	test_skip 'the role of examples/ansible' 'long: HORNERO_TEST_LONG=1'
	test_done
fi

A=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
ANSIBLE_CONFIG=$TRASH/ansible.cfg
ANSIBLE_LOCAL_TEMP=$TRASH/local
ANSIBLE_REMOTE_TEMP=$TRASH/remote
ANSIBLE_NOCOLOR=1
LC_ALL=C.UTF-8
export ANSIBLE_CONFIG ANSIBLE_LOCAL_TEMP ANSIBLE_REMOTE_TEMP ANSIBLE_NOCOLOR LC_ALL
: >"$ANSIBLE_CONFIG"

# play [YAML…]: the role on this machine, with these variables too; the recap is in play.out.
play () {
	printf '%s\n' "$@" >more.yml &&
	ansible-playbook -i localhost, -c local play.yml -e @vars.yml ${1:+-e @more.yml} \
		>play.out 2>&1
	play__code=$?
	test $play__code -eq 0 || cat play.out
	return $play__code
}

# changed: the number of tasks that changed something.
changed () {
	sed -n 's/^localhost.* changed=\([0-9]*\) .*/\1/p' play.out
}

test_expect_success 'the playbook of the example is one' '
	ansible-playbook -i "$HORNERO_SRC/examples/ansible/inventory.yml" --syntax-check \
		"$HORNERO_SRC/examples/ansible/site.yml"
'

# Red without "changed" of any command that the role uses.
test_expect_success 'a play, with the settings of a scratch node' '
	node_init &&
	ssh-keygen -q -t ed25519 -N "" -C alice -f alice &&
	cat >play.yml <<-END &&
	- hosts: all
	  gather_facts: false
	  vars:
	    ansible_python_interpreter: /usr/bin/python3
	  roles: ["$HORNERO_SRC/examples/ansible/roles/hornero"]
	END
	hornero config show --json >settings.json &&
	jq -n --slurpfile settings settings.json --rawfile key alice.pub "{
		hornero_packages: [], hornero_services: [],
		hornero_command: \"hornero\", hornero_conf: \"$HORNERO_CONF\",
		hornero_settings: \$settings[0],
		hornero_reload: \"true\",
		hornero_doctor_accepts: [0, 1, 2],
		hornero_repositories: [\"hello\", \"team/other\"],
		hornero_keys: [{name: \"alice\", key: \$key, write: \"hello\"}],
		hornero_images: [{id: \"$A\", repository: \"hello\",
			settings: [\"builder=make\", \"name=Hello\"]}]
	}" >vars.yml
'

test_expect_success 'it sets the node up, and the second time changes nothing' '
	play &&
	test "$(changed)" -ge 5 &&
	hornero image list --json | jq -e ".[0] | .image == \"$A\" and .repo == \"hello\"" &&
	hornero key list --json | jq -e ".[0] | .name == \"alice\" and .write == \"hello\"" &&
	test -d "$NODE/git/team/other.git" &&
	play &&
	test "$(changed)" -eq 0
'

test_expect_success 'what it set up builds a push' '
	node_start &&
	node_swept &&
	node_work work "$NODE/git/hello.git" &&
	node_copy_hello work &&
	git -C work add -A &&
	git -C work commit -q -m hello &&
	git -C work push -q origin main &&
	hornero wait $A --timeout 120
'

test_expect_success 'a typo fails the play before the file is in place' '
	cp "$HORNERO_CONF" before &&
	test_must_fail play "{hornero_settings: {wrokers: 2}}" >out 2>&1 &&
	test_grep "did you mean workers" play.out &&
	test_cmp before "$HORNERO_CONF"
'

test_expect_success 'rights change, and what is to go goes' '
	play "hornero_keys: [{name: alice, key: \"$(cat alice.pub)\", read: hello}]" \
		"hornero_images: []" "hornero_images_removed: [$A]" "hornero_repositories: []" \
		"hornero_repositories_removed: [team/other, hello]" &&
	test "$(changed)" -eq 3 &&
	hornero key list --json | jq -e ".[0] | .write == null and .read == \"hello\"" &&
	test ! -e "$NODE/git/hello.git" &&
	play "hornero_keys: []" "hornero_keys_removed: [alice]" "hornero_images: []" \
		"hornero_images_removed: [$A]" "hornero_repositories: []" \
		"hornero_repositories_removed: [team/other, hello]" &&
	test "$(changed)" -eq 1 &&
	node_stop
'

test_done
