#!/bin/sh
test_description='doctor: each break is found by name, its own line mends it, and it is well again'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires ssh-keygen openssh-client

# doctor [COMMAND…]: what it says, perhaps run by another command, in doctor.json.
doctor () {
	"$@" hornero doctor --json >doctor.json
	doctor_code=$?
	jq -e . doctor.json >/dev/null
}

# says CHECK STATE PATTERN: a finding; the line that mends it is kept in mend.sh.
says () {
	jq -e --arg c "$1" --arg s "$2" --arg p "$3" \
		'[.[] | select(.check == $c and .state == $s and (.finding | test($p)))]
			| length == 1' doctor.json >/dev/null ||
		{ jq -c --arg c "$1" '.[] | select(.check == $c)' doctor.json; return 1; }
	jq -r --arg c "$1" --arg s "$2" --arg p "$3" \
		'.[] | select(.check == $c and .state == $s and (.finding | test($p))) | .mend' \
		doctor.json >mend.sh
	cat mend.sh
}

# omits CHECK PATTERN
omits () {
	jq -e --arg c "$1" --arg p "$2" \
		'[.[] | select(.check == $c and .state != "ok" and (.finding | test($p)))]
			| length == 0' doctor.json >/dev/null ||
		{ jq -c --arg c "$1" '.[] | select(.check == $c)' doctor.json; return 1; }
}

# mended CHECK PATTERN: the line that doctor printed is run, and doctor finds it no more.
mended () {
	sh -e mend.sh >mend.out 2>&1 || { cat mend.out; return 1; }
	doctor && omits "$1" "$2"
}

test_expect_success 'a node' '
	port=$(python3 -c "
import socket
s = socket.socket()
s.bind((\"127.0.0.1\", 0))
print(s.getsockname()[1])") &&
	mkdir groups.d &&
	node_init "keys_file: $NODE/keys" "door_listen: 127.0.0.1:$port" \
		"nova_conf: $NODE/nova.conf" "groups_dir: $TRASH/groups.d" &&
	command hornero repo create hello &&
	repo=$NODE/git/hello.git &&
	git init -q -b main work &&
	git -C work commit -q --allow-empty -m one &&
	git -C work push -q "$repo" main 2>/dev/null &&
	ssh-keygen -q -t ed25519 -N "" -f id &&
	hornero key add alice id.pub --write hello &&
	mkdir bin &&
	PATH=$TRASH/bin:$PATH &&
	doctor &&
	test "$doctor_code" -eq 2 &&
	for check in directories programs sandbox repositories files keys nova
	do
		omits $check . || return 1
	done
'

# Red without look_at_ports() in cli/doctor_door.c. systemctl is a stand-in that does what the unit
# would; a test cannot have systemd.
test_expect_success 'the door does not run' '
	doctor &&
	says door warn "nothing listens on port $port" &&
	cat >bin/systemctl <<-END &&
	#!/bin/sh
	test "\$*" = "enable --now hornero-door" || exit 1
	rm -f "$TRASH/listening"
	python3 -c "
	import socket, time
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.bind((\"127.0.0.1\", $port))
	s.listen()
	open(\"$TRASH/listening\", \"w\").close()
	time.sleep(600)" >/dev/null 2>&1 &
	echo \$! >"$TRASH/door.pid"
	END
	sed -i "s/^\t//" bin/systemctl &&
	chmod +x bin/systemctl &&
	sh -e mend.sh &&
	test_cleanup "kill $(cat door.pid); :" &&
	wait_until "test -e listening" 30 &&
	doctor &&
	omits door port
'

test_expect_success 'host keys: gone, of another mode' '
	rm "$NODE"/state/door/ssh_host_ecdsa_key &&
	doctor &&
	says door bad "host keys of hornero-door are missing" &&
	mended door "host key" &&
	chmod 0644 "$NODE"/state/door/ssh_host_ed25519_key &&
	doctor &&
	says door bad "ssh_host_ed25519_key has mode 0644" &&
	mended door "host key"
'

test_expect_success 'the keys file: others may write, a broken line' '
	chmod 0666 "$NODE/keys" &&
	doctor &&
	says keys bad "other users may write" &&
	mended keys . &&
	cp "$NODE/keys" keys.good &&
	echo "name=\"bob\",hornero-wrte $(cat id.pub)" >>"$NODE/keys" &&
	doctor &&
	says keys warn "keys:[0-9]*:[0-9]*: " &&
	cp keys.good "$NODE/keys"
'

if test "$(id -u)" -eq 0 && unshare -m true 2>/dev/null
then
	# Each of these runs it where its sandbox is broken: the line that doctor prints.
	cat >mend_sandbox <<-\END
	{ hornero doctor --json >doctor.json || :; } &&
	jq -r ".[] | select(.check == \"sandbox\") | .mend" doctor.json >mend.sh &&
	sh -e mend.sh &&
	{ hornero doctor --json >after.json || :; }
	END

	# Red without the run of bwrap in cli/doctor_sandbox.c.
	test_expect_success 'the sandbox: bubblewrap fails; the package is put back' '
		cat >broken-bwrap <<-\END &&
		#!/bin/sh
		echo "bwrap: No permissions to create new namespace" >&2
		exit 1
		END
		chmod 0755 broken-bwrap &&
		cat >bin/apt-get <<-\END &&
		#!/bin/sh
		test "$*" = "install --reinstall bubblewrap" && umount /usr/bin/bwrap
		END
		chmod +x bin/apt-get &&
		cat >in_sandbox <<-\END &&
		mount --bind broken-bwrap /usr/bin/bwrap &&
		. ./mend_sandbox
		END
		unshare -m sh -e in_sandbox &&
		says sandbox bad "No permissions to create new namespace" &&
		jq -e "any(.[]; .check == \"sandbox\" and .state == \"ok\")" after.json
	'

	# Red without the sysctl in mend_of(). A user namespace of its own has limits of its own.
	test_expect_success 'the sandbox: user namespaces are limited to none' '
		cat >in_userns <<-\END &&
		echo 0 >/proc/sys/user/max_user_namespaces &&
		. ./mend_sandbox
		END
		sed "/^build_user/d" "$HORNERO_CONF" >user.yaml &&
		HORNERO_CONF=$TRASH/user.yaml unshare -U -r --mount-proc -m -p -f \
			sh -e in_userns &&
		says sandbox bad "cannot make the sandbox" &&
		test_grep "^sysctl -w user.max_user_namespaces" mend.sh &&
		jq -e "any(.[]; .check == \"sandbox\" and .state == \"ok\")" after.json
	'

	# Red without the third sysctl in mend_of(). Only kernels of Ubuntu have it: a directory in
	# the place of /proc/sys/kernel stands in for it, and a script for apparmor_parser.
	test_expect_success 'the sandbox: AppArmor restricts user namespaces, as on Ubuntu' '
		mkdir -p scratch sysctls share/hornero/apparmor etc/apparmor.d &&
		echo 1 >sysctls/apparmor_restrict_unprivileged_userns &&
		cp "$HORNERO_SRC/etc/apparmor/hornero-bwrap" share/hornero/apparmor/ &&
		cat >bin/apparmor_parser <<-\END &&
		#!/bin/sh
		test "$*" = "-r /etc/apparmor.d/hornero-bwrap" &&
		grep -q "^profile hornero-bwrap /usr/bin/bwrap" "$2" &&
		grep -q "^  userns," "$2" &&
		umount /usr/bin/bwrap /proc/sys/kernel # no new /proc beside a covered one
		END
		chmod +x bin/apparmor_parser &&
		cat >in_apparmor <<-\END &&
		mount --bind sysctls /proc/sys/kernel &&
		mount -t tmpfs tmpfs scratch &&
		mkdir scratch/etc scratch/work &&
		mount -t overlay -o lowerdir=share:/usr/share none /usr/share &&
		mount -t overlay -o lowerdir=etc:/etc,upperdir=scratch/etc,workdir=scratch/work \
			none /etc &&
		mount --bind broken-bwrap /usr/bin/bwrap &&
		. ./mend_sandbox
		END
		unshare -m sh -e in_apparmor &&
		says sandbox bad "AppArmor restricts user namespaces.: .*No permissions" &&
		jq -e "any(.[]; .check == \"sandbox\" and .state == \"ok\")" after.json
	'

	# Red without look_at_mounts() in cli/doctor_system.c.
	test_expect_success 'instances_path is in /etc/fstab and not mounted' '
		mkdir disk &&
		echo "$TRASH/disk $NODE/instances none bind 0 0" >fstab &&
		cat >in_fstab <<-\END &&
		mount --bind fstab /etc/fstab &&
		{ hornero doctor --json >doctor.json || :; } &&
		jq -r ".[] | select(.check == \"system\" and .state == \"bad\") | .mend" \
			doctor.json >mend.sh &&
		sh -e mend.sh &&
		{ hornero doctor --json >after.json || :; }
		END
		unshare -m sh -e in_fstab &&
		says system bad "instances is in /etc/fstab and not mounted" &&
		mv after.json doctor.json &&
		omits system fstab
	'

	# Red without look_at_inodes() in cli/doctor_disk.c.
	test_expect_success 'a filesystem without inodes: the images of the node' '
		cat >in_full <<-\END &&
		mount -t tmpfs -o nr_inodes=2,mode=2775 none "$1" &&
		: >"$1/last" &&
		{ hornero doctor --json >doctor.json || :; } &&
		rm "$1/last" &&
		{ hornero doctor --json >after.json || :; }
		END
		unshare -m sh -e in_full "$NODE/state/images.d" &&
		says disks bad "images.d has no inodes left" &&
		mv after.json doctor.json &&
		omits disks inodes
	'

	test_expect_success 'a full filesystem: repositories' '
		cat >in_full <<-\END &&
		mount -t tmpfs -o size=64k none "$1" &&
		{ cat /dev/zero >"$1/last" 2>/dev/null || :; } &&
		{ hornero doctor --json >doctor.json || :; } &&
		rm "$1/last" &&
		{ hornero doctor --json >after.json || :; }
		END
		unshare -m sh -e in_full "$NODE/git" &&
		says disks bad "git is full" &&
		mv after.json doctor.json &&
		omits disks "is full"
	'
else
	test_skip 'mounts of its own' 'needs root and unshare'
fi

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null
then
	# Red without look_at_clock() and look_at_speed().
	test_expect_success 'the clock is not synchronised, and then it is' '
		doctor strace -qq -f -o /dev/null -e trace=adjtimex,clock_adjtime \
			-e inject=adjtimex,clock_adjtime:retval=5 &&
		says system warn "the clock is not synchronised" &&
		doctor strace -qq -f -o /dev/null -e trace=adjtimex,clock_adjtime \
			-e inject=adjtimex,clock_adjtime:retval=0 &&
		omits system clock
	'

	test_expect_success 'a slow disk' '
		doctor strace -qq -f -o /dev/null -e trace=fsync \
			-e inject=fsync:delay_exit=400000 &&
		says system warn "ms to sync 4 KiB"
	'
else
	test_skip 'clock and disk' 'strace cannot trace here'
fi

# Red without look_at_kernel().
test_expect_success 'an old kernel' '
	doctor setarch "$(uname -m)" --uname-2.6 &&
	says system bad "Linux 2.6[^ ]* is too old" &&
	doctor &&
	omits system Linux
'

if test "$(id -u)" -eq 0 && unshare -m true 2>/dev/null
then
	# Red without look_at_owner() in cli/doctor_nova.c.
	test_expect_success 'Nova: _base and locks of another owner' '
		mkdir -p "$NODE/instances/locks" &&
		for dir in _base locks
		do
			chown 64103 "$NODE/instances/$dir" &&
			doctor &&
			says nova bad "/$dir belongs to user 64103" &&
			mended nova belongs || return 1
		done
	'
	# The account comes and goes in a copy of /etc/passwd.
	test_expect_success 'Nova: not there, installed after hornero, and its account gone' '
		sed "/^nova:/d" /etc/passwd >passwd &&
		cat >bin/apt-get <<-\END &&
		#!/bin/sh
		case "$*" in
		"install nova-compute"|"install --reinstall nova-common")
			echo "nova:x:64103:64103::/:/bin/false" >>/etc/passwd ;;
		*) exit 1 ;;
		esac
		END
		cat >in_passwd <<-\END &&
		look () {
			hornero doctor --json >$1.json || :
			jq -r ".[] | select(.check == \"nova\" and .state != \"ok\") | .mend" \
				$1.json >mend.sh
		}
		mount --bind passwd /etc/passwd &&
		look absent && sh -e mend.sh &&
		look after && sh -e mend.sh &&
		look well &&
		sed "/^nova:/d" passwd >less && cat less >/etc/passwd &&
		look gone && sh -e mend.sh &&
		look back
		END
		node_set publish_socket "$TRASH/none" &&
		mkdir -p "$NODE/instances/locks" &&
		unshare -m sh -e in_passwd &&
		cp absent.json doctor.json && says nova bad "there is no user nova" &&
		cp after.json doctor.json && says nova bad "who are user nova, cannot write" &&
		cp well.json doctor.json && omits nova . &&
		cp gone.json doctor.json && says nova warn "user 64103, who has no account" &&
		cp back.json doctor.json && omits nova . &&
		chown 0:0 "$NODE/instances" "$NODE/instances/_base" "$NODE/instances/locks" &&
		node_set publish_socket
	'

	# Red without the comparison with git_uid in doctor_keys() and look_at_host_key().
	test_expect_success 'git_user can read neither the keys file nor the host keys' '
		node_set git_user 64101 &&
		chmod 0600 "$NODE/keys" &&
		chown 64101 "$NODE"/state/door/ssh_host_ecdsa_key &&
		doctor &&
		says keys bad "git_user cannot read" &&
		mended keys . &&
		says door bad "host key .*ed25519_key belongs to user 0" &&
		mended door "host key" &&
		node_set git_user &&
		chown 0 "$NODE"/state/door/ssh_host_*
	'
else
	test_skip 'Nova: owners' 'needs root'
	test_skip 'files that git_user cannot read' 'needs root'
fi

test_expect_success 'Nova: its settings are not those of hornero.yaml' '
	cat >"$NODE/nova.conf" <<-END &&
	[DEFAULT]
	instances_path = /elsewhere
	[image_cache]
	subdirectory_name = cached
	remove_unused_original_minimum_age_seconds = 600
	[libvirt]
	images_type = rbd
	END
	doctor &&
	says nova bad "instances_path is $NODE/instances, and .* is /elsewhere" &&
	says nova bad "cache_subdir is _base, and .* is cached" &&
	test_grep "set cache_subdir: cached" mend.sh &&
	says nova warn "removes an unused file after 600 s" &&
	says nova warn "images_type of .* is rbd" &&
	printf "[DEFAULT]\ninstances_path = \$state_path/instances\n" >"$NODE/nova.conf" &&
	doctor &&
	omits nova .
'

# Red without look_at_libvirt().
test_expect_success 'libvirt does not answer, and an image has in_use: flatten' '
	node_set libvirt_uri "qemu+unix:///system?socket=$TRASH/virt" &&
	hornero image add 2b7e1516-28ae-4d2a-abf7-158809cf4f3c hello &&
	doctor &&
	omits nova libvirt &&
	hornero image set 2b7e1516-28ae-4d2a-abf7-158809cf4f3c in_use=flatten &&
	doctor &&
	says nova bad "libvirt does not answer" &&
	cat >bin/systemctl <<-END &&
	#!/bin/sh
	test "\$*" = "start libvirtd" || exit 1
	cd "$TRASH" || exit 1
	rm -f virt.ready
	python3 -c "
	import socket, time
	s = socket.socket(socket.AF_UNIX)
	s.bind(\"virt\")
	s.listen()
	open(\"virt.ready\", \"w\").close()
	time.sleep(600)" >/dev/null 2>&1 &
	echo \$! >"$TRASH/virt.pid"
	END
	sed -i "s/^\t//" bin/systemctl &&
	sh -e mend.sh &&
	wait_until "test -s virt.pid && test -e virt.ready" 30 &&
	test_cleanup "kill $(cat virt.pid); :" &&
	doctor &&
	omits nova libvirt
'

# Red without each of look_at_head(), look_at_alternates() and look_at_hooks().
test_expect_success 'a repository: garbage in HEAD, alternates, a foreign hook' '
	echo garbage >"$repo/HEAD" &&
	doctor &&
	says repositories bad "HEAD names neither a ref nor a commit" &&
	mended repositories HEAD &&
	git -C "$repo" rev-parse main &&
	git clone -q --bare "$repo" other.git &&
	echo "$TRASH/other.git/objects" >"$repo/objects/info/alternates" &&
	doctor &&
	says repositories warn "objects of .* are in another repository" &&
	mended repositories "another repository" &&
	git -C "$repo" cat-file -e main &&
	printf "#!/bin/sh\nexit 1\n" >"$repo/hooks/update" &&
	chmod +x "$repo/hooks/update" &&
	doctor &&
	says repositories warn "hooks/update is not a hook of hornero" &&
	mended repositories hooks
'

test_expect_success 'a typo in each kind of file; the others are still checked' '
	echo "core_limt: 5" >groups.d/team.yaml &&
	echo "nodse: [a]" >"$NODE/nodes.yaml" &&
	echo "argv: [" >"$NODE/builders.d/bad.yaml" &&
	echo "repo: [" >"$NODE/state/images.d/3c8f2627-39bf-4e3b-8c18-269910d05a4d.yaml" &&
	cp "$HORNERO_CONF" conf.good &&
	echo "wrokers: 2" >>"$HORNERO_CONF" &&
	doctor &&
	test "$doctor_code" -eq 2 &&
	says configuration bad "hornero.yaml:[0-9]*:1: unknown setting .wrokers" &&
	says files bad "team.yaml:1:1: " &&
	says files warn "nodes.yaml:1:1: " &&
	says builders bad "bad.yaml:[0-9]*:[0-9]*: " &&
	says images bad "3c8f2627[^:]*.yaml:[0-9]*:[0-9]*: " &&
	cp conf.good "$HORNERO_CONF" &&
	rm groups.d/team.yaml "$NODE/nodes.yaml" "$NODE/builders.d/bad.yaml" \
		"$NODE/state/images.d/3c8f2627-39bf-4e3b-8c18-269910d05a4d.yaml" &&
	doctor &&
	omits configuration . && omits files . && omits images .
'

# Red without is_accepted() in cli/doctor_say.c; the last part, if it accepts what is bad.
test_expect_success 'accepted: warnings that an operator lives with, and nothing else' '
	chmod 0666 "$NODE/keys" &&
	doctor setarch "$(uname -m)" --uname-2.6 &&
	printf "#!/bin/sh\n" >"$repo/hooks/update" &&
	node_set accepted "[\"repositories: hooks/update\", keys, sytsem]" &&
	doctor &&
	jq -e "any(.[]; .check == \"repositories\" and .state == \"accepted\")" doctor.json &&
	says keys bad "other users may write" &&
	says configuration warn "accepted names .sytsem" &&
	{ hornero doctor >out || :; } &&
	test_grep "^ok    repositories  accepted: " out &&
	node_set accepted "[\"repositories: hooks/post\"]" &&
	doctor &&
	says repositories warn hooks/update &&
	hornero config show --json | jq -e ".accepted == [\"repositories: hooks/post\"]" &&
	hornero config show | test_grep "^accepted: \[\"repositories: hooks/post\"\]$" /dev/stdin
'

# Red with the exit codes of an earlier doctor.
test_expect_success 'exit 0, 1 and 2' '
	chmod 0644 "$NODE/keys" &&
	node_start &&
	jq -r ".[] | select(.state == \"warn\") | .check" doctor.json | sort -u | paste -s -d , \
		>warned &&
	more="reflinks, system, door, cgroups, placement, agent, cache" &&
	node_set accepted "[$(cat warned), $more]" &&
	{ hornero doctor >out || :; } &&
	test_expect_code 0 hornero doctor &&
	node_set accepted &&
	test_expect_code 1 hornero doctor >out &&
	node_stop &&
	test_expect_code 2 hornero doctor >out
'

test_done
