#!/bin/sh
# The files that `make install` leaves. The pieces that nobody starts by hand work: gc, cron, users,
# units.
test_description='the installed files: gc, cron, users, units'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

test -f "$HORNERO_BUILD/Makefile" || test_skip_all 'this is no build directory'
root=$TRASH/root

test_expect_success 'make install DESTDIR=' '
	make -s -C "$HORNERO_BUILD" install DESTDIR="$root" >out 2>&1 || { cat out; false; } &&
	find "$root" -type f | sed "s,.*/,," | sort >have &&
	for name in hornero hornerod hornero-boot hornero-build hornero-check hornero-checkout \
		hornero-collect hornero-door hornero-hook hornero-publish hornero-sweep \
		hornero-yield gc-repositories git-shell hornero.yaml make.yaml capstan.yaml \
		capstan-compose.yaml hornerod.service hornero-publish.socket \
		hornero-publish@.service hornero-door.service hornero-door.8 hornero-serve \
		hornero-serve.service hornero-serve.8 hornero-clear.service \
		hornero-glance hornero-glance.service hornero-glance.8 \
		hornero-notify hornero-notify.service hornero-notify.8 \
		hornero-share.service hornero-mirror hornero-mirror.service hornero-mirror.8 \
		hornero-metrics.timer hornero-metrics.service \
		hornero-metrics-http.service hornero-metrics.7 hornero.rules.yml hornero.json \
		hornero-yield.service hornero-rebuild.timer \
		hornero-rebuild.service hornero-gc.service hornero-gc.timer hornero.1 hornerod.8 \
		hornero.yaml.5 hornero-builder.5 hornero-image.5 hornero-keys.5 hornero.bash \
		_hornero hornero.fish hornero.conf node.yaml
	do
		grep -qx "$name" have || { echo "$name is not installed"; return 1; }
	done &&
	test "$(basename "$(readlink "$(find "$root" -path "*libexec*" -type l -name hornero)")")" \
		= hornero
'

# Red with site-functions for --prefix=/usr: Debian's zsh does not look there.
if command -v zsh >/dev/null && find "$root/usr" -name _hornero 2>/dev/null | grep -q .
then
	test_expect_success 'zsh looks for its completion where that is' '
		dir=$(dirname "$(find "$root" -name _hornero)") &&
		zsh -f -c "print -l \$fpath" >dirs &&
		test_grep "^${dir#"$root"}$" dirs
	'
fi

test_expect_success 'an operator'\''s hornero.yaml is never written over' '
	conf=$(find "$root" -name hornero.yaml) &&
	echo "workers: 7" >"$conf" &&
	make -s -C "$HORNERO_BUILD" install DESTDIR="$root" >out 2>&1 &&
	test_grep "workers: 7" "$conf"
'

test_expect_success 'the units are whole' '
	for unit in $(find "$root" -regex ".*/hornero[^/]*\.\(service\|socket\|timer\|slice\)")
	do
		sed -e "s,^\(Exec[A-Za-z]*=+*\)/,\1$root/,;s,$root/bin/kill,/bin/kill," \
			-e /^Documentation=/d "$unit" >"${unit##*/}" || return 1
	done &&
	systemd-analyze verify ./hornero*.service ./hornero*.socket ./hornero*.timer \
		./hornero.slice >out 2>&1
	cat out
	test_must_fail grep hornero out # it complains of other units of this machine, too
'

test_expect_success 'the users that README and the units name' '
	mkdir -p "$root/etc" &&
	systemd-sysusers --root="$root" $(find "$root" -path "*/sysusers.d/*") &&
	grep -q "^git:" "$root/etc/passwd" &&
	grep -q "^hornero:" "$root/etc/passwd" &&
	grep -q "^hornero-serve:" "$root/etc/passwd" &&
	grep -q "^hornero-glance:" "$root/etc/passwd" &&
	grep "^hornero-queue:" "$root/etc/group" | grep -q hornero &&
	shell=$(sed -n "s/^git:.*://p" "$root/etc/passwd") &&
	test -x "$root$shell" &&
	test "${shell##*/}" = git-shell
'

test_expect_success 'gc packs every repository, also below relative paths' '
	node_init "repo_root: git" &&
	node_hello_repo &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	test "$(git -C "$HELLO_REPO" count-objects | cut -d " " -f 1)" -gt 0 &&
	(cd / && sh "$HORNERO_BUILD/etc/gc-repositories" "$HORNERO_CONF") &&
	test "$(git -C "$HELLO_REPO" count-objects | cut -d " " -f 1)" -eq 0 &&
	test_must_fail sh "$HORNERO_BUILD/etc/gc-repositories" "$TRASH/nowhere.yaml"
'

test_expect_success 'cron'\''s line sweeps' '
	line=$(grep "sweep" "$HORNERO_BUILD/etc/cron.d/hornero" | tail -n 1) &&
	echo "$line" | grep -q "^\*/10 \* \* \* \*	hornero	" &&
	command=$(echo "$line" | cut -f 3- | sed \
		-e "s,-x /[^ ]*/hornero ,-x $HORNERO_BUILD/hornero ," \
		-e "s,/[^ ]*/hornero sweep,$HORNERO_BUILD/hornero -c $HORNERO_CONF sweep," \
		-e "s, >/dev/null,," -e "s,/[^ ]*/hornero.yaml,$HORNERO_CONF,") &&
	sh -c "$command" >out &&
	test_grep "queued|under way" out &&
	sh -c "$(echo "$command" | sed "s,-x [^ ]*,-x /nowhere/hornero,")" >removed &&
	test_cmp /dev/null removed
'

test_expect_success 'the directory that tmpfiles makes is the one that hornero init expects' '
	line=$(grep "^d" "$(find "$root" -path "*/tmpfiles.d/hornero.conf")") &&
	test "${line#* * }" = "0755 hornero hornero -" &&
	sed -n "s/^\(git_user\|hornero_user\|queue_group\): //p" \
		"$(find "$root" -name node.yaml)" >users &&
	for name in $(cat users)
	do
		grep -q "^$name:" "$root/etc/group" || return 1
	done &&
	test "$(wc -l <users)" -eq 3
'

test_done
