#!/bin/sh
# in_use: flatten, no domain running. libvirt is its own test driver here, which has no such domain;
# the real one is in t/6220-flatten-running.t. Every disk is compared byte by byte, as its guest
# would see it.
test_description='hornero-publish flattens disks of stopped instances, and no death mixes one'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/publish.sh"
. "$HORNERO_SRC/t/lib/flatten.sh"
test_requires qemu-img qemu-utils

conf () {
	case $* in
	*libvirt_uri*) ;;
	*) set -- 'libvirt_uri: test:///default' "$@" ;;
	esac
	case $* in
	*flatten_rate*) ;;
	*) set -- 'flatten_rate: 0' "$@" ;;
	esac
	publish_conf "libexec_dir: $HORNERO_BUILD" 'cache_floor: 4M' "$@"
}

# old: the pattern is in place and in the store; new: another one is to be published as job 2.
use () {
	conf &&
	publish_fence 1 &&
	publish_use $old &&
	publish_ask 1 >replies &&
	cmp keep-old "$BASE" &&
	publish_fence 2 &&
	publish_use $new
}

instance () {
	publish_instance "$1" &&
	disk=$INSTANCES/$1/disk &&
	qemu-io -f qcow2 -c "write -P 0xaa 100k 200k" -c "write -P 0xbb 1m 64k" \
		-c "write -P 0xcc 40m 64k" "$disk" >/dev/null &&
	flatten_see "$disk" before
}

flattened () {
	flatten_see "$disk" after &&
	cmp before after &&
	test_must_fail flatten_is_backed "$disk"
}

test_expect_success 'a base of a pattern, another artifact, an image that wishes flatten' '
	publish_init &&
	echo "in_use: flatten" >>"$STATE/images.d/$UUID.yaml" &&
	conf &&
	flatten_pattern old 2 old &&
	cp old keep-old &&
	publish_take old 1 &&
	old=$DIGEST &&
	flatten_pattern new 2 new &&
	cp new keep-new &&
	publish_take new 2 &&
	new=$DIGEST &&
	use
'

test_expect_success 'two disks and an overlay on one: independent, then the base is replaced' '
	instance one &&
	chmod 0640 "$disk" &&
	identity=$(stat -c "%a %u %i" "$disk") &&
	qemu-img create -q -f qcow2 -F raw -b "$BASE" "$INSTANCES/one/disk.local" &&
	jq -c ". + {\"$disk.local\": \"qcow2\"}" "$disk.info" >both &&
	mv both "$disk.info" &&
	qemu-img create -q -f qcow2 -F qcow2 -b "$disk" "$INSTANCES/one/disk.snapshot" &&
	qemu-io -f qcow2 -c "write -P 0xdd 1900k 100k" "$INSTANCES/one/disk.snapshot" >/dev/null &&
	flatten_see "$INSTANCES/one/disk.snapshot" before.snapshot &&
	publish_ask 2 >replies &&
	cat replies &&
	test_grep "^waiting flattening flattening instance one: 0 % of 2.0 MiB" replies &&
	test_grep "^published " replies &&
	cmp keep-new "$BASE" &&
	flattened &&
	qemu-img check -q "$disk" &&
	test "$(stat -c "%a %u %i" "$disk")" = "$identity" &&
	flatten_is_backed "$INSTANCES/one/disk.snapshot" &&
	flatten_see "$INSTANCES/one/disk.snapshot" after &&
	cmp before.snapshot after &&
	flatten_see "$INSTANCES/one/disk.local" local &&
	cmp keep-old local &&
	publish_clean
'

test_expect_success 'without the wish it is deferred, as ever' '
	rm -r "$INSTANCES/one" &&
	use &&
	instance two &&
	sed -i s/flatten/defer/ "$STATE/images.d/$UUID.yaml" &&
	publish_ask 2 >replies &&
	test_grep "^deferred instance two stands" replies &&
	flatten_is_backed "$disk" &&
	sed -i s/defer/flatten/ "$STATE/images.d/$UUID.yaml"
'

# forged TYPE: the header that a guest has written into its own disk names the base, and a victim of
# another owner.
forged () {
	mkdir -p "$INSTANCES/forged" &&
	echo "{\"$INSTANCES/forged/disk\": \"$1\"}" >"$INSTANCES/forged/disk.info" &&
	rm -f victim &&
	truncate -s 2M victim &&
	(
		cd "$INSTANCES/forged" &&
		rm -f disk &&
		qemu-img create -q -f qcow2 -o data_file="$TRASH/victim" disk 2M &&
		qemu-img rebase -u -F raw -b "$BASE" disk
	) &&
	printf secret | dd of=victim conv=notrunc 2>/dev/null &&
	cp victim keep-victim &&
	cp "$INSTANCES/forged/disk" keep-forged
}

untouched () {
	cmp victim keep-victim &&
	cmp "$INSTANCES/forged/disk" keep-forged &&
	cmp keep-old "$BASE"
}

# Red without the bit of the data file in overlay.c: QEMU writes what is below into the victim.
test_expect_success 'a header that names a data file is deferred with words, never followed' '
	rm -r "$INSTANCES/two" &&
	use &&
	forged qcow2 &&
	publish_ask 2 >replies &&
	cat replies &&
	why="its qcow2 header .*names a data file" &&
	test_grep "^deferred instance forged may stand .*forged/disk: $why" replies &&
	untouched &&
	test_must_fail "$HORNERO_BUILD/hornero-flatten" -c "$CONF" "$INSTANCES/forged/disk" \
		"$BASE" >refused &&
	test_grep "^refused .*names a data file" refused &&
	untouched
'

# Red without check_made_by_nova() in agent/publish/flatten/main.c: QEMU copies the secret to where
# the guest reads it.
test_expect_success 'a header that spells the base differently is deferred, never followed' '
	file="{\"driver\":\"file\",\"filename\":\"$TRASH/victim\"}" &&
	json="json:{\"driver\":\"raw\",\"file\":$file,\"#\":\"$NAME\"}" &&
	for name in "$json" "../_base/$NAME" "file:$BASE"
	do
		forged qcow2 &&
		qemu-img create -q -f qcow2 "$INSTANCES/forged/disk" 2M &&
		qemu-img rebase -u -F raw -b "$name" "$INSTANCES/forged/disk" &&
		cp "$INSTANCES/forged/disk" keep-forged &&
		publish_ask 2 >replies &&
		cat replies &&
		test_grep "^deferred instance forged .*spells the base in another way" replies &&
		untouched || return 1
	done &&
	qemu-img create -q -f qcow2 -F qcow2 -u -b "$BASE" "$INSTANCES/forged/disk" 2M &&
	cp "$INSTANCES/forged/disk" keep-forged &&
	publish_ask 2 >replies &&
	test_grep "^deferred instance forged .*does not call its base raw" replies &&
	untouched
'

test_expect_success 'without a word of Nova about its format a disk is deferred, never flattened' '
	for said in "" "{}" "{\"$INSTANCES/forged/disk.local\": \"qcow2\"}"
	do
		qemu-img create -q -f qcow2 -F raw -b "$BASE" "$INSTANCES/forged/disk" &&
		cp "$INSTANCES/forged/disk" keep-forged &&
		echo "$said" >"$INSTANCES/forged/disk.info" &&
		publish_ask 2 >replies &&
		cat replies &&
		why="disk.info beside it does not call disk qcow2" &&
		test_grep "^deferred instance forged .*$why" replies &&
		untouched || return 1
	done
'

# Red without check_exclusive() in agent/publish/flatten/main.c: it is rebased while Nova copies it.
test_expect_success 'an instance that Nova moves or resizes is deferred, its disk left alone' '
	rm -r "$INSTANCES/forged" &&
	instance moved &&
	mv "$INSTANCES/moved" "$INSTANCES/moved_resize" &&
	cp "$INSTANCES/moved_resize/disk" keep-moved &&
	publish_ask 2 >replies &&
	cat replies &&
	test_grep "^deferred instance moved_resize .*may be copying its disk" replies &&
	cmp "$INSTANCES/moved_resize/disk" keep-moved &&
	cmp keep-old "$BASE" &&
	rm -r "$INSTANCES/moved_resize"
'

if test "$(id -u)" -eq 0 &&
	mkdir -p shared upper work &&
	mount -t overlay -o "lowerdir=$TRASH/shared,upperdir=$TRASH/upper,workdir=$TRASH/work" \
		none shared 2>/dev/null
then
	test_cleanup "umount '$TRASH/shared'"
	test_expect_success 'on a filesystem that other hosts may have it is deferred' '
		mkdir shared/far &&
		instance far &&
		cp "$disk" "$disk.info" shared/far &&
		cp "$disk" keep-far &&
		test_must_fail "$HORNERO_BUILD/hornero-flatten" -c "$CONF" \
			"$TRASH/shared/far/disk" "$BASE" >refused &&
		test_grep "^refused .*shared filesystem" refused &&
		cmp shared/far/disk keep-far &&
		rm -r "$INSTANCES/far"
	'
else
	test_skip 'a shared filesystem' 'no overlay can be mounted here'
fi

# Red without diskinfo_format() in dependents.c.
test_expect_success 'a header that a guest writes into a raw disk neither defers nor is looked at' '
	forged raw &&
	publish_ask 2 >replies &&
	test_grep "^published " replies &&
	cmp keep-new "$BASE" &&
	use &&
	printf "QFI\373junk" >"$INSTANCES/forged/disk" &&
	cp "$INSTANCES/forged/disk" keep-forged &&
	publish_ask 2 >replies &&
	test_grep "^published " replies &&
	cmp keep-new "$BASE" &&
	use &&
	untouched &&
	rm -r "$INSTANCES/forged" &&
	instance two
'

test_expect_success 'where libvirt cannot be asked it is deferred, with words' '
	conf "libvirt_uri: qemu+unix:///system?socket=$TRASH/nowhere" &&
	publish_ask 2 >replies &&
	test_grep "^deferred instance two stands .*: cannot reach libvirt at qemu.*nowhere" \
		replies &&
	flatten_is_backed "$disk" &&
	cmp keep-old "$BASE" &&
	conf
'

test_expect_success 'another process has the disk open: deferred, in the words of qemu-img' '
	mkfifo hold &&
	{ qemu-io -f qcow2 "$disk" <hold >held 2>&1 & holder=$!; } &&
	exec 5>hold &&
	test_cleanup "kill $holder 2>/dev/null || :" &&
	echo "read 0 512" >&5 &&
	wait_until "grep -q read.512 held" 20 &&
	publish_ask 2 >replies &&
	cat replies &&
	test_grep "^deferred instance two .*qemu-img could not .*lock" replies &&
	echo quit >&5 &&
	exec 5>&- &&
	wait $holder &&
	flatten_see "$disk" after &&
	cmp before after &&
	flatten_is_backed "$disk" &&
	cmp keep-old "$BASE"
'

# Red without writethrough in rebase.c: the header is written before the tables. strace counts by
# thread: the more of them QEMU has at work, the fewer kills.
if command -v strace >/dev/null
then
	test_expect_success 'qemu-img is killed at each of its writes: the disk is whole' '
		cp "$disk" keep-disk &&
		writes=pwrite64,pwritev,pwritev2,fallocate &&
		n=0 &&
		killed=0 &&
		status=137 &&
		while test $status -ne 0
		do
			n=$((n + 1)) &&
			test $n -le 200 &&
			cp keep-disk "$disk" || return 1
			ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null \
				-e inject=$writes:signal=KILL:when=$n \
				"$HORNERO_BUILD/hornero-flatten" -c "$CONF" "$disk" "$BASE" \
				>/dev/null 2>&1
			status=$? &&
			flatten_see "$disk" after &&
			cmp before after || return 1
			test $status -eq 0 || killed=$((killed + 1))
		done &&
		echo "killed $killed times" &&
		test $killed -ge 2 &&
		flattened &&
		cp keep-disk "$disk"
	'
fi

for point in publish-flattened flatten-done publish-locked publish-renamed publish-before-reply
do
	test_expect_success "kill -9 at $point: base and disk are whole, the next one publishes" '
		use &&
		cp keep-disk "$disk" &&
		conf "failpoint: $point" &&
		{ publish_ask 2 >replies 2>log || :; } &&
		test_grep "failpoint point=$point" log &&
		test_grep ! "^published" replies &&
		case $point in
		publish-renamed|publish-before-reply) cmp keep-new "$BASE" ;;
		*) cmp keep-old "$BASE" ;;
		esac &&
		flatten_see "$disk" after &&
		cmp before after &&
		conf &&
		publish_fence 2 2 &&
		publish_ask 2 2 >replies &&
		test_grep "^published " replies &&
		cmp keep-new "$BASE" &&
		flattened &&
		publish_clean
	'
done

# at_work: the publisher has started a flattener, and that a qemu-img. Sets flattener, rebaser.
at_work () {
	flattener=$(flatten_of $publish_pid) &&
	test -n "$flattener" &&
	rebaser=$(flatten_of $flattener) &&
	test -n "$rebaser"
}

has_grown () {
	test "$(stat -c %b "$disk")" -gt "$(stat -c %b keep-disk)"
}

# ended PID…
ended () {
	for pid
	do
		test ! -d "/proc/$pid" || return 1
	done
}

# In the middle of 16 MiB at one a second.
begin_slowly () {
	use &&
	cp keep-disk "$disk" &&
	conf "flatten_rate: 1" &&
	publish_background 2 &&
	wait_until at_work 20 &&
	wait_until "has_grown || ended $rebaser" 20
}

whole_again () {
	cmp keep-old "$BASE" &&
	flatten_see "$disk" after &&
	cmp before after &&
	flatten_is_backed "$disk" &&
	conf &&
	publish_fence 2 2 &&
	publish_ask 2 2 >replies &&
	test_grep "^published " replies &&
	cmp keep-new "$BASE" &&
	flattened &&
	publish_clean
}

test_expect_success 'a larger base, so that it is long in the middle' '
	rm -r "$INSTANCES/two" &&
	mv keep-old keep-small &&
	flatten_pattern large 16 large &&
	cp large keep-old &&
	publish_take large 1 &&
	old=$DIGEST &&
	use &&
	instance two &&
	cp "$disk" keep-disk
'

for who in rebaser flattener publish_pid
do
	test_expect_success "kill -9 of $who in the middle: backed, whole, the next one goes on" '
		begin_slowly &&
		eval "kill -KILL \$$who" &&
		{ publish_end || :; } &&
		wait_until "ended $rebaser $flattener $publish_pid" 20 &&
		cat "$publish_replies" &&
		test_grep ! "^published" "$publish_replies" &&
		whole_again
	'
done

test_expect_success 'SIGTERM in the middle: it ends at once, and nothing is left at work' '
	begin_slowly &&
	kill -TERM "$publish_pid" &&
	test_expect_code 75 publish_end &&
	test_grep "^error nobody .*told to end" "$publish_replies" &&
	wait_until "ended $rebaser $flattener" 20 &&
	whole_again
'

# Red without makeway_run() in publish.c look_again().
test_expect_success 'an instance that comes while we copy is flattened, too' '
	use &&
	cp keep-disk "$disk" &&
	conf "failpoint: publish-copied:stop" &&
	publish_background 2 &&
	publish_stopped &&
	flattened &&
	instance late &&
	kill -CONT "$publish_pid" &&
	publish_end &&
	test_grep "flattening instance late" "$publish_replies" &&
	test_grep "^published " "$publish_replies" &&
	flattened &&
	cmp keep-new "$BASE" &&
	rm -r "$INSTANCES/late" &&
	disk=$INSTANCES/two/disk
'

if test "$(id -u)" -eq 0 &&
	mkdir small &&
	mount -t tmpfs -o size=9m,mode=0755 none small 2>/dev/null
then
	test_cleanup "umount '$TRASH/small'"
	test_expect_success 'too little room: deferred with figures; with room it goes on' '
		PUBLISH_TOP=$TRASH/small &&
		publish_init &&
		echo "in_use: flatten" >>"$STATE/images.d/$UUID.yaml" &&
		conf &&
		mv keep-small keep-old &&
		cp keep-old small/old &&
		cp keep-new small/new &&
		publish_take old 1 &&
		old=$DIGEST &&
		publish_take new 2 &&
		new=$DIGEST &&
		use &&
		instance tight &&
		used=$(stat -c %b "$disk") &&
		publish_ask 2 >replies &&
		cat replies &&
		needs="it needs up to 2.0 MiB more" &&
		room=".* free, of which 4.0 MiB must stay free .cache_floor" &&
		test_grep "^deferred instance tight .* $needs; $room" replies &&
		test "$(stat -c %b "$disk")" = "$used" &&
		mount -o remount,size=20m small &&
		publish_ask 2 >replies &&
		test_grep "^published " replies &&
		flattened &&
		cmp keep-new "$BASE"
	'
else
	test_skip 'too little room' 'no tmpfs of its own can be mounted here'
fi

test_done
