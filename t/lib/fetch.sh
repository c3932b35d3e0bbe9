# fetch.sh: a builder that fetches, and pushes to it. After node.sh and mirror_start.

mkdir builders || exit 1
cat >builders/fetching.yaml <<\END
argv: [sh, build.sh]
artifact: /build/src/hornero.raw
format: raw
detect: [lock]
fetch: [sh, fetch.sh]
fetch_locks: [lock]
fetch_env: {MIRROR: mirror.test}
END

# fetch_tree DIR: sources that fetch each word of the file "lock" and build them, and their "text".
fetch_tree () {
	cat >"$1/fetch.sh" <<-\END &&
	for word in $(cat lock)
	do
		curl -sSf "http://$MIRROR/$word" >"$HORNERO_FETCHED/$word" || exit 1
	done
	END
	cat >"$1/build.sh" <<-\END
	test "$HORNERO_FETCHED" = /build/fetched && test -z "$MIRROR" || exit 2
	! touch /build/fetched/x || exit 3
	! curl -sS --max-time 2 http://10.77.0.2/from-build || exit 4
	cat /build/fetched/* text >hornero.raw && truncate -s 1048576 hornero.raw
	END
}

# fetch_node LINE…: a node with the image of such sources.
fetch_node () {
	node_init "sweep_interval: 1h" "builders_dir: $TRASH/builders" "$@" &&
	node_start &&
	node_hello_repo &&
	rm "$HELLO_WORK/.hornero.yaml" "$HELLO_WORK/Makefile" &&
	fetch_tree "$HELLO_WORK"
}

# fetch_push LOCK TEXT [OPTION…]: pushes these. Sets job.
fetch_push () {
	printf '%s\n' "$1" >"$HELLO_WORK/lock" &&
	printf '%s' "$2" >"$HELLO_WORK/text" &&
	shift 2 &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m change &&
	git -C "$HELLO_WORK" push "$@" origin main >push.out 2>&1 || { cat push.out; return 1; }
	push_job
}

# fetch_retry: the newest job, again. Sets job.
fetch_retry () {
	hornero retry "$job" >retry.out &&
	cat retry.out &&
	job=$(node_job retry.out)
}

# fetch_kept N [UUID]: so many directories of fetched files are kept, and nothing else.
fetch_kept () {
	fetch__dir=$NODE/unikernels/${2:-$HELLO_UUID}/fetched
	test "$(ls "$fetch__dir" | grep -cE '^[0-9a-f]{64}$')" -eq "$1" &&
	test "$(ls -A "$fetch__dir" | wc -l)" -eq "$1" ||
	{ ls -lA "$fetch__dir"; return 1; }
}

# fetch_left WORD: a directory of fetched files, or one that was to become one, has this word.
fetch_left () {
	ls "$NODE/unikernels/$HELLO_UUID"/fetched/*/"$1" 2>/dev/null
}
