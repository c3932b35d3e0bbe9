#!/bin/sh
test_description='the inputs, limits and release of an artifact: manifest, image show, cache'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
test_requires jq jq
test_requires python3 python3

ARTIFACT=$NODE/instances/hornero/artifact
OTHER=2b7e1516-28ae-4d2a-abf7-158809cf4f3d

# shown [UUID]: `image show` in the file "shown".
shown () {
	hornero image show "${1:-$HELLO_UUID}" --json >shown
}

# says VALUE…: what `image show` has under .artifact.NAME of NAME=VALUE.
says () {
	for pair
	do
		got=$(json_in shown ".artifact.${pair%%=*}") &&
		test "$got" = "${pair#*=}" || { echo "$pair, not $got"; return 1; }
	done
}

# rebuild: the image's job, to its end.
rebuild () {
	hornero rebuild $HELLO_UUID >out &&
	hornero wait "$(node_job out)" --timeout 300
}

# edit STATEMENT: Python on the manifest m of $digest. (jq rounds its times.)
edit () {
	python3 - "$ARTIFACT/$digest.json" "$1" <<-\END
	import json, sys
	m = json.load(open(sys.argv[1]))
	exec(sys.argv[2])
	json.dump(m, open(sys.argv[1], "w"), indent=2)
	END
}

# The digests of agent/common/contentkey.c, made by hand of what stands beside the artifact and of
# the builder file.
cat >parts.py <<'EOT'
import hashlib, json, subprocess, sys
shown, file = json.load(open(sys.argv[1]))["artifact"], open(sys.argv[2], "rb").read()

def digest(*fields):
    h = hashlib.sha256()
    for name, value in fields:
        h.update(b"%s %d\n%s\n" % (name.encode(), len(value), value))
    return h.hexdigest()

env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}
versions = [subprocess.run(argv, env=env, cwd="/", stdout=subprocess.PIPE, check=True).stdout
            for argv in (["make", "--version"], ["gcc", "--version"])]
toolchain = digest(*[("version", v) for v in versions])
text = lambda name: shown[name].encode()
assert shown["toolchain"] == toolchain, "toolchain"
first_lines = "; ".join(v.decode().split("\n")[0] for v in versions)
assert shown["builder_version"] == first_lines, "builder_version"
assert shown["builder_file"] == hashlib.sha256(file).hexdigest(), "builder_file"
optional = [(name.replace("_", " "), text(name))
            for name in ("attributes", "on_missing") if shown[name]]
key = digest(("hornero content key", b"2"), ("tree", text("tree")), *optional,
             ("builder", text("builder")), ("file", file), ("toolchain", text("toolchain")),
             ("architecture", text("architecture")))
assert shown["key"] == key, "key"
EOT

# Red without: the toolchain's line of note_key() in agent/build/build_store.c.
test_expect_success 'a push: every part of the content key, and the key again from its parts' '
	mkdir builders.d &&
	cp "$HORNERO_SRC/etc/builders.d/make.yaml" builders.d/ &&
	node_init "builders_dir: $TRASH/builders.d" "compile_core_limit: 23" \
		"compile_mem_limit: 1234" "compile_pids_limit: 777" \
		"build_timeout: 20m" "silence_timeout: 3m" "log_limit: 1M" "image_size_limit: 2G" &&
	node_start &&
	node_hello_repo &&
	shown &&
	test "$(jq .artifact shown)" = null &&
	hello_pushed one &&
	one=$job &&
	shown &&
	digest=$(sha256sum <"$(node_warm_path $HELLO_UUID)" | cut -d " " -f 1) &&
	says digest=$digest image=$HELLO_UUID commit=$(git -C "$HELLO_WORK" rev-parse HEAD) \
		job=$job attempt=1 builder=make \
		tree=$(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}") architecture=$(uname -m) \
		problem=null "hornero_version=$(hornero --version | cut -d " " -f 2)" \
		size_bytes=1048576 root_gib=1 &&
	test "$(jq -r .key shown)" = "$(jq -r .artifact.key shown)" &&
	python3 parts.py shown "$HORNERO_SRC/etc/builders.d/make.yaml"
'

# Red with another version than 5 in lib/uuid5.c.
test_expect_success 'the release is the UUIDv5 that Python makes of the image and the digest' '
	says release=$(release_id $HELLO_UUID $digest) &&
	hornero cache --json >out &&
	test "$(jq -r ".[0].release" out)" = "$(release_id $HELLO_UUID $digest)" &&
	test "$(jq ".[0].root_gib" out)" -eq 1
'

# Red without: the lines of note_limits() in agent/build/build_store.c.
test_expect_success 'the limits in force, and the times' '
	says build_timeout_s=1200 silence_timeout_s=180 log_limit_bytes=1048576 \
		image_size_limit_bytes=2147483648 &&
	if grep -q "^isolation: none" "$HORNERO_CONF"
	then
		says isolation=none compile_core_limit=null compile_mem_limit=null \
			compile_pids_limit=null
	else
		says isolation=cgroup compile_core_limit=23 compile_mem_limit=1234 \
			compile_pids_limit=777
	fi &&
	hornero show "$job" --json >job &&
	says checkout_ms=$(jq ".attempts[0].checkout_ms" job) \
		build_ms=$(jq ".attempts[0].build_ms" job) \
		check_ms=$(jq ".attempts[0].check_ms" job) &&
	built_ms=$(jq .artifact.built_ms shown) &&
	test $built_ms -ge $(jq .started_ms job) &&
	test $built_ms -le $(jq .built_ms job)
'

# Red with build_ms in the place of check_ms in cli/artifact.c cells_of().
test_expect_success 'it is the manifest beside the artifact, and the same for people' '
	jq -S "del(.ino, .mtime_ns, .ctime_ns) | map_values(if . == \"\" then 0 else . end)" \
		"$ARTIFACT/$digest.json" >want &&
	jq ".artifact | del(.release, .release_state, .root_gib, .problem)" shown >its &&
	jq -S "map_values(. // 0)" its >got &&
	test_cmp want got &&
	hornero image show $HELLO_UUID >out &&
	test_grep "^release: *$(release_id $HELLO_UUID $digest)$" out &&
	test_grep "^root gib: *1$" out &&
	test_grep "^build timeout: *20 min" out &&
	test_grep "^toolchain: *[0-9a-f]{64}$" out
'

# Red without: the key's part of the condition in hide_others(), which then hides from everybody.
test_expect_success 'the same artifact under another image: its own release, the first build' '
	hornero image add $OTHER hello &&
	hornero wait $OTHER --timeout 300 &&
	shown $OTHER &&
	says digest=$digest release=$(release_id $OTHER $digest) image=$HELLO_UUID job=$one
'

# Red without: hide_others() in cli/imagelist.c.
test_expect_success 'with a key it is not said for whom else these bytes were built' '
	hornero key add reader ssh-ed25519 \
		AAAAC3NzaC1lZDI1NTE5AAAAICpIYmszkQkCxRspnsgUvkR6uso6nttWKG0/27vb8ryY --read hello &&
	hornero --key reader image show $OTHER --json | jq -c \
		".artifact | [.image, .commit, .job, .built_ms, .tree, .key, .build_ms, .builder]" \
		>got &&
	hornero --key reader image show $HELLO_UUID --json | jq -c ".artifact | [.image, .job]" \
		>>got &&
	hornero --key reader image show $OTHER --json | jq -c \
		".releases[0] | [(.commit // \"\"), .built_ms]" >>got &&
	printf "%s\n" "[null,null,null,null,null,null,null,\"make\"]" "[\"$HELLO_UUID\",$one]" \
		"[\"\",null]" >want &&
	test_cmp want got
'

# Red without: the '?' of note_version() in agent/common/toolchain.c.
test_expect_success 'a subdirectory has its own tree; a version is bounded and printable' '
	cat >odd <<-\END &&
	  - [printf, "a\\033[2J\\303\\251%0300d\\nb", "7"]
	END
	sed "/^version:/r odd" builders.d/make.yaml >builders.d/odd.yaml &&
	echo "build_timeout: 60" >>builders.d/odd.yaml &&
	mkdir "$HELLO_WORK/part" &&
	printf "hornero.raw:\n\thead -c 524288 /dev/zero >\$@\n" >"$HELLO_WORK/part/Makefile" &&
	git -C "$HELLO_WORK" add part &&
	git -C "$HELLO_WORK" commit -q -m part &&
	hornero image set $OTHER subdir=part builder=odd &&
	git -C "$HELLO_WORK" push -q origin main &&
	hornero wait $OTHER --timeout 300 &&
	shown $OTHER &&
	says size_bytes=524288 builder=odd tree=$(git -C "$HELLO_WORK" rev-parse HEAD:part) \
		build_timeout_s=60 image=$OTHER \
		builder_file=$(sha256sum <builders.d/odd.yaml | cut -d " " -f 1) &&
	jq -r .artifact.builder_version shown >version &&
	test_grep "^a.\[2J\?\?0{240,}$" version &&
	test "$(wc -c <version)" -eq 256 &&
	hornero wait $HELLO_UUID --timeout 300 &&
	hornero image remove $OTHER
'

# Red without: attributes, or on_missing, in agent/build/build_store.c note_key().
test_expect_success 'the manifest has attributes above a subdirectory, and on_missing, too' '
	hornero image add $OTHER hello --subdir part --builder make &&
	echo "part/* eol=lf" >"$HELLO_WORK/.gitattributes" &&
	printf "hornero.raw:\n\thead -c 525312 /dev/zero >\$@\n" >"$HELLO_WORK/part/Makefile" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m attributes &&
	git -C "$HELLO_WORK" push -q origin main &&
	hornero wait $OTHER --timeout 300 &&
	shown $OTHER &&
	jq -r .artifact.attributes shown >got &&
	test_grep "^[0-9a-f]{40}" got &&
	says on_missing=null &&
	python3 parts.py shown "$HORNERO_SRC/etc/builders.d/make.yaml" &&
	node_stop &&
	node_set on_missing warn &&
	node_start &&
	printf "hornero.raw:\n\thead -c 525824 /dev/zero >\$@\n" >"$HELLO_WORK/part/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m warn &&
	git -C "$HELLO_WORK" push -q origin main &&
	hornero wait $OTHER --timeout 300 &&
	shown $OTHER &&
	says on_missing=warn &&
	python3 parts.py shown "$HORNERO_SRC/etc/builders.d/make.yaml" &&
	hornero wait $HELLO_UUID --timeout 300 &&
	hornero image remove $OTHER &&
	node_stop &&
	node_set on_missing &&
	node_start
'

# Red without: the rounding up of nova_root_gib().
test_expect_success 'a file that is not ours: no release, and the root disk rounded up' '
	hornero image add 2b7e1516-28ae-4d2a-abf7-158809cf4f3e hello --ref refs/heads/none &&
	truncate -s 1073741825 "$(node_warm_path 2b7e1516-28ae-4d2a-abf7-158809cf4f3e)" &&
	hornero cache --json >out &&
	jq -r ".[] | select(.state == \"foreign\") | [.root_gib, .release] | @csv" out >got &&
	echo "2,\"\"" >want &&
	test_cmp want got
'

# Red with RECORD_FIELD in the place of RECORD_OPTIONAL for builder_file in store/store.c.
test_expect_success 'an older manifest: what it lacks is unknown, and it is published again' '
	hello_pushed two &&
	shown &&
	digest=$(jq -r .digest shown) &&
	cp "$ARTIFACT/$digest.json" whole &&
	edit "for name in list(m)[list(m).index(\"builder_file\"):]: del m[name]" &&
	shown &&
	says problem=null builder_file=null toolchain=null architecture=null builder_version=null \
		hornero_version=null isolation=null compile_core_limit=null build_timeout_s=null \
		check_ms=null key=$(jq -r .key whole) builder=make \
		release=$(release_id $HELLO_UUID $digest) root_gib=1 &&
	rm "$(node_warm_path $HELLO_UUID)" &&
	hornero sweep &&
	wait_until "test -e $(node_warm_path $HELLO_UUID)" 60 &&
	hornero wait $HELLO_UUID --timeout 300 &&
	shown &&
	test "$(job_field reused $(jq .newest_job shown))" = true &&
	hornero gc --verify
'

# Red without: `why->sys == 0` in cli/artifact.c say_problem().
test_expect_success 'a damaged manifest is named and never believed; a rebuild mends it' '
	mend=".hornero rebuild $HELLO_UUID. writes it again" &&
	for change in "compile_core_limit=-1" "check_ms=\"7\"" "toolchain=\"x\"" \
		"builder_version=\"a\33[2J\"" "builder_version=\"x\" * 256" "isolation=\"no ne\"" \
		"architecture=None" "compile_mem_limit=0.5"
	do
		cp whole "$ARTIFACT/$digest.json" &&
		edit "m[\"${change%%=*}\"] = ${change#*=}" &&
		shown &&
		says digest=$digest release=$(release_id $HELLO_UUID $digest) \
			key=null toolchain=null size_bytes=null root_gib=null &&
		jq -r .artifact.problem shown >problem &&
		test_grep "its ${change%%=*} is missing or invalid; $mend" problem || return 1
	done &&
	hornero image show $HELLO_UUID >out &&
	test_grep "^problem: .*is missing or invalid" out &&
	rebuild &&
	shown &&
	says problem=null digest=$digest key=$(jq -r .key whole) \
		toolchain=$(jq -r .toolchain whole) &&
	python3 parts.py shown "$HORNERO_SRC/etc/builders.d/make.yaml"
'

# Red without: ENOENT in say_problem().
test_expect_success 'a lost manifest is named and mended, too' '
	rm "$ARTIFACT/$digest.json" &&
	shown &&
	jq -r .artifact.problem shown >problem &&
	test_grep "$digest.json: No such file.*writes it again" problem &&
	rebuild &&
	shown &&
	says problem=null digest=$digest
'

# Red without: is_warm in cli/imagelist.c digest_of().
test_expect_success 'warm goes before newer; where nothing is warm the newest is shown' '
	warm=$digest &&
	stand_on "$(node_warm_path $HELLO_UUID)" &&
	hello_push three &&
	test_expect_code 75 hornero wait "$job" --timeout 60 &&
	shown &&
	says digest=$warm &&
	node_stop &&
	rm "$(node_warm_path $HELLO_UUID)" &&
	shown &&
	digest=$(job_field digest) &&
	test "$digest" != "$warm" &&
	says digest=$digest job=$job release=$(release_id $HELLO_UUID $digest) &&
	mv "$NODE/state/queue/queue.db" . &&
	shown &&
	says digest=$warm &&
	mv queue.db "$NODE/state/queue/"
'

test_done
