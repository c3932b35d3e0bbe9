# glance.sh: hornero-glance beside the stand-in for Keystone and Glance, t/tools/glance-standin.py.
# After node.sh:
#
#     node_init
#     glance_start                    # the stand-in; clouds.yaml
#     node_start; node_hello_repo
#     hornero image set "$HELLO_UUID" releases=registered
#     hello_pushed one
#     glance_once                     # hornero-glance --once
#     glance_has status active        # of the image's current release

GLANCE=$TRASH/glance
glance_pid=''

# glance_cloud [LINE…]: clouds.yaml, with these lines in its entry.
glance_cloud () {
	(
		umask 077 &&
		rm -f "$NODE/clouds.yaml" &&
		cat >"$NODE/clouds.yaml" <<-END
		clouds:
		  node:
		    auth:
		      auth_url: http://${glance_address:-127.0.0.1}:$(cat "$GLANCE/port")/v3
		      application_credential_id: cred
		      application_credential_secret: s3cret
		END
	) &&
	test $# -eq 0 || printf '    %s\n' "$@" >>"$NODE/clouds.yaml"
}

glance_start () {
	mkdir "$GLANCE" &&
	python3 "$HORNERO_SRC/t/tools/glance-standin.py" "$GLANCE" $glance_address \
		>"$GLANCE/log" 2>&1 </dev/null &
	glance__standin=$!
	test_cleanup "kill $glance__standin; wait $glance__standin; :"
	wait_until "test -s '$GLANCE/port'" 20 &&
	glance_cloud &&
	node_set glance_credentials "$NODE/clouds.yaml"
}

# glance_tls CERTIFICATE [LINE…]: clouds.yaml with these lines and the URL of another stand-in,
# which speaks TLS and has the same records.
glance_tls () {
	rm -f "$GLANCE/tls-port"
	python3 "$HORNERO_SRC/t/tools/glance-standin.py" "$GLANCE" ${glance_address:-127.0.0.1} \
		"$1" >>"$GLANCE/log" 2>&1 </dev/null &
	glance__tls=$!
	test_cleanup "kill $glance__tls; wait $glance__tls; :"
	shift
	wait_until "test -s '$GLANCE/tls-port'" 120 &&
	glance_cloud "$@" &&
	sed -i "s|auth_url: .*|auth_url: https://127.0.0.1:$(cat "$GLANCE/tls-port")/v3|" \
		"$NODE/clouds.yaml"
}

# glance_artifacts: a web server with the paths of hornero-serve; sets glance_artifact_url.
glance_artifacts () {
	python3 -u -m http.server 0 --bind 127.0.0.1 \
		--directory "$NODE/instances/hornero/served" >"$TRASH/served" 2>&1 </dev/null &
	glance__server=$!
	test_cleanup "kill $glance__server; wait $glance__server; :"
	wait_until "grep -q 'port [0-9]' '$TRASH/served'" 20 &&
	node_set glance_artifact_url \
		"http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$TRASH/served")"
}

# glance_once: its words are in glance.log.
glance_once () {
	: >"$GLANCE/requests"
	timeout 60 hornero-glance --once >>glance.log 2>&1
	glance__code=$?
	test $glance__code -eq 0 || tail -n 5 glance.log
	return $glance__code
}

# glance_waits: the same, and it ends with "not yet".
glance_waits () {
	glance_once
	test $? -eq 75 || { tail -n 5 glance.log; return 1; }
}

# glance_release [UUID]: the image's current one.
glance_release () {
	image_field release "$@"
}

# glance_field FIELD [RELEASE]: what the stand-in has.
glance_field () {
	json_in "$GLANCE/images.json" ".\"${2:-$(glance_release)}\".$1" | grep -vx null || :
}

# glance_has FIELD VALUE [RELEASE]: now.
glance_has () {
	glance__is=$(glance_field "$1" "$3") &&
	test "$glance__is" = "$2" ||
	{ echo "Glance's $1 is '$glance__is', not '$2'"; tail -n 5 glance.log; return 1; }
}

# glance_current_is RELEASE…: exactly these have the tag of the current release.
glance_current_is () {
	glance__is=$(json_sql "$GLANCE/images.json" "SELECT image.key
		FROM f, json_each(j) AS image, json_each(image.value, '\$.tags') AS tag
		WHERE tag.value = 'hornero-current-$HELLO_UUID' ORDER BY 1") &&
	test "$glance__is" = "$(printf '%s\n' "$@" | sort)" ||
	{ echo "tagged: '$glance__is'"; tail -n 5 glance.log; return 1; }
}

# glance_state_is STATE [PATTERN [RELEASE]]: hornero-glance's record, and its reason (grep -E).
glance_state_is () {
	glance__file=$NODE/state/glance/${3:-$(glance_release)}.json
	state_and_reason "$glance__file" >"$TRASH/state" &&
	grep -E -q -e "^$1: .*$2" "$TRASH/state" ||
	{ cat "$TRASH/state"; tail -n 5 glance.log; return 1; }
}

# glance_asked METHOD PATH-REGEX: how many times since the last glance_once.
glance_asked () {
	grep -c -E "^$1 $2 [0-9]*\$" "$GLANCE/requests"
}

# glance_fails [LINE…]: the faults of the stand-in from now on; none without a LINE.
glance_fails () {
	test $# -eq 0 || printf '%s\n' "$@" >"$GLANCE/faults.new"
	test $# -gt 0 || : >"$GLANCE/faults.new"
	mv "$GLANCE/faults.new" "$GLANCE/faults"
}
