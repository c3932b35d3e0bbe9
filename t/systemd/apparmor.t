#!/bin/sh
# Runs in the guest of t/9305-apparmor.t, as root.
test_description='AppArmor in enforce: door, publisher and hornero-serve do their work within it'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
uuid=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
warm=/var/lib/nova/instances/_base/$(printf %s $uuid | sha1sum | cut -d ' ' -f 1)
profiles=/usr/share/hornero/apparmor
loaded=/sys/kernel/security/apparmor/profiles

# When a test fails, what was denied and what the units said.
journal () {
	dmesg | grep apparmor=.DENIED
	journalctl --no-pager -o short-monotonic -n 40 -u 'hornero*'
	return 1
}

confined () {
	test "$(cat /proc/$(systemctl show -P MainPID $1)/attr/current)" = "$1 (enforce)"
}

nothing_denied () {
	dmesg >kernel &&
	! grep apparmor=.DENIED kernel
}

push () {
	git -C work commit -q --allow-empty -a -m "$1" &&
	shift &&
	git -C work -c gpg.format=ssh -c user.signingkey="$PWD/key.pub" push -q "$@" origin main \
		2>push.out || { cat push.out; return 1; }
	job=$(sed -n 's/.*hornero: job \([0-9]*\) .*/\1/p' push.out | head -n 1)
	test -n "$job" || { cat push.out; return 1; }
}

test_expect_success 'the profiles are loaded, and enforced' '
	for name in door publish serve
	do
		apparmor_parser -r -K $profiles/hornero-$name &&
		grep -q -x "hornero-$name (enforce)" $loaded || return 1
	done
'

test_expect_success 'a node by the quick start' '
	{ getent passwd nova || useradd --system --home-dir /var/lib/nova nova; } &&
	install -d -o nova -g nova /var/lib/nova /var/lib/nova/instances \
		/var/lib/nova/instances/_base &&
	systemd-sysusers &&
	cat >/etc/hornero/hornero.yaml <<-END &&
	git_user: git
	hornero_user: hornero
	queue_group: hornero-queue
	publish_socket: /run/hornero-publish.socket
	compile_core_limit: 50
	compile_mem_limit: 500
	store_floor: 0
	cache_floor: 0
	serve_listen: 127.0.0.1:8080
	require_signed: [push hello]
	END
	hornero init &&
	ssh-keygen -q -t ed25519 -N "" -f key &&
	hornero key add ann key.pub --admin "*" --ids $uuid &&
	systemctl start hornero-publish.socket hornerod hornero-door hornero-serve &&
	wait_until "ss -ltn | grep -q :2222" 60 &&
	wait_until "confined hornero-door && confined hornero-serve" 60 || journal
'

test_expect_success 'a repository, an image and a signed push that waits, all through the door' '
	cat >ssh_config <<-END &&
	Host node
	HostName 127.0.0.1
	Port 2222
	User git
	IdentityFile $PWD/key
	IdentitiesOnly yes
	BatchMode yes
	StrictHostKeyChecking accept-new
	UserKnownHostsFile $PWD/known
	END
	GIT_SSH_COMMAND="ssh -F $PWD/ssh_config" &&
	export GIT_SSH_COMMAND &&
	ssh -F ssh_config node repo create hello &&
	ssh -F ssh_config node image add $uuid hello &&
	mkdir work &&
	cp -R /hornero/examples/hello/. work/ &&
	git init -q -b main work &&
	git -C work add -A &&
	git -C work remote add origin node:hello &&
	push one --signed -o wait &&
	test_grep "warm" push.out &&
	test -s "$warm" || journal
'

test_expect_success 'the words of the door, fetch and clone' '
	for word in "why $uuid" queue "log $job" "show $job" "image show $uuid" "events" stats
	do
		ssh -F ssh_config node $word >out || { echo "$word"; journal; return 1; }
	done &&
	git clone -q node:hello cloned &&
	git -C cloned fetch -q &&
	push two --signed -o rebuild &&
	hornero wait $job --timeout 120 || journal
'

test_expect_success 'hornero-serve serves the warm bytes' '
	digest=$(sha256sum <$warm | cut -d " " -f 1) &&
	wait_until "curl -sf -o served http://127.0.0.1:8080/sha256/$digest" 60 &&
	cmp served $warm || journal
'

test_expect_success 'services reload and stop' '
	systemctl kill -s HUP hornero-door &&
	systemctl restart hornero-door hornero-serve &&
	wait_until "confined hornero-door && confined hornero-serve" 60 &&
	systemctl stop hornero-serve &&
	test "$(systemctl show -P Result hornero-serve)" = success || journal
'

test_expect_success 'nothing was denied' '
	nothing_denied
'

test_expect_success 'the publisher is confined: a narrower profile keeps it out of the cache' '
	mkdir -p /etc/apparmor.d/local &&
	echo "deny /var/lib/nova/instances/_base/** w," >/etc/apparmor.d/local/hornero-publish &&
	apparmor_parser -r -K $profiles/hornero-publish &&
	echo changed >work/greeting &&
	push three --signed &&
	wait_until "hornero why $job | grep -q \"Permission denied\"" 120 || journal
'

test_done
