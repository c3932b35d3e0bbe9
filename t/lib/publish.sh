# publish.sh: a scratch Nova cache, a store and one registered image, for tests of hornero-publish
# without hornerod. After test.sh:
#
#     . "$HORNERO_SRC/t/lib/publish.sh"
#     publish_init                    # $INSTANCES, $CACHE, $CONF, $UUID and its $NAME, $BASE, $LOCK
#     publish_take FILE 1             # FILE into the store as job 1's: $DIGEST, $RAW
#     publish_use DIGEST              # this one of the store
#     publish_fence 1                 # job 1, attempt 1 may publish
#     publish_ask 1 >replies          # ask hornero-publish, through t/tools/publish-tool
#
# PUBLISH_AS is put in front of hornero-publish (setpriv, strace).

UUID=6ba7b810-9dad-41d1-80b4-00c04fd430c8
NAME=$(printf %s "$UUID" | sha1sum | cut -d ' ' -f 1)
PUBLISH_AS=''
PATH=$HORNERO_BUILD/t/tools:$PATH

# publish_init [LINE…]: the node below $TRASH or $PUBLISH_TOP, with extra lines of hornero.yaml.
publish_init () {
	publish_top=${PUBLISH_TOP:-$TRASH}
	INSTANCES=$publish_top/instances
	CACHE=$INSTANCES/_base
	BASE=$CACHE/$NAME
	LOCK=$INSTANCES/locks/nova-$NAME
	STATE=$publish_top/state
	CONF=$publish_top/hornero.yaml
	mkdir -p "$CACHE" "$STATE/images.d" "$STATE/fence" &&
	printf 'repo: hello\n' >"$STATE/images.d/$UUID.yaml" &&
	publish_conf "$@"
}

publish_conf () {
	{
		cat <<-END
		state_dir: $STATE
		instances_path: $INSTANCES
		repo_root: $publish_top/git
		repo_base: $publish_top/unikernels
		END
		test $# -eq 0 || printf '%s\n' "$@"
	} >"$CONF"
}

# publish_file NAME SIZE_KIB: random bytes, on the store's filesystem.
publish_file () {
	dd if=/dev/urandom of="$publish_top/$1" bs=1024 count="$2" 2>/dev/null
}

publish_take () {
	DIGEST=$(publish-tool store "$CONF" "$UUID" "$2" "$publish_top/$1") &&
	publish_use "$DIGEST"
}

publish_use () {
	DIGEST=$1
	RAW=$INSTANCES/hornero/artifact/$DIGEST.raw
}

# publish_fence JOB [ATTEMPT [TOKEN]]
publish_fence () {
	echo "$1 ${2:-1} ${3:-token}" >"$STATE/fence/$UUID"
}

# publish_ask JOB [ATTEMPT [TOKEN]]
publish_ask () {
	publish-tool ask "$RAW" "publish $UUID $DIGEST $1 ${2:-1} ${3:-token}" $PUBLISH_AS \
		"$HORNERO_BUILD/hornero-publish" -c "$CONF"
}

# Nothing that Nova could take for an image but whole ones, and nothing half done.
publish_clean () {
	for publish__file in "$CACHE"/* "$CACHE"/.hornero-*
	do
		test -e "$publish__file" || continue
		publish__own=${publish__file##*/}
		test "$publish__own" = "$NAME" ||
		{ echo >&2 "left behind: $publish__own"; return 1; }
	done
}

# publish_instance NAME: a directory as Nova makes it, its disk an overlay on $BASE.
publish_instance () {
	mkdir -p "$INSTANCES/$1" &&
	echo "{\"$INSTANCES/$1/disk\": \"qcow2\"}" >"$INSTANCES/$1/disk.info" &&
	qemu-img create -q -f qcow2 -F raw -b "${2:-$BASE}" "$INSTANCES/$1/disk" 64M
}

# publish_background JOB [ATTEMPT [TOKEN]]: the same beside us, its replies in $publish_replies;
# publish_end waits for it and returns its exit code.
publish_background () {
	publish_replies=$TRASH/replies.background
	: >"$publish_replies"
	publish_ask "$@" >"$publish_replies" 2>"$TRASH/log.background" &
	publish_job=$!
	test_cleanup "kill -KILL $publish_job 2>/dev/null || :"
	wait_until 'grep -q "^pid " "$publish_replies"' 20 &&
	publish_pid=$(sed -n 's/^pid //p' "$publish_replies")
}

publish_end () {
	wait "$publish_job"
}

# The publisher in the background stands still at its failpoint (NAME:stop).
publish_stopped () {
	wait_until 'grep -q "^State:.T" "/proc/$publish_pid/status"' 20
}
