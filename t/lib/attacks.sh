# attacks.sh: every directory of t/attacks as an image of one node, pushed at once. After node.sh,
# and node_users where the node is to be one of unprivileged users:
#
#     attacks_run
#
# HORNERO_TEST_ATTACKS=NAME,NAME… are some of them, where all would take too long; setuid must be
# one. t/attacks/attack.py says what a directory holds. The result of its attempt is read from
# `hornero show --json`; in the end the node is searched for changes.
test_requires python3 python3

attacks_victim=00000000-0000-4000-8000-000000000000
attacks_names=''

# Listens on the node, and notes every caller.
attacks__listener () {
	cat >listener.py <<-'END'
	import select, socket, sys
	abstract, path = sys.argv[1:]
	tcp = socket.create_server(("127.0.0.1", 0))
	named = [socket.socket(socket.AF_UNIX) for _ in range(2)]
	named[0].bind("\0" + abstract)
	named[1].bind(path)
	for s in named:
	    s.listen()
	print("port", tcp.getsockname()[1], flush=True)
	while True:
	    for s in select.select([tcp] + named, [], [])[0]:
	        s.accept()
	        print("called", flush=True)
	END
	python3 listener.py "hornero-t-$$" "$test_root/listener" >listener.out 2>&1 &
	attacks__pid=$!
	test_cleanup "kill $attacks__pid; wait $attacks__pid; :"
	wait_until 'grep -q ^port listener.out' 20
}

attacks__targets () {
	echo "victim $NODE/unikernels/$attacks_victim/src/victim"
	sed -n 's/^port/port/p' listener.out
	echo "abstract hornero-t-$$"
	echo "marker hornero-t-$$"
	for path in "$test_root/listener" "$NODE/state/run/doorbell" "$node_publish"
	do
		echo "socket $path"
	done
	for path in "$NODE" \
		"$NODE/state" "$NODE/state/queue/queue.db" "$NODE/state/images.d" \
		"$NODE/state/log" "$NODE/state/fence" \
		"$NODE/git" "$NODE/git/attacks.git/objects" "$NODE/git/attacks.git/config" \
		"$NODE/unikernels" "$NODE/unikernels/$attacks_victim" \
		"$NODE/instances" "$NODE/instances/_base" "$NODE/instances/hornero" \
		"$HORNERO_CONF"
	do
		echo "path $path"
	done
}

# uuid NAME: the one of its image
attacks__uuid () {
	echo "$1" | sha1sum | sed -E 's/^(.{8})(.{4})(.{3})(.{3})(.{12}).*/\1-\2-4\3-8\4-\5/'
}

attacks__image () {
	builder=make
	case $1 in
	qcow2-*) builder=qcow2 ;;
	endless) builder=short ;;
	esac
	hornero image add "$(attacks__uuid "$1")" attacks \
		--subdir "$1" --builder $builder --name "$1" >/dev/null
}

# repository NAME: it, and a work tree of the same name to push from
attacks__repository () {
	repo=$(command hornero repo create "$1" | tail -n 1) &&
	node_work "$1" "$repo"
}

attacks__push () {
	git -C "$1" add . &&
	git -C "$1" commit -q -m "$1" &&
	git -C "$1" push -q origin main
}

attacks__work () {
	attacks__targets >targets &&
	for name in $attacks_names
	do
		mkdir "attacks/$name" &&
		cp "$HORNERO_SRC/t/attacks/Makefile" "$HORNERO_SRC/t/attacks/attack.py" \
			"$HORNERO_SRC/t/attacks/$name/attack" targets "attacks/$name/" || return 1
		test ! -e "$HORNERO_SRC/t/attacks/$name/prepare" ||
		(cd "attacks/$name" && "$HORNERO_SRC/t/attacks/$name/prepare") || return 1
	done &&
	{ test $node__users = no || chown -R $node_git attacks; }
}

# As root checkouts and the store are on disks that can be filled.
attacks__small () {
	test "$(id -u)" -eq 0 || return 0
	mkdir -p "$NODE/unikernels" "$NODE/instances/hornero" &&
	mount -t tmpfs -o size=96m,nr_inodes=6000,mode=0755 hornero-small "$NODE/unikernels" &&
	test_cleanup "umount '$NODE/unikernels'" &&
	mount -t tmpfs -o size=48m,mode=0755 hornero-small "$NODE/instances/hornero" &&
	test_cleanup "umount '$NODE/instances/hornero'"
}

# Prints the digests of the files that no attack may change.
attacks__sums () {
	find "$NODE/git/victim.git" "$NODE/hornero.yaml" "$(node_warm_path $attacks_victim)" \
		-type f -exec sha256sum {} + | sort
}

attacks__checkout_sums () {
	find "$NODE/unikernels/$attacks_victim/src" -type f -exec sha256sum {} + | sort
}

# Where an attack takes the disk below its floor for a while, hornerod may make room, and a checkout
# can be made again.
attacks__checkout_stands () {
	if test -d "$NODE/unikernels/$attacks_victim/src"
	then
		attacks__checkout_sums >checkout.after &&
		test_cmp checkout.before checkout.after
	else
		test_grep "event=collected what=checkout name=$attacks_victim .*below store_floor" \
			"$NODE/hornerod.log"
	fi
}

attacks__ended () {
	hornero queue --all --json >queue.json &&
	json_sql queue.json "SELECT count(*),
		sum(value ->> 'state' IN ('published', 'failed', 'held'))
		FROM f, json_each(j)" >ended &&
	IFS='|' read -r jobs over <ended &&
	test "$jobs" -gt 1 && test "$over" = "$jobs"
}

# One after the other: an emulated machine that lists the queue again and again does little else.
attacks__wait () {
	for name in $attacks_names
	do
		hornero wait "$(attacks__uuid "$name")" --timeout 600
		test $? -le 75 || return 1
	done
}

# The attempt of NAME's job (a late sweep may have queued it once more) ended as
# t/attacks/NAME/expect says.
attacks__verdict () {
	read -r class cause pattern <"$HORNERO_SRC/t/attacks/$1/expect" &&
	uuid=$(attacks__uuid "$1") &&
	job=$(json_sql queue.json "SELECT min(value ->> 'job') FROM f, json_each(j)
		WHERE value ->> 'image' = '$uuid'") &&
	test -n "$job" &&
	hornero show "$job" --json >show.json &&
	if test "$class" = none
	then
		attacks__published
	else
		attacks__failed
	fi ||
	{ json_in show.json '.attempts[0]'; hornero log "$job" | tail -n 20; return 1; }
}

# attacks__published: the job in show.json is, and its artifact is the warm file.
attacks__published () {
	test "$(json_in show.json .state)/$(json_in show.json '.attempts[0].class')" = \
		published/none &&
	digest=$(sha256sum <"$(node_warm_path "$uuid")" | cut -d ' ' -f 1) &&
	test "$digest" = "$(json_in show.json .digest)"
}

# attacks__failed: it did, at its first attempt, of $class, by $cause, with $pattern in its reason.
attacks__failed () {
	json_sql show.json "SELECT j ->> 'state', json_array_length(j, '\$.attempts'),
		j ->> '\$.attempts[0].class', j ->> '\$.attempts[0].cause' FROM f" >ended &&
	test "$(cat ended)" = "failed|1|$class|$cause" &&
	json_in show.json '.attempts[0].reason' | grep -E -q -e "$pattern"
}

# Some attacks need what is not available everywhere: limits, or a machine whose numbers of system
# calls they know.
attacks__possible () {
	case $1 in
	fill-disk | fill-checkout | fill-store | fill-inodes) test "$(id -u)" -eq 0 ;;
	fork-bomb | memory | fill-tmp | limits) group_possible ;;
	ptrace | keyring | terminal | namespaces | kernel | protocols)
		test "$(uname -m)" = x86_64
		;;
	esac
}

attacks_run () {
	for name in $(echo "${HORNERO_TEST_ATTACKS:-$(ls "$HORNERO_SRC/t/attacks")}" | tr , ' ')
	do
		test ! -d "$HORNERO_SRC/t/attacks/$name" || attacks_names="$attacks_names $name"
	done

	test_expect_success 'a node, services on it, and an image that is to be left in peace' '
		attacks__listener &&
		mkdir builders &&
		cp "$HORNERO_SRC/etc/builders.d/make.yaml" builders/ &&
		sed "s/^format:.*/format: qcow2/" builders/make.yaml >builders/qcow2.yaml &&
		{ cat builders/make.yaml && echo "build_timeout: 3s"; } >builders/short.yaml &&
		attacks__small &&
		node_init "store_floor: 16M" "cache_floor: 0" "builders_dir: $TRASH/builders" \
			"workers: 1" "build_timeout: 120" "log_limit: 64K" \
			"compile_mem_limit: 200" "compile_pids_limit: 100" "image_size_limit: 1G" &&
		node_start &&
		attacks__repository victim &&
		hornero image add $attacks_victim victim --builder make &&
		echo unharmed >victim/victim &&
		printf "hornero.raw:\n\ttruncate -s 1M \$@\n" >victim/Makefile &&
		attacks__push victim &&
		hornero wait $attacks_victim --timeout 300 &&
		attacks__sums >before &&
		attacks__checkout_sums >checkout.before
	'

	# Images first: their sweep finds nothing to build yet.
	test_expect_success 'all attacks in one push' '
		attacks__repository attacks &&
		attacks__work &&
		for name in $attacks_names
		do
			attacks__image $name || return 1
		done &&
		attacks__push attacks &&
		attacks__wait &&
		wait_until attacks__ended 60 || { cat queue.json; return 1; }
	'

	for name in $attacks_names
	do
		title=$(sed -n '2s/^# //p' "$HORNERO_SRC/t/attacks/$name/attack")
		if attacks__possible $name
		then
			test_expect_success "$name. $title" "attacks__verdict $name"
		else
			test_skip "$name. $title" 'it needs what is not here'
		fi
	done

	# Red without: fchmodat in lib/fs.c remove_at() (t/5481).
	case " $attacks_names " in
	*' planted '*)
		test_expect_success 'what planted left behind is cleared for a clean build' '
			job=$(hornero rebuild --clean "$(attacks__uuid planted)" | node_job -) &&
			hornero wait "$job" --timeout 120 &&
			hornero show "$job" --json | jq -e ".attempts | length == 1"
		'
		;;
	esac

	test_expect_success 'the node is as it was: nobody called, nobody stayed, nothing changed' '
		test_grep ! called listener.out &&
		test "$(du -sm "$NODE/unikernels" | cut -f 1)" -lt 20 &&
		wait_until node_cgroups_gone 10 &&
		! pgrep -f "[o]ften hornero-t-$$" &&
		attacks__sums >after &&
		test_cmp before after &&
		attacks__checkout_stands &&
		test -z "$(ls -A "$NODE/instances/hornero/stage")" &&
		node_stop
	'

	test_expect_success 'what set-user-id programs it left are out of other users'\'' reach' '
		found=$(find "$NODE/unikernels" -perm /6000 -type f) &&
		test -n "$found" &&
		{
			test "$(id -u)" -ne 0 || test_expect_code 126 setpriv --reuid 65534 \
				--regid 65534 --clear-groups sh -c "\"\$0\"" "$found"
		}
	'
}
