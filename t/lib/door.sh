# door.sh: a node with hornero-door, for tests. After test.sh, node.sh and hooks.sh:
#
#     door_node ['KEY: VALUE'…]      hooks_node with host keys, and a key file with one key,
#                                    alice's: DOOR_KEY
#     door_live ['KEY: VALUE'…]      the same without alice, beside a hornerod that builds; as root
#                                    every one of them of a user
#                                    of its own
#     door_key NAME OPTIONS          one more key, made as ./NAME; OPTIONS as read="*"
#     door_start, door_stop          the door, as git's user; DOOR_PORT, its log is door.log
#     door_unpacks REPOSITORY        git takes a pack for it; other tests' git has the same user
#     door_ssh ARG…                  ssh as alice, whom nobody else's configuration or agent helps
#     door_as NAME                   from here on git and door_ssh come in with that key
#     door_shared NAME [OPTION]      ./ssh-NAME: ssh with that key, and one connection for all that
#                                    it asks: a login costs more than a word
#     door_interruptible COMMAND…    for the background: in a process group of its own, which SIGINT
#                                    ends as Ctrl-C would
#     door_quiet                     no client is served, and nothing of one is left: for wait_until
#     door_idler ADDRESS             in the background, from there: a client that logs in and asks
#                                    for nothing
#     door_worker ADDRESS            the same with a command that waits for it; the last one's pid
#                                    is in door_client
#     door_clients_end               ends them all: door_clients
#     with_hook SCRIPT COMMAND…      COMMAND, while SCRIPT is the post-receive of the repository
#                                    REPO
#
# The host of the URLs is `door`: git clone door:one.

door_pid=''

door_node () {
	unset SSH_AUTH_SOCK
	hooks_node "door_listen: 127.0.0.1:0" "keys_file: $NODE/keys" "$@" &&
	cp "$HORNERO_BUILD/hornero-door" "$HORNERO_BUILD/hornero" "$test_root/libexec/" &&
	chmod -R a+rX "$test_root/libexec" &&
	hornero init >init.out 2>&1 || { cat init.out; return 1; }
	door__client &&
	door_key alice 'write="*"' &&
	door_as alice
}

door_live () {
	unset SSH_AUTH_SOCK
	set -- "door_listen: 127.0.0.1:0" "keys_file: $NODE/keys" "door_name: door" \
		"libexec_dir: $test_root/libexec" "$@"
	if test "$(id -u)" -eq 0
	then
		node_users &&
		unset -f git &&
		GIT_UID=$node_git QUEUE_GID=$node_group
	fi
	mkdir -p "$test_root/libexec" &&
	cp "$HORNERO_BUILD"/hornero* "$test_root/libexec/" &&
	chmod -R a+rX "$test_root/libexec" &&
	node_init "$@" >init.out 2>&1 &&
	door__client || { cat init.out; return 1; }
	chmod 0755 "$NODE" &&
	chmod 0644 "$NODE/hornero.yaml" &&
	DB=$NODE/state/queue/queue.db
}

door__client () {
	: >"$NODE/keys" &&
	chmod 0644 "$NODE/keys" &&
	cat >ssh_config <<-END &&
	Host door
	HostName 127.0.0.1
	User git
	IdentitiesOnly yes
	UserKnownHostsFile $TRASH/known_hosts
	StrictHostKeyChecking accept-new
	BatchMode yes
	LogLevel ERROR
	END
	GIT_SSH=$TRASH/door-ssh
	export GIT_SSH
}

door_key () {
	ssh-keygen -q -t "${3:-ed25519}" -N '' -C "$1" -f "$1" &&
	chmod 0644 "$1.pub" &&
	printf 'name="%s",%s %s\n' "$1" "$2" "$(cat "$1.pub")" >>"$NODE/keys"
}

door_as () {
	printf '#!/bin/sh\nexec ssh -F "%s/ssh_config" -i "%s/%s" $DOOR_SSH_OPTIONS "$@"\n' \
		"$TRASH" "$TRASH" "$1" >door-ssh &&
	chmod 0755 door-ssh
}

door_shared () {
	door_as "$1" &&
	sed "s,\$DOOR_SSH_OPTIONS,-o ControlMaster=auto -o ControlPersist=600 $2 \
		-o ControlPath=$TRASH/control-$1," door-ssh >"ssh-$1" &&
	chmod 0755 "ssh-$1"
}

door_ssh () {
	"$TRASH/door-ssh" -p "$DOOR_PORT" door "$@"
}

door_start () {
	test "$(id -u)" -ne 0 ||
	set -- setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID
	rm -f door.out door.log
	env PATH="$test_root/libexec:$PATH" "$@" \
		"$test_root/libexec/hornero-door" -c "$NODE/hornero.yaml" \
		>door.out 2>door.log </dev/null &
	door_pid=$!
	test_cleanup "test -z \"\$door_pid\" || { kill \$door_pid; wait \$door_pid; }; :"
	wait_until "grep -q READY door.out || ! kill -0 $door_pid" 120
	DOOR_PORT=$(sed -n 's/.*event=listening address=127\.0\.0\.1://p' door.log)
	test -n "$DOOR_PORT" || { cat door.log; return 1; }
	sed -i '/^Port/d' ssh_config &&
	printf 'Port %s\n' "$DOOR_PORT" >>ssh_config &&
	rm -f known_hosts
}

door_interruptible () {
	exec env --default-signal=INT setsid "$@"
}

# True if no process works in a repository, or runs a word for a client.
door_quiet () {
	! pgrep -P "$door_pid" &&
	! pgrep -f -- "^$test_root/libexec/hornero (-c $NODE/hornero.yaml )?--key" &&
	for door__process in /proc/[0-9]*
	do
		case $(readlink "$door__process/cwd") in "$NODE"/git/*) return 1 ;; esac
	done
}

door_stop () {
	kill "$door_pid" &&
	wait "$door_pid"
	door__code=$?
	door_pid=''
	return $door__code
}

door_clients=''
door_idler () {
	door__come login "$1" -N -b "$1" -p "$DOOR_PORT" door </dev/null
}

door_worker () {
	{ test -p silence || mkfifo silence; } &&
	exec 7<>silence &&
	door__come command "$1" -b "$1" -p "$DOOR_PORT" door "git-upload-pack one" <&7
}

door__come () {
	door__seen="event=$1 peer=$2:" &&
	shift 2 &&
	door__was=$(grep -c "$door__seen" door.log)
	exec 6<&0
	"$TRASH/door-ssh" "$@" <&6 >client.out 2>&1 6<&- 7<&- &
	door_client=$!
	exec 6<&-
	door_clients="$door_clients $door_client" &&
	test_cleanup "kill $door_client 2>/dev/null; wait $door_client 2>/dev/null; :"
	wait_until "door__seen_again || ! kill -0 $door_client" 20 &&
	door__seen_again
}

door__seen_again () {
	test "$(grep -c "$door__seen" door.log)" -gt "$door__was"
}

door_clients_end () {
	kill $door_clients 2>/dev/null
	wait $door_clients
	door_clients=''
}

with_hook () {
	printf '#!/bin/sh\n%s\n' "$1" >hook &&
	chmod 0755 hook &&
	cp -P "$REPO/hooks/post-receive" kept &&
	cp --remove-destination hook "$REPO/hooks/post-receive" &&
	shift || return 1
	"$@"
	door__code=$?
	cp -P --remove-destination kept "$REPO/hooks/post-receive" &&
	return $door__code
}

door_unpacks () {
	for door__pid in $(pgrep -u "$GIT_UID" -f 'index-pack|unpack-objects')
	do
		case $(readlink "/proc/$door__pid/cwd") in "$NODE/git/$1.git"*) return 0 ;; esac
	done
	return 1
}
