#!/bin/sh
test_description='doctor: every prerequisite, each finding with the line that mends it'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

# doctor: what it says, in doctor.json; findings of this machine (reflinks, no cgroups, tools of
# builders) do not matter.
doctor () {
	hornero doctor --json >doctor.json
	doctor_code=$?
	test "$(json_sql doctor.json "SELECT json_valid(j) FROM f")" = 1
}

# says CHECK STATE PATTERN [MEND]
says () {
	json_sql doctor.json "SELECT (value ->> 'finding') || ' -> ' || ifnull(value ->> 'mend', '')
		FROM f, json_each(j) WHERE value ->> 'check' = '$1' AND value ->> 'state' = '$2'" \
		>said &&
	test_grep "$3" said &&
	{ test -z "$4" || test_grep " -> $4" said; }
}

# is_well CHECK…
is_well () {
	for check
	do
		json_sql doctor.json "SELECT DISTINCT value ->> 'state' FROM f, json_each(j)
			WHERE value ->> 'check' = '$check'" >said &&
		test "$(cat said)" = ok ||
			{ jq --arg c "$check" '.[] | select(.check == $c)' doctor.json; return 1; }
	done
}

test_expect_success 'without a configuration it says how to name one' '
	test_expect_code 2 hornero -c "$TRASH/nothing.yaml" doctor >out &&
	test_grep "^bad   configuration .*nothing.yaml" out &&
	test_grep "HORNERO_CONF" out &&
	printf "workers: 2\nworker: 3\n" >broken.yaml &&
	test_expect_code 2 hornero -c "$TRASH/broken.yaml" doctor >out &&
	test_grep "broken.yaml:2:1: " out
'

test_expect_success 'before init it works, and says what makes the rest' '
	mkdir -p early &&
	printf "%s: $TRASH/early/%s\n" state_dir state instances_path instances repo_base base \
		>early/hornero.yaml &&
	echo "libexec_dir: $HORNERO_BUILD" >>early/hornero.yaml &&
	test_expect_code 2 hornero -c "$TRASH/early/hornero.yaml" doctor --json >doctor.json &&
	says directories bad "early/state/queue" "hornero init" &&
	says store bad "" "hornero init" &&
	says queue bad "" "hornero init" &&
	says agent bad "does not run" "systemctl start hornerod" &&
	test ! -e early/state
'

test_expect_success 'a node that runs is well' '
	node_init "scrub_interval: 0" &&
	node_start &&
	node_hello_repo &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	doctor &&
	is_well configuration directories programs images repositories disks store agent publisher \
		queue &&
	{ ! group_possible || is_well cgroups; } &&
	if jq -e "all(.[]; .state == \"ok\")" doctor.json
	then
		test "$doctor_code" -eq 0
	else
		test "$doctor_code" -ge 1
	fi
'

# shared_doctor DESCRIPTORS MIB: what doctor says of a hornerod that shares its user with builds.
# The stand-in has hornerod's name, a user of its own and these descriptors; builds have MIB of
# memory. (The node's own hornerod is root.)
shared_doctor () {
	cp "$(command -v sleep)" hornerod &&
	chmod 0755 . hornerod &&
	{ prlimit --nofile="$1" setpriv --reuid 64998 --clear-groups "$TRASH/hornerod" 300 & } &&
	pid=$! &&
	test_cleanup "kill $pid 2>/dev/null; wait $pid; :" &&
	wait_until "grep -qx hornerod /proc/$pid/comm" 10 &&
	sed "/^compile_mem_limit:/d" "$HORNERO_CONF" >shared.yaml &&
	printf "%s\n" "hornero_user: 64998" "compile_mem_limit: $2" >>shared.yaml || return 1
	hornero -c shared.yaml doctor --json >doctor.json
	kill $pid
	wait $pid
	rm hornerod
}

# Red without: look_at_users (both), the comparison with ENOUGH (the first), look_at_watches and its
# comparison.
if test "$(id -u)" -eq 0
then
	test_expect_success 'agent: a hornerod that shares its user with builds' '
		doctor &&
		says agent ok "builds run as user [0-9]+, which is used for nothing else" &&
		shared_doctor 4096 1000000 &&
		says agent warn \
			"hornerod may have only 4096 descriptors: a build can keep it from" \
			"set LimitNOFILE=1048576" &&
		says agent warn \
			"builds can take all [0-9]+ epoll watches .*: fs.epoll.max_user_watches" \
			"sysctl -w fs.epoll.max_user_watches=5000000001 #" &&
		shared_doctor 16384 16 &&
		says agent ok "builds have at most 4096 descriptors each, hornerod 16384" &&
		says agent ok "builds cannot take all epoll watches of their user"
	'
fi

test_expect_success 'directories: a wrong mode, and one that is gone; init mends both' '
	chmod 0700 "$NODE/state/log" &&
	rmdir "$NODE/state/run/cancel" &&
	doctor &&
	test "$doctor_code" -eq 2 &&
	says directories bad "state/log has owner .* mode [02]700" "hornero init" &&
	says directories bad "run/cancel: No such file" &&
	hornero init >out &&
	doctor &&
	is_well directories
'

test_expect_success 'programs: each of ours that is not there is named; door, glance may lack' '
	mkdir libexec &&
	sed "s,^libexec_dir:.*,libexec_dir: $TRASH/libexec," "$HORNERO_CONF" >elsewhere.yaml &&
	sed -n "/^pkglibexec_PROGRAMS/,/[^\\\\]\$/p" "$HORNERO_SRC/Makefile.am" >list &&
	test_grep "hornero-build" list &&
	test_expect_code 2 hornero -c "$TRASH/elsewhere.yaml" doctor --json >doctor.json &&
	for program in $(grep -oE "hornero-[a-z0-9]+" list)
	do
		case $program in
		*-door|*-glance) ! grep "libexec/$program: No such" doctor.json ;;
		*) says programs bad "libexec/$program: No such" "make install" ;;
		esac || return 1
	done
'

test_expect_success 'hooks: another program in the place of ours; doctor'\''s own line mends it' '
	ln -sfn /bin/true "$HELLO_REPO/hooks/pre-receive" &&
	rm "$HELLO_REPO/hooks/post-receive" &&
	doctor &&
	says repositories bad "hooks/pre-receive links to /" "ln -sfn" &&
	says repositories bad "hooks/post-receive: No such file" &&
	jq -r ".[] | select(.check == \"repositories\") | .mend" doctor.json >mend.sh &&
	sh mend.sh &&
	doctor &&
	is_well repositories
'

test_expect_success 'files: broken ones by line and column, a lost repository, a missing tool' '
	image=$NODE/state/images.d/$HELLO_UUID.yaml &&
	cp "$image" good &&
	echo "keep_warm: often" >>"$image" &&
	mkdir builders &&
	cp "$HORNERO_SRC"/etc/builders.d/make.yaml builders &&
	sed "s/^needs:.*/needs: [no-such-tool]/" builders/make.yaml >builders/other.yaml &&
	echo "argv: [" >builders/bad.yaml &&
	sed "s,^builders_dir:.*,builders_dir: $TRASH/builders," "$HORNERO_CONF" >new &&
	cp new "$HORNERO_CONF" &&
	doctor &&
	says images bad "$HELLO_UUID.yaml:[0-9]*:[0-9]*: " "mend that line" &&
	says builders bad "bad.yaml:[0-9]*:[0-9]*: " &&
	test_must_fail grep no-such-tool doctor.json &&
	{ cat good && echo "builder: other"; } >"$image" &&
	doctor &&
	says builders warn "other: the program no-such-tool is not in /usr, so" \
		"install it below /usr" &&
	sed "s/^repo:.*/repo: lost/" good >"$image" &&
	doctor &&
	says images bad "lost.git is not there" "hornero repo create lost" &&
	cp good "$image" &&
	rm builders/bad.yaml builders/other.yaml &&
	doctor &&
	is_well images builders
'

# Red without look_at_pair() in cli/doctor_builders.c.
test_expect_success 'builders: two look for one file, and neither comes first' '
	{ cat builders/make.yaml && echo "detect: [app.c]"; } >builders/one.yaml &&
	cp builders/one.yaml builders/two.yaml &&
	doctor &&
	says builders warn "one and two both look for app.c" \
		"write instead_of: .one. into .*/two.yaml" &&
	echo "instead_of: [one]" >>builders/two.yaml &&
	doctor &&
	is_well builders &&
	rm builders/one.yaml builders/two.yaml
'

if test "$(id -u)" -eq 0 &&
	test -x /usr/bin/qemu-system-x86_64 &&
	unshare -m true 2>/dev/null
then
	test_expect_success 'images: one expects a console line, and QEMU is not there' '
		echo "expect: ready" >>"$image" &&
		doctor &&
		is_well images &&
		cat >without_qemu <<-\END &&
		mount --bind /dev/null /usr/bin/qemu-system-x86_64 &&
		exec hornero doctor --json
		END
		test_expect_code 2 unshare -m sh without_qemu >doctor.json &&
		says images bad "$HELLO_UUID expects a console line, and qemu-system-x86_64" \
			"apt-get install qemu-system-x86" &&
		cp good "$image"
	'
fi

test_expect_success 'disks: a floor that is not met, a budget that is exceeded' '
	cp "$HORNERO_CONF" conf.good &&
	node_set store_floor 900000G &&
	node_set store_budget 1 &&
	doctor &&
	says disks bad "the floor is 87[0-9.]* TiB .store_floor" "hornero gc" &&
	says store warn "store_budget is 1 B" "hornero gc" &&
	cp conf.good "$HORNERO_CONF"
'

test_expect_success 'the store: nothing was verified for long' '
	manifest=$(echo "$NODE"/instances/hornero/artifact/*.json) &&
	cp "$manifest" manifest &&
	sed -i "s/\"built_ms\": [0-9]*/\"built_ms\": 1000/" "$manifest" &&
	doctor &&
	says store warn "read again never" "hornero gc --verify" &&
	hornero gc --verify >out &&
	doctor &&
	is_well store &&
	touch -d "40 days ago" "$NODE/instances/hornero/verified" &&
	doctor &&
	says store warn "read again 40 days ago" &&
	cp manifest "$manifest"
'

test_expect_success 'the queue: a job that is held' '
	chmod 0500 builders &&
	sed "s/^needs:.*/needs: [no-such-tool]/" builders/make.yaml >make.new &&
	cp make.new builders/make.yaml &&
	node_reload &&
	echo >>"$HELLO_WORK/README" &&
	git -C "$HELLO_WORK" commit -q -a -m more &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 60 &&
	doctor &&
	says queue bad "is held: .*no-such-tool" "mend that, then: hornero retry"
'

test_expect_success 'the agent and its publisher do not run' '
	node_stop &&
	echo "publish_socket: $TRASH/nobody" >>"$HORNERO_CONF" &&
	doctor &&
	says agent bad "does not run" &&
	says publisher bad "nothing listens on" "systemctl enable --now hornero-publish.socket"
'

# Of v2 nothing but slices, whose files are ours.
if test "$(id -u)" -eq 0 &&
	grep -q "^[^ ]* [^ ]* cgroup2 " /proc/mounts &&
	unshare -m true 2>/dev/null
then
	v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	cat >in_slices <<-\END
	awk '$3 == "cgroup" { print $2 }' /proc/mounts | xargs -r -n 1 umount &&
	mkdir -p "$1/hornero.slice" "$1/system.slice" &&
	mount -t tmpfs hornero-slice "$1/hornero.slice" &&
	mount -t tmpfs hornero-slice "$1/system.slice" &&
	mkdir "$1/hornero.slice/hornerod.service" &&
	echo "$2" >"$1/hornero.slice/cpu.weight" &&
	{ test -z "$3" || echo "$3" >"$1/hornero.slice/cpu.idle"; } &&
	{ test -z "$4" || mkdir "$1/system.slice/hornero-yield.service"; } &&
	hornero doctor --json
	END
	# slice_doctor WEIGHT [IDLE [YIELDS]]: what it says where hornerod's slice has this
	# cpu.weight and cpu.idle, and where hornero-yield runs
	slice_doctor () {
		unshare -m sh in_slices "$v2" "$@" >doctor.json
		rmdir "$v2/hornero.slice" &&
		{ rmdir "$v2/system.slice" 2>/dev/null || :; }
	}
	# cgroups_omit PATTERN: it has looked at them, and says nothing of this.
	cgroups_omit () {
		jq -r '.[] | select(.check == "cgroups") | .finding' doctor.json >findings &&
		test -s findings &&
		test_grep ! "$1" findings
	}
	# Red without: either half of look_at_slice.
	test_expect_success 'control groups: a slice of low weight, an idle one, any other' '
		slice_doctor 5 &&
		cgroups_omit slice &&
		slice_doctor 5 1 yields &&
		cgroups_omit "slice|yield" &&
		slice_doctor 5 0 &&
		says cgroups warn \
			"hornero-yield.service does not run: an instance that wakes may wait" \
			"systemctl restart hornero-yield" &&
		slice_doctor 5 1 &&
		says cgroups warn "hornero-yield.service does not run: builds stand still" \
			"systemctl restart hornero-yield" &&
		slice_doctor 100 &&
		says cgroups warn "weighs 100, as much as instances" \
			"systemctl daemon-reload; systemctl set-property .*CPUWeight=5"
	'
fi

test_expect_success 'control groups: none are wished for' '
	node_set isolation none &&
	doctor &&
	says cgroups warn "no CPU and memory limits" "isolation: cgroup"
'

if test "$(id -u)" -eq 0 && command -v mkfs.xfs >/dev/null
then
	# Red with the finding of a filesystem without reflinks as a warning.
	test_expect_success 'reflinks: lost on two filesystems, not on one, and there on XFS' '
		mkdir small &&
		mount -t tmpfs hornero-small small &&
		test_cleanup "umount \"$TRASH/small\"" &&
		mkdir small/instances small/instances/_base &&
		cp "$HORNERO_CONF" conf.good &&
		sed -i "s,^instances_path:.*,instances_path: $TRASH/small/instances," \
			"$HORNERO_CONF" &&
		hornero init >out &&
		doctor &&
		says reflinks ok "has no reflinks .*: each publication copies the image" &&
		cp conf.good "$HORNERO_CONF" &&
		mkdir xfs &&
		truncate -s 1G xfs.img &&
		mkfs.xfs -q -m reflink=1 xfs.img &&
		mount -o loop xfs.img xfs &&
		test_cleanup "umount \"$TRASH/xfs\"" &&
		mkdir xfs/instances xfs/instances/_base &&
		sed -i "s,^instances_path:.*,instances_path: $TRASH/xfs/instances," \
			"$HORNERO_CONF" &&
		hornero init >out &&
		doctor &&
		is_well reflinks &&
		echo "store_dir: $NODE/instances/hornero" >>"$HORNERO_CONF" &&
		doctor &&
		says reflinks warn "reflinks are lost: .* two filesystems" "put instances_path"
	'
fi
test_done
