# family.sh: the examples that ./try can show, and what each of them needs. After setup.sh.

# Each line: an example, then the programs and files that it needs, each with its Debian package, a
# word of family_get, or @ and the builder file whose comment says how to get it.
family_table () {
	family__all='gcc:gcc make:make qemu-system-x86_64:qemu-system-x86'
	family__disk='mcopy:mtools /usr/lib/grub/i386-pc:grub-pc-bin'
	cat <<-END
	hello $family__all
	hello-http $family__all curl:curl
	linux-initramfs $family__all $family__disk cpio:cpio /var/lib/linux/bzImage:=kernel
	solo5-hello $family__all $family__disk x86_64-solo5-none-static-cc:=solo5
	unikraft-hello $family__all $family__disk flex:flex bison:bison python3:python3 \
		$(family_input unikraft)/unikraft/version.mk:=unikraft
	nanos-hello $family__all ops:@nanos $(family_input nanos kernel.img):@nanos
	osv-rofs $family__all qemu-nbd:qemu-utils capstan:@capstan-compose \
		$(family_input capstan-compose osv-loader.qemu):@capstan-compose \
		$(family_input capstan-compose osv.bootstrap.mpm):@capstan-compose
	mirage-hello $family__all $family__disk m4:m4 \
		$(family_input mirage)/bin/mirage:@mirage $(family_input mirage)/bin/dune:@mirage \
		$src/examples/mirage-hello/duniverse:=duniverse
	rumprun-hello $family__all $family__disk \
		$(family_input rumprun)/bin/rumprun-bake:@rumprun
	END
}

# family_input BUILDER [NAME]: the first input of its file, or the first of that name: where an
# operator has the framework.
family_input () {
	sed -n '/^inputs:/,/^$/p' "$src/etc/builders.d/$1.yaml" | tr -s '[], ' '\n' |
		sed -n "s,:.*,,; \,^/.*$2\$,p" | head -n 1
}

# family_get SOURCE FILE: the line that gets it.
family_get () {
	case $1 in
	=kernel) say "install -D -m 0644 /boot/vmlinuz-VERSION $2" ;;
	=solo5) say "git clone https://github.com/Solo5/solo5 && cd solo5 &&" \
		"./configure.sh --prefix=/usr/local && make && make install" ;;
	=unikraft) say "git clone -b RELEASE-0.17.0 https://github.com/unikraft/unikraft" \
		"${2%/*}" ;;
	=duniverse) say "cd ${2%/*} && mirage configure -t virtio && make depends" ;;
	@*) say "the first lines of etc/builders.d/${1#@}.yaml say how to get it" ;;
	*) say "apt-get install $1" ;;
	esac
}

family_names () {
	family_table | sed 's/ .*//'
}

# family_known NAME: an exact name of the table.
family_known () {
	family_names | grep -q -x -F -e "$1"
}

# family_missing NAME: a line for each program that is not here, with the line that gets it.
family_missing () {
	for need in $(family_table | sed -n "s/^$1 //p")
	do
		thing=${need%:*}
		case $thing in
		/*) test -r "$thing" ;;
		*) command -v "$thing" >/dev/null ;;
		esac || say "$thing is missing: $(family_get "${need##*:}" "$thing")"
	done
}

# family_list: all names, and which are usable here.
family_list () {
	for name in $(family_names)
	do
		missing=$(family_missing "$name")
		case $missing in
		'') printf '%-16s usable\n' "$name" ;;
		*) printf '%-16s %s\n' "$name" "$missing" | sed '2,$s/^/                 /' ;;
		esac
	done
}

# family_ask NAME FILE: boots the RAW image FILE and prints what its guest says.
family_ask () {
	case $1 in
	hello-http)
		guest_serve "$2" && guest_get
		family__status=$?
		guest_end
		return $family__status ;;
	rumprun-hello) guest_line "$2" ', tree ' ;;
	# The kernel may say more.
	linux-initramfs|osv-rofs) boot_guest "$2" 256 | grep ', tree ' ;;
	*-hello) boot_guest "$2" | grep ', tree ' ;;
	*) boot_guest "$2" ;;
	esac
}

# guest_serve FILE: boots a RAW image whose guest serves HTTP and does not end by itself. The kernel
# chooses the port, and QEMU's monitor tells it. Changes nothing in the file. Sets guest and port.
guest_serve () {
	rm -f "$scratch/monitor" "$scratch/serial" "$scratch/said"
	mkfifo "$scratch/monitor" || return 1
	timeout 400 qemu-system-x86_64 -accel tcg -m 64 -nodefaults -no-user-config -display none \
		-serial "file:$scratch/serial" -monitor stdio \
		-drive "file=$1,format=raw,snapshot=on" \
		-nic user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:0-:80 \
		<"$scratch/monitor" >"$scratch/said" 2>&1 &
	guest=$!
	exec 9>"$scratch/monitor"
	echo 'info usernet' >&9
	until grep -q 'port 80' "$scratch/serial" 2>/dev/null &&
	grep -q HOST_FORWARD "$scratch/said"
	do
		kill -0 $guest 2>/dev/null || { cat "$scratch/said" >&2; return 1; }
		sleep 0.05
	done
	port=$(awk '/HOST_FORWARD/ {print $4; exit}' "$scratch/said")
}

# guest_line FILE WORDS: boots a RAW image whose guest does not end by itself, and prints the first
# line of it that has the words. Changes nothing in the file.
guest_line () {
	rm -f "$scratch/said"
	mkfifo "$scratch/said" || return 1
	timeout 400 qemu-system-x86_64 -accel tcg -m 64 -nodefaults -no-user-config -display none \
		-serial stdio -drive "file=$1,format=raw,snapshot=on" </dev/null >"$scratch/said" &
	guest=$!
	grep -m 1 -e "$2" "$scratch/said" | tr -d '\r'
	guest_end
}

# guest_get [OPTION…]: what curl gets from it.
guest_get () {
	curl -q -sS -m 10 --noproxy '*' "$@" "http://127.0.0.1:$port/"
}

guest_end () {
	exec 9>&-
	kill $guest 2>/dev/null
	wait $guest
	:
}
