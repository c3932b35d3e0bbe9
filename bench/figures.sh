# figures.sh: what several benches share: medians, and pairs of a push and a plain `make`. After
# node.sh.

median () {
	sort -n | awk '{ v[NR] = $1 } END { printf "%.1f\n", v[int((NR + 1) / 2)] }'
}

# ratio NAME GOAL ABOVE BELOW: two files of milliseconds; prints the ratio of their medians.
ratio () {
	awk -v name="$1" -v goal="$2" -v a="$(median <"$3")" -v b="$(median <"$4")" 'BEGIN {
		printf "%s %.4f goal <= %s (p50 of %.1f ms against %.1f ms)\n",
			name, a / b, goal, a, b
	}'
}

now_ms () {
	now_ns=$(date +%s%N)
	echo "$((now_ns / 1000000)).$((now_ns / 100000 % 10))"
}

# since MS: prints the milliseconds since then.
since () {
	awk -v a="$1" -v b="$(now_ms)" 'BEGIN { printf "%.1f\n", b - a }'
}

# stages UUID: where the newest job of the image spent its time, as columns of milliseconds in the
# order of stage_words; then when it was queued and when it ended.
stage_words='queue checkout builder check store attempt publication all'
stages () {
	hornero show "$(hornero image show "$1" --json | jq .newest_job)" --json |
	jq -r '.attempts[-1] as $a | [.started_ms - .created_ms, $a.checkout_ms,
		$a.build_ms, $a.check_ms, $a.store_ms, .built_ms - .started_ms -
		($a.checkout_ms + $a.build_ms + $a.check_ms + $a.store_ms),
		.ended_ms - .built_ms, .ended_ms - .created_ms, .created_ms, .ended_ms] | @tsv'
}

# pair_begin BUILDER UUID DIR: a repository and an image of that builder. DIR/work is to be pushed,
# and DIR/clone follows it for plain builds. The caller has put the sources into DIR/work.
pair_begin () {
	pair_uuid=$2
	pair_dir=$3
	pair_repo=$(hornero repo create "${3##*/}" | tail -n 1) &&
	hornero image add "$2" "${3##*/}" --builder "$1" >/dev/null &&
	git init -q -b main "$3/work" &&
	git -C "$3/work" remote add origin "$pair_repo" &&
	git -C "$3/work" add -A &&
	git -C "$3/work" commit -q -m start &&
	git clone -q "$3/work" "$3/clone" &&
	git init -q --bare "$3/plain.git" &&
	cp "$pair_repo/config" "$3/plain.git/config"
}

# pushes FILE: pushes the commit, waits until its image is warm, adds the milliseconds to FILE, to
# builder.ms those that the builder took of them, and to stages.ms those of all stages with the
# begin and end that we saw.
pushes () {
	start=$(now_ms)
	git -C "$pair_dir/work" push -q origin HEAD:refs/heads/main 2>/dev/null &&
	hornero wait "$pair_uuid" --timeout 580 >/dev/null || { hornero why "$pair_uuid"; exit 1; }
	end=$(now_ms)
	echo "$start $end" | awk '{ printf "%.1f\n", $2 - $1 }' >>"$1"
	hornero image show "$pair_uuid" --json | jq .artifact.build_ms >>builder.ms
	echo "$(stages "$pair_uuid") $start $end" >>stages.ms
}

# plain FILE: the same by the bench's plain_make DIR alone, in the clone. The clone is brought to
# the commit before.
plain () {
	git -C "$pair_dir/clone" pull -q ../work HEAD 2>/dev/null || exit 1
	start=$(now_ms)
	plain_make "$pair_dir/clone" >/dev/null || exit 1
	since "$start" >>"$1"
}

# pairs ROUNDS: each round is a `change K` of the bench, a push and a plain build; which comes first
# alternates. Their times are in push.ms, builder.ms, stages.ms and make.ms.
pairs () {
	: >push.ms
	: >builder.ms
	: >stages.ms
	: >make.ms
	for k in $(seq "$1")
	do
		change "$k" || exit 1
		if test $((k % 2)) = 0
		then
			pushes push.ms && plain make.ms
		else
			plain make.ms && pushes push.ms
		fi
	done
	hornero image show "$pair_uuid" --json |
		jq -e '.artifact.built == "incremental"' >/dev/null ||
		echo '# the last build was not an incremental one'
}

# least: what any such node does around a build; adds the milliseconds to least.ms.
least () {
	begun=$(now_ms)
	git -C "$pair_dir/work" push -q ../plain.git HEAD:refs/heads/main || return 1
	for part in 1 2 3
	do
		bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-uts --unshare-net \
			--ro-bind / / --proc /proc --dev /dev --tmpfs /tmp true || return 1
	done
	for part in store cache
	do
		dd if="$(node_warm_path "$pair_uuid")" of="$pair_dir/$part" bs=1M conv=fsync \
			status=none || return 1
	done
	since "$begun" >>least.ms
}

# floor NAME: the pushes beside the floor, and the stages of the push in the middle.
floor () {
	paste -d' ' make.ms least.ms | awk '{ print $1 + $2 }' >floor.ms
	ratio "incremental-$1-to-floor" none push.ms floor.ms
	echo "incremental-$1-floor-above-make-ms $(median <least.ms) goal none"
	awk '{ print $12 - $11, $9 - $11, $0, $12 - $10 }' stages.ms | sort -n |
	awk -v name="$1" -v words="$stage_words" '{ line[NR] = $0 } END {
		n = split(words, word, " ")
		split(line[int((NR + 1) / 2)], ms, " ")
		printf "incremental-%s-stages whole %.0f = push %.0f", name, ms[1], ms[2]
		for (k = 1; k < n; k++)
			printf " + %s %.0f", word[k], ms[k + 2]
		printf " + wait %.0f ms\n", ms[n + 7]
	}'
}
