# framework.sh: the frameworks in HORNERO_FRAMEWORKS (HACKING.md), and the shipped builder files
# with them. After test.sh.

# framework_here NAME: that directory has it.
framework_here () {
	test -n "$HORNERO_FRAMEWORKS" &&
	case $1 in
	solo5) test -x "$HORNERO_FRAMEWORKS/solo5/bin/x86_64-solo5-none-static-cc" ;;
	unikraft) test -e "$HORNERO_FRAMEWORKS/unikraft/unikraft/version.mk" ;;
	nanos) test -x "$HORNERO_FRAMEWORKS/nanos/bin/ops" ;;
	rumprun) test -x "$HORNERO_FRAMEWORKS/rumprun/bin/rumprun-bake" ;;
	capstan)
		test -x "$HORNERO_FRAMEWORKS/capstan/bin/capstan" &&
		test -e "$HORNERO_FRAMEWORKS/capstan/root/repository/osv-loader/osv-loader.qemu" ;;
	osv) test -e "$HORNERO_FRAMEWORKS/osv/build/release.x64/loader.img" ;;
	mirage)
		test -x "$HORNERO_FRAMEWORKS/mirage/bin/mirage" &&
		test -d "$HORNERO_FRAMEWORKS/mirage/duniverse" &&
		framework_here solo5 ;;
	*) return 1 ;;
	esac
}

# framework_builder NAME FILE: the shipped builder, changed as operators do whose framework is in
# another directory than its comment says: PATH and inputs; the rest is as shipped. mirage is also
# changed as its comment says for Debian's OCaml.
framework_builder () {
	framework__dir=$HORNERO_FRAMEWORKS/$1
	framework__file=$HORNERO_SRC/etc/builders.d/$1.yaml
	case $1 in
	solo5)
		cat "$framework__file" &&
		printf '\nenv:\n  PATH: %s/bin:/usr/local/bin:/usr/bin:/bin\ninputs: [%s]\n' \
			"$framework__dir" "$framework__dir" ;;
	nanos)
		sed -e "s,- /var/lib/nanos/,- $framework__dir/," \
			-e "/^inputs:/a \\  - $framework__dir/bin" \
			-e "/^env:/a \\  PATH: $framework__dir/bin:/usr/local/bin:/usr/bin:/bin" \
			"$framework__file" ;;
	rumprun|unikraft) sed "s,/opt/$1,$framework__dir," "$framework__file" ;;
	osv-app) sed "s,/opt/osv,$HORNERO_FRAMEWORKS/osv," "$framework__file" ;;
	capstan*)
		framework__dir=$HORNERO_FRAMEWORKS/capstan
		sed -e "s,/var/lib/capstan/,$framework__dir/root/," \
			-e "s,^env:,&\n  PATH: $framework__dir/bin:/usr/bin:/bin," \
			-e "s,^inputs:,&\n  - $framework__dir/bin/capstan," "$framework__file" ;;
	mirage)
		framework__solo5=$HORNERO_FRAMEWORKS/solo5
		sed -e "s,^  PATH: ,&$framework__solo5/bin:," \
			-e "s,/opt/mirage/hornero,$framework__dir,g" \
			-e "s,^inputs:.*,inputs: [$framework__dir\, $framework__solo5]," \
			-e "/^env:/a \\  OCAMLFIND_CONF: $framework__dir/lib/findlib.conf" \
			-e "/^version:/a \\  - [ocamlopt\, -version]" \
			-e "s,^  OCAMLPATH:.*,&:/usr/lib/ocaml," "$framework__file" ;;
	esac >"$2"
}

# framework_sources NAME DIR: what pushers have to add to its example in DIR.
framework_sources () {
	test $1 != mirage || cp -R "$HORNERO_FRAMEWORKS/mirage/duniverse" "$2"
}

framework_uuid () {
	echo "2b7e1516-28ae-4d2a-abf7-15880000000$1"
}

# framework_image I: the work clone and the id of image I. Sets HELLO_WORK and HELLO_UUID.
framework_image () {
	HELLO_UUID=$(framework_uuid $1) HELLO_WORK=$TRASH/work-r$1
}

# framework_node NAME…: a node with these shipped builders and three images, whose work clones are
# empty. After node.sh.
framework_node () {
	mkdir builders &&
	for framework__name
	do
		framework_builder $framework__name builders/$framework__name.yaml || return 1
	done &&
	node_init "builders_dir: $TRASH/builders" "workers: 3" &&
	for framework__i in 1 2 3
	do
		node_hello_repo r$framework__i "$(framework_uuid $framework__i)" &&
		git -C "$HELLO_WORK" rm -q -r . &&
		mkdir -p "$HELLO_WORK" || return 1
	done &&
	node_start &&
	node_swept
}

# framework_booted LINE: the boot check of the job saw a line that begins so, and expected it.
framework_booted () {
	hornero log "$job" >log &&
	test_grep "^$1" log &&
	test_grep "^hornero: the expected line came" log
}

# framework_push: commits the work clone and pushes it, without waiting. Sets job.
framework_push () {
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m change &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out || { cat push.out; return 1; }
	push_job
}

# framework_at_once COMMAND SAYS: `COMMAND I at-once-I` writes the work clone of image I. All three
# are pushed before one is waited for; each disk boots and has its own line, "SAYS at-once-I".
framework_at_once () {
	framework__jobs= &&
	for framework__i in 1 2 3
	do
		$1 $framework__i at-once-$framework__i &&
		framework_push &&
		framework__jobs="$framework__jobs $job" || return 1
	done &&
	framework__i=0 &&
	for job in $framework__jobs
	do
		framework__i=$((framework__i + 1)) &&
		hornero wait "$job" --timeout 500 &&
		framework_booted "$2 at-once-$framework__i" &&
		grep -aq "$2 at-once-$framework__i" \
			"$(node_warm_path "$(framework_uuid $framework__i)")" || return 1
	done
}

# framework_example NAME: examples/NAME as the work clone of image 1, expected to say hello; pushed,
# built and booted.
framework_example () {
	framework_image 1 &&
	git -C "$HELLO_WORK" rm -q -r --ignore-unmatch . &&
	mkdir -p "$HELLO_WORK" &&
	cp -R "$HORNERO_SRC/examples/$1-hello/." "$HELLO_WORK" &&
	framework_sources $1 "$HELLO_WORK" &&
	echo "expect: ^hello from hornero" >>"$HELLO_WORK/.hornero.yaml" &&
	push_built_by $1 &&
	framework_booted "hello from hornero, tree $(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}")"
}
