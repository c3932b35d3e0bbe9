#!/bin/sh
# Red without: the marks in busy() of etc/gc-repositories (3, 4); 2>/dev/null there (4, now and
# then); `flock` there, mark_reading() in agent/build/build_checkout.c (5); the lock of objects (6).
test_description='repositories are packed, but never beside a push or a checkout of the same one'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires flock util-linux

# A git whose repack waits until it is ended.
mkdir slow || exit 1
cat >slow/git <<END
#!/bin/sh
case " \$* " in
*" repack "*) echo \$\$ >"$TRASH/began"; exec sleep 1000 ;;
*) exec $(command -v git) "\$@" ;;
esac
END
chmod +x slow/git

pack () {
	sh "$HORNERO_BUILD/etc/gc-repositories" "$HORNERO_CONF"
}

loose () {
	git -C "$1" count-objects | cut -d " " -f 1
}

# The pre-receive of the first repository that stands still at its failpoint. Sets hook.
hook_stands () {
	for hook in $(pgrep -x pre-receive)
	do
		test "$(readlink /proc/$hook/cwd)" = "$HELLO_REPO" &&
		grep -q "^State:.T" /proc/$hook/status && return 0
	done
	return 1
}

# A push that stands still between its hooks. Sets push and hook.
begin_push () {
	node_set failpoint push-noted:stop &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m "$1" &&
	{ git -C "$HELLO_WORK" push -q origin main >push.out 2>&1 & } &&
	push=$! &&
	test_cleanup "kill -CONT $push; wait $push; :" &&
	wait_until hook_stands 60 &&
	node_set failpoint
}

end_push () {
	kill -CONT $hook &&
	wait $push
}

test_expect_success 'repositories with loose objects are packed, and say nothing' '
	node_init "sweep_interval: 1h" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	other=$(hornero repo create other | tail -n 1) &&
	hello_pushed one &&
	git -C "$HELLO_WORK" push -q "$other" main &&
	test "$(loose "$HELLO_REPO")" -gt 0 &&
	pack >out 2>&1 &&
	test_cmp /dev/null out &&
	test "$(loose "$HELLO_REPO")" -eq 0 &&
	test "$(loose "$other")" -eq 0 &&
	test -e "$other/objects/info/commit-graph" &&
	git -C "$other" fsck &&
	hello_pushed two
'

# Red without --cruft-expiration.
test_expect_success 'what no ref reaches for weeks goes once in 30 days, though it is in a pack' '
	git -C "$HELLO_WORK" checkout -q -b aside &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m aside &&
	aside=$(git -C "$HELLO_WORK" rev-parse HEAD) &&
	git -C "$HELLO_WORK" push -q "$other" aside &&
	git -C "$HELLO_WORK" checkout -q main &&
	pack &&
	git -C "$HELLO_WORK" push -q "$other" :aside &&
	find "$other/objects" -type f -exec touch -d "20 days ago" {} + &&
	pack &&
	git -C "$other" cat-file -e $aside &&
	touch -d "40 days ago" "$other/hornero.packed" &&
	pack >out 2>&1 &&
	test_cmp /dev/null out &&
	test_must_fail git -C "$other" cat-file -e $aside &&
	git -C "$other" fsck &&
	hello_pushed "two again"
'

test_expect_success 'a repository with a push under way is passed over, the others are packed' '
	git -C "$HELLO_WORK" push -q "$other" main &&
	begin_push three &&
	before=$(loose "$HELLO_REPO") &&
	test "$before" -gt 0 &&
	pack >out 2>&1 &&
	test_cmp /dev/null out &&
	test "$(loose "$HELLO_REPO")" -ge "$before" &&
	test "$(loose "$other")" -eq 0 &&
	end_push &&
	hornero wait $HELLO_UUID --timeout 120
'

# The checkout of the last push is over: beside it nothing would be packed.
test_expect_success 'a push that begins ends the packing of its repository' '
	rm -rf "$other" &&
	{ PATH=$TRASH/slow:$PATH pack >out 2>&1 & } &&
	packing=$! &&
	test_cleanup "kill $packing; wait $packing; :" &&
	wait_until "test -s began" 60 &&
	begin_push four &&
	wait $packing &&
	! kill -0 "$(cat began)" 2>/dev/null &&
	test_cmp /dev/null out &&
	end_push &&
	hornero wait $HELLO_UUID --timeout 120
'

# A supervisor that stands still within its checkout, where the repository is locked. hornerod kills
# it after ten seconds and starts another one.
checkout_stands () {
	grep -q "^State:.T" "/proc/$(supervisor)/status" &&
	! flock --nonblock --exclusive "$HELLO_REPO" true
}

test_expect_success 'a checkout has a lock, and beside such a lock nothing is packed' '
	node_set failpoint build-checked-out:stop &&
	hello_push five &&
	wait_until checkout_stands 60 &&
	node_set failpoint &&
	kill -CONT "$(supervisor)" &&
	hornero wait $job --timeout 120 &&
	before=$(loose "$HELLO_REPO") &&
	test "$before" -gt 0 &&
	{ flock --shared "$HELLO_REPO" sh -c "touch locked; exec sleep 1000" & } &&
	reader=$! &&
	test_cleanup "kill $reader 2>/dev/null; wait $reader; :" &&
	wait_until "test -e locked" 60 &&
	pack &&
	test "$(loose "$HELLO_REPO")" -eq "$before" &&
	pkill -P $reader &&
	{ wait $reader; :; } &&
	pack &&
	test "$(loose "$HELLO_REPO")" -eq 0
'

test_expect_success 'two at once: the second one leaves the repository to the first' '
	rm -f began &&
	hello_pushed six &&
	{ PATH=$TRASH/slow:$PATH pack >out 2>&1 & } &&
	packing=$! &&
	wait_until "test -s began" 60 &&
	before=$(loose "$HELLO_REPO") &&
	test "$before" -gt 0 &&
	pack &&
	test "$(loose "$HELLO_REPO")" -ge "$before" &&
	kill "$(cat began)" &&
	{ wait $packing; :; } &&
	pack &&
	test "$(loose "$HELLO_REPO")" -eq 0
'

test_done
