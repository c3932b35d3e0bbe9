# rollout.sh: servers and the resource provider of the stand-ins for Nova and Placement
# (t/tools/nova_standin.py, placement_standin.py), and what became of them.
# After glance.sh:
#
#     servers "ID IMAGE"…          exactly these run on this node, with the key of the hello image
#     servers_of UUID "ID IMAGE"…  these, too, with the key of another image
#     server ID FILTER             changes one by jq
#     server_is ID STATUS IMAGE
#     rebuilt_are "ID IMAGE BUSY"… the rebuilds since the last `servers`
#     rollout_is STATE [PATTERN]   hornero-glance's record, and its reason (grep -E)
#     expects REGEX                the boot check of the current artifact expected it
#     glance_daemon; glance_daemon_ends
#     provider NAME TRAIT…         Placement has this provider only

A=aaaaaaaa-0000-4000-8000-000000000001
B=aaaaaaaa-0000-4000-8000-000000000002
C=aaaaaaaa-0000-4000-8000-000000000003
D=aaaaaaaa-0000-4000-8000-000000000004
E=aaaaaaaa-0000-4000-8000-000000000005
F=aaaaaaaa-0000-4000-8000-000000000006

provider () {
	rollout__name=$1
	shift
	jq -n --arg name "$rollout__name" '$ARGS.positional as $traits | {traits: $traits,
		providers: {"cccccccc-0000-4000-8000-000000000001":
			{name: $name, generation: 7, traits: $traits}}}' --args "$@" \
		>"$GLANCE/placement.json"
}

servers () {
	echo '{}' >"$GLANCE/servers.json" &&
	: >"$GLANCE/rebuilds" &&
	servers_of "$HELLO_UUID" "$@"
}

servers_of () {
	rollout__of=$1
	shift
	for rollout__server
	do
		jq --arg id "${rollout__server% *}" --arg image "${rollout__server#* }" \
			--arg of "$rollout__of" --arg host "$(hostname)" \
			'.[$id] = {host: $host, image: $image, status: "ACTIVE",
				metadata: {hornero_rebuild: $of}}' "$GLANCE/servers.json" \
			>"$GLANCE/servers.next" &&
		mv "$GLANCE/servers.next" "$GLANCE/servers.json" || return 1
	done
}

server () {
	jq --arg id "$1" ".[\$id] |= ($2 | .)" "$GLANCE/servers.json" >"$GLANCE/servers.next" &&
	mv "$GLANCE/servers.next" "$GLANCE/servers.json"
}

server_is () {
	rollout__is=$(json_sql "$GLANCE/servers.json" "SELECT (s ->> 'status') || ' ' ||
		(s ->> 'image') FROM (SELECT j -> '\$.\"$1\"' AS s FROM f)")
	test "$rollout__is" = "$2 $3" || { echo "server $1: $rollout__is"; return 1; }
}

rebuilt_are () {
	test $# -eq 0 || printf '%s\n' "$@" >"$TRASH/rebuilds.wanted"
	test $# -gt 0 || : >"$TRASH/rebuilds.wanted"
	test_cmp "$TRASH/rebuilds.wanted" "$GLANCE/rebuilds" || { tail -n 5 glance.log; return 1; }
}

rollout_file () {
	cat "$NODE/state/glance/$HELLO_UUID.rollout"
}

rollout_is () {
	state_and_reason "$NODE/state/glance/$HELLO_UUID.rollout" >"$TRASH/rollout" &&
	grep -E -q -e "^$1: .*$2" "$TRASH/rollout" ||
	{ cat "$TRASH/rollout"; tail -n 5 glance.log; return 1; }
}

expects () {
	python3 -c 'import json, sys
m = json.load(open(sys.argv[1]))
m["expect"] = sys.argv[2]
json.dump(m, open("new", "w"))' \
		"$NODE/instances/hornero/artifact/$(image_field digest).json" "$1" &&
	mv new "$NODE/instances/hornero/artifact/$(image_field digest).json"
}

glance_daemon () {
	hornero-glance >daemon.out 2>daemon.log &
	daemon=$!
	test_cleanup "kill $daemon 2>/dev/null; wait $daemon; :"
}

glance_daemon_ends () {
	kill $daemon && wait $daemon
}
