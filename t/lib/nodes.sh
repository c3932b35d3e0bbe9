# nodes.sh: several nodes on one machine, each with a network namespace and a mount tree of its own,
# and a stand-in for Glance that all of them reach. As the first command of a file:
#
#     . "${HORNERO_SRC:-.}/t/lib/nodes.sh"       starts the file again in namespaces of its own
#
# and after test.sh, node.sh, glance.sh and serve.sh:
#
#     nodes_requires          skips the file where it cannot run
#     nodes_glance            Keystone and Glance at 10.78.0.254
#     node_at N               from here on NODE, hornero, … are of node N, at 10.78.0.N; makes it
#                             if it is new: node_init, and the settings that all of them share
#     nodes_settings N        prints more lines of node N's hornero.yaml; a file defines its own
#     nodes_in N COMMAND…     in the namespaces of node N; replaces the shell: for ( ) and &
#     nodes_cut N             power off: its network goes first, then all its processes
#     nodes_serve             hornero-serve of this node
#     nodes_share             `hornero-glance --share` of this node, with share: yes
#
#     nodes_hello N           new node N: repository, image, hornero-glance --share and hornerod
#     nodes_work              the work clone, HELLO_WORK, of all of them
#     nodes_commit TEXT       one more commit in it: its artifact, 1 MiB, begins with TEXT
#     nodes_push N [OPTION…]  pushes it to node N; sets job
#     nodes_built             this node ran the builder for the commit
#     nodes_register          hornero-glance --once of this node
#     nodes_registrar         hornero-glance of this node as a service
#
# The image has the same UUID on all of them. A push that is to be shared needs `-o clean`: others
# are incremental.

if test -z "$NODES_NAMESPACE" && test "$(id -u)" -eq 0 && unshare --net --mount true 2>/dev/null
then
	NODES_NAMESPACE=yes
	export NODES_NAMESPACE
	exec unshare --net --mount --propagation private sh "$0"
fi

nodes_at=''
glance_address=10.78.0.254

nodes_requires () {
	test -n "$NODES_NAMESPACE" || test_skip_all 'needs root and network namespaces'
	test_requires ip iproute2
	test_requires jq jq
	test_requires python3 python3
	ip link add nodes0 type bridge 2>/dev/null || test_skip_all 'this kernel has no bridge'
	ip link set lo up &&
	ip address add $glance_address/24 dev nodes0 &&
	ip link set nodes0 up &&
	ip link add try0 type veth peer name try1 2>/dev/null ||
		test_skip_all 'this kernel has no veth'
	ip link del try0
}

nodes_glance () {
	HORNERO_CONF=$TRASH/none &&
	: >"$HORNERO_CONF" &&
	NODE=$TRASH glance_start
}

nodes_settings () {
	:
}

nodes_in () {
	nodes__n=$1
	shift
	eval "nodes__holder=\$nodes__holder_$nodes__n"
	exec nsenter --target "$nodes__holder" --net --mount --uts -- "$@"
}

# Variables that each node has for itself.
nodes__mine='NODE HORNERO_CONF NODE_TOP node_pid node__watched HELLO_REPO nodes_server nodes_sharer'

node_at () {
	test -z "$nodes_at" ||
	for nodes__name in $nodes__mine
	do
		eval "nodes__${nodes_at}_$nodes__name=\$$nodes__name"
	done
	nodes_at=$1
	eval "NODES_HOLDER=\$nodes__holder_$1"
	for nodes__name in $nodes__mine
	do
		eval "$nodes__name=\$nodes__${nodes_at}_$nodes__name"
	done
	export HORNERO_CONF NODES_HOLDER
	test -n "$NODES_HOLDER" || nodes__make "$1"
}

nodes__is_apart () {
	test "$(readlink "/proc/$NODES_HOLDER/ns/net")" != "$(readlink /proc/self/ns/net)" &&
	test "$(cat "/proc/$NODES_HOLDER/comm")" = sleep
}

# node_start finds this hornerod.
nodes__wrap () {
	mkdir "$TRASH/bin" &&
	cat >"$TRASH/bin/hornerod" <<-END &&
	#!/bin/sh
	exec nsenter --target "\$NODES_HOLDER" --net --mount --uts -- \
		"$HORNERO_BUILD/hornerod" "\$@"
	END
	chmod 0755 "$TRASH/bin/hornerod" &&
	PATH=$TRASH/bin:$PATH
}

nodes__make () {
	test -d "$TRASH/bin" || nodes__wrap || return 1
	unshare --net --mount --uts --propagation private sleep infinity &
	NODES_HOLDER=$!
	eval "nodes__holder_$1=$NODES_HOLDER"
	test_cleanup "kill $NODES_HOLDER"
	wait_until nodes__is_apart 20 &&
	ip link add "far$1" type veth peer name near0 netns "$NODES_HOLDER" &&
	ip link set "far$1" master nodes0 up &&
	(nodes_in "$1" sh -c "hostname node$1 && ip link set lo up &&
		ip address add 10.78.0.$1/24 dev near0 && ip link set near0 up") &&
	NODE=$TRASH/node$1 &&
	NODE_TOP=hornero-t-$$-$1 &&
	nodes_settings "$1" >settings &&
	nodes__init "$1" <settings &&
	test_cleanup "nodes__end $1"
}

nodes__init () {
	nodes__n=$1
	shift
	while IFS= read -r nodes__line
	do
		set -- "$@" "$nodes__line"
	done
	node_init "$@" "sweep_interval: 10h" "glance_credentials: $TRASH/clouds.yaml" \
		"serve_listen: 10.78.0.$nodes__n:8080" \
		"glance_artifact_url: http://10.78.0.$nodes__n:8080"
}

nodes_cut () {
	eval "nodes__holder=\$nodes__holder_$1"
	nodes__net=$(readlink "/proc/$nodes__holder/ns/net") &&
	ip link set "far$1" down || return 1
	for nodes__process in /proc/[0-9]*
	do
		test "$(readlink "$nodes__process/ns/net")" != "$nodes__net" ||
		test "${nodes__process#/proc/}" = "$nodes__holder" ||
		kill -KILL "${nodes__process#/proc/}"
	done
}

# The cleanups of node.sh see only the node that is current at the end.
nodes__end () {
	node_at "$1" &&
	node__stop_at_end &&
	node__remove_cgroups
}

nodes_serve () {
	rm -f "$NODE/serve.log"
	nodes_in "$nodes_at" setpriv --reuid $SERVE_UID --regid $SERVE_UID --clear-groups \
		"$HORNERO_BUILD/hornero-serve" -c "$HORNERO_CONF" >"$NODE/serve.log" 2>&1 \
		</dev/null &
	nodes_server=$!
	test_cleanup "kill $nodes_server 2>/dev/null; wait $nodes_server; :"
	wait_until "grep -q READY '$NODE/serve.log' || ! kill -0 $nodes_server" 120
	grep -q READY "$NODE/serve.log" || { cat "$NODE/serve.log"; return 1; }
}

nodes_share () {
	node_set share yes &&
	: >"$NODE/share.log" || return 1
	nodes_in "$nodes_at" "$HORNERO_BUILD/hornero-glance" --share -c "$HORNERO_CONF" \
		>"$NODE/share.log" 2>&1 </dev/null &
	nodes_sharer=$!
	test_cleanup "kill $nodes_sharer 2>/dev/null; wait $nodes_sharer; :"
	wait_until "grep -q READY '$NODE/share.log' || ! kill -0 $nodes_sharer" 120
	grep -q READY "$NODE/share.log" || { cat "$NODE/share.log"; return 1; }
}

nodes_hello () {
	node_at "$1" &&
	HELLO_REPO=$(hornero repo create hello | tail -n 1) &&
	hornero image add "$HELLO_UUID" hello --name hello &&
	hornero image set "$HELLO_UUID" builder=make releases=registered &&
	nodes_share &&
	node_start &&
	node_swept
}

nodes_work () {
	HELLO_UUID=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
	HELLO_WORK=$TRASH/work
	node_work "$HELLO_WORK" /nowhere
}

nodes_commit () {
	nodes__text=$1
	{
		printf 'hornero.raw:\n\techo %s >../cache/built\n' "$nodes__text" &&
		printf '\thead -c 1048576 /dev/zero >$@\n' &&
		printf "\tprintf '%%s' '%s' | dd of=\$@ conv=notrunc 2>/dev/null\n" \
			"$nodes__text" &&
		printf '.PHONY: hornero.raw\n'
	} >"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m "$nodes__text"
}

nodes_built () {
	test "$(cat "$NODE/unikernels/$HELLO_UUID/cache/built" 2>/dev/null)" = "$nodes__text"
}

nodes_push () {
	node_at "$1" &&
	shift &&
	git -C "$HELLO_WORK" push -q "$@" "$HELLO_REPO" main 2>push.out ||
		{ cat push.out; return 1; }
	push_job
}

nodes_register () {
	(nodes_in "$nodes_at" timeout 60 "$HORNERO_BUILD/hornero-glance" --once \
		-c "$HORNERO_CONF" >>"$TRASH/glance.log" 2>&1) ||
		{ tail "$TRASH/glance.log"; return 1; }
}

nodes_registrar () {
	rm -f "$NODE/registrar.log"
	nodes_in "$nodes_at" "$HORNERO_BUILD/hornero-glance" -c "$HORNERO_CONF" \
		>"$NODE/registrar.log" 2>&1 </dev/null &
	nodes__registrar=$!
	test_cleanup "kill $nodes__registrar; wait $nodes__registrar; :"
	wait_until "grep -q READY '$NODE/registrar.log' || ! kill -0 $nodes__registrar" 120
	grep -q READY "$NODE/registrar.log"
}
