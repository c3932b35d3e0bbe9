#!/bin/sh
test_description='completion: hornero complete for every word, and the adapters in real shells'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires ssh-keygen openssh-client

ADAPTERS=$HORNERO_SRC/etc/completion
SEED=$HORNERO_BUILD/t/tools/seed
U=2b7e1516-28ae-4d2a-abf7-158809cf4f3c

# complete WORD…: the candidates for the last one.
complete () {
	timeout 20 hornero complete -- "$@"
}

# on_a_line: the candidates that a command prints, sorted, on one line.
on_a_line () {
	sort | tr "\n" " " | sed "s/ $//"
}

# options WORD: those of its help, with the names of their values.
options () {
	hornero $1 --help | sed -n "s/^  *\(-., \)*\(--[a-z0-9-]*\) *\([A-Z]*\)  .*/\2 \3/p"
}

test_expect_success 'a node with an image, a job, a key, repositories and a builder' '
	mkdir builders.d &&
	cp "$HORNERO_SRC/etc/builders.d/make.yaml" builders.d &&
	cli_node "keys_file: $TRASH/keys" &&
	hornero init &&
	hornero repo create solo &&
	hornero repo create team/hello &&
	hornero image add $U team/hello --name Hello &&
	ssh-keygen -q -t ed25519 -N "" -f id &&
	echo base >osv.img &&
	hornero base add osv.qemu osv.img &&
	hornero key add alice id.pub --write "team/*" &&
	"$SEED" hornero.yaml queue $U 1111111111111111111111111111111111111111 &&
	hornero --help | grep "^  hornero " | cut -c 11-40 | sed "s/ *[A-Z[].*//; s/ *$//" >words &&
	test "$(wc -l <words)" -ge 26
'

# Red without WORD_HIDDEN for `complete`.
test_expect_success 'every word of --help, and no other' '
	{
		complete "" | grep -vx -e base -e builder -e config -e image -e key -e repo
		for noun in base builder config image key repo
		do
			complete "" | grep -qx $noun && complete $noun "" | sed "s/^/$noun /"
		done
	} | sort >got &&
	sort words >want &&
	test_cmp want got &&
	for word in "" base builder config image key repo
	do
		complete $word "" >want &&
		complete help $word "" >got &&
		test_cmp want got || return 1
	done &&
	test "$(complete ima)" = image &&
	test "$(complete image sh)" = show
'

# Red with --json offered for every word.
test_expect_success 'the options of every word, and no other' '
	while read -r word
	do
		options "$word" | cut -d " " -f 1 | sort >want &&
		complete $word - | sort >got &&
		test_cmp want got || { echo "of: $word"; return 1; }
	done <words &&
	options "" | cut -d " " -f 1 | sort >want &&
	complete - | sort >got &&
	test_cmp want got &&
	test "$(complete image --)" = --help &&
	test "$(complete -c "$HORNERO_CONF" queue --a)" = --all &&
	test "$(complete wait 1 --ti)" = --timeout
'

# A new word is red here until its entry in this list. Red without VALUE_JOB for `show`.
test_expect_success 'the first argument of every word, and the one after it' '
	while read -r word
	do
		first=$(complete $word "" | on_a_line)
		second=$(complete $word $U "" | on_a_line)
		echo "$word: $first${second:+ | $second}"
	done <words | sed "s/$U/IMAGE/g; s/| .*boot_machine=pc .*/| SETTINGS/" | sort >got &&
	sort >want <<-\END &&
	init:
	config check: <FILE>
	config show:
	repo create:
	repo list:
	repo mirror: solo team/hello
	repo fetch: solo team/hello
	repo remove: solo team/hello
	key add:  | <FILE>
	key set: alice | <FILE>
	key list:
	key remove: alice
	image add: solo team/hello | solo team/hello
	image import:
	image list:
	image show: IMAGE
	image current: IMAGE
	image set: IMAGE | SETTINGS
	image remove: IMAGE
	builder list:
	builder show: make
	builder check: make | <FILE>
	builder try: make | <FILE>
	base add:  | <FILE>
	base list:
	base remove: osv.qemu
	queue:
	top:
	fleet:
	stats:
	events:
	show: 1
	log: 1 | 1
	wait: 1 IMAGE
	why: 1 IMAGE
	cancel: 1
	retry: 1
	rebuild: IMAGE
	rollback: IMAGE
	drain:
	pause: IMAGE
	resume: IMAGE
	sweep:
	cache:
	gc:
	backup: <FILE>
	restore: <FILE>
	doctor:
	metrics:
	report:
	status:
	help: WORDS
	END
	sed -i "s/^help: .*/help: WORDS/; s/ $//" got &&
	test_cmp want got
'

test_expect_success 'the values of every option' '
	while read -r word
	do
		options "$word" | while read -r option value
		do
			test -z "$value" ||
				echo "$word $option: $(complete $word $option "" | on_a_line)"
		done
	done <words | grep -v -e ": $" -e " --conf: <FILE>$" |
		sed "s/$U/IMAGE/g" | sort >got &&
	sort >want <<-\END &&
	key add --read: solo team/hello
	key add --write: solo team/hello
	key add --create: solo team/hello
	key add --admin: solo team/hello
	key set --read: solo team/hello
	key set --write: solo team/hello
	key set --create: solo team/hello
	key set --admin: solo team/hello
	image add --ref: refs/heads/main
	image add --builder: make
	builder try --output: <FILE>
	queue --image: IMAGE
	queue --repo: solo team/hello
	queue --state: built cancelled failed held published queued running superseded
	queue --pushed-by: alice
	fleet --nodes: <FILE>
	stats --image: IMAGE
	stats --repo: solo team/hello
	events --image: IMAGE
	report --html: <FILE>
	END
	test_cmp want got &&
	test "$(complete -c "")" = "<FILE>" &&
	test "$(complete --key "")" = alice &&
	test "$(complete log -n "")" = "" &&
	test "$(complete image add --ref=refs)" = --ref=refs/heads/main &&
	test "$(complete image add --ref refs/heads/main te)" = team/hello &&
	test "$(complete show -- 1)" = 1
'

test_expect_success 'the settings of an image, and their values' '
	complete image set $U "" | sed "s/=.*//" | sort -u >got &&
	hornero help image set | sed -n "/^Keys/,/^An empty/p" | tr "\n" " " |
		sed "s/^Keys: //; s/([^)]*)//; s/\. An empty.*//; s/,/ /g" | tr -s " " "\n" |
		sort >want &&
	test_cmp want got &&
	test "$(complete image set $U conf | on_a_line)" = "confirm=idle confirm=never" &&
	test "$(complete image set $U in_use=f)" = in_use=flatten &&
	test "$(complete image set $U name=x repo= | on_a_line)" = "repo=solo repo=team/hello" &&
	test "$(complete image set $U builder=)" = builder=make
'

test_expect_success 'a key that was typed sees what it may' '
	test "$(complete --key alice image s)" = show &&
	test "$(complete --key alice show "")" = 1 &&
	test "$(complete --key alice drain --ti)" = "" &&
	test "$(complete --key alice do)" = "" &&
	test "$(complete do)" = doctor &&
	test "$(complete --key nobody do)" = "" &&
	test_expect_code 64 hornero --key alice complete -- show ""
'

# Red without image_check_repo() in cli/candidates.c.
test_expect_success 'a name that means something to a shell is not offered' '
	mkdir "git/\$(reboot).git" "git/a;b.git" &&
	echo "name=\"a;b\" ssh-ed25519 AAAA" >>keys &&
	test "$(complete image add "" | on_a_line)" = "solo team/hello" &&
	test "$(complete key remove "" | on_a_line)" = alice
'

test_expect_success 'hidden: neither listed nor suggested, but explained' '
	hornero --help >out &&
	test_must_fail grep complete out &&
	test_expect_code 64 hornero complet 2>err &&
	test_must_fail grep "Did you mean" err &&
	hornero help complete >out &&
	test_grep "complete -- WORDS" out
'

# bash_completes LINE: what bash would get for it.
bash_completes () {
	bash -c '
		. "$1"
		compopt () { echo "compopt $*"; }
		COMP_LINE=$2 COMP_POINT=${#2}
		complete -p hornero >&2
		_hornero hornero "${2##*[ =]}"
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$ADAPTERS/hornero.bash" "$1" | on_a_line
}

# zsh_completes LINE: the same; compinit finds the function by its first line.
zsh_completes () {
	zsh -f -c '
		fpath=("$1" $fpath)
		autoload -Uz compinit
		compinit -u -D
		compadd () { shift ${@[(i)--]}; (($# == 0)) || print -rl -- "$@"; }
		_files () { echo files; }
		words=("${(@s: :)2}")
		CURRENT=$#words
		$_comps[hornero]
	' zsh "$ADAPTERS" "$1" | on_a_line
}

fish_completes () {
	fish --no-config -c '
		source $argv[1]
		complete -C $argv[2]
	' "$ADAPTERS/hornero.fish" "$1" | on_a_line
}

for shell in bash zsh fish
do
	if ! command -v $shell >/dev/null
	then
		test_skip "$shell" "$shell is not here (Debian: $shell)"
		continue
	fi
	# Red with an adapter that hands on all words but the last one.
	test_expect_success "$shell: words, options, names" '
		test "$(${shell}_completes "hornero im")" = image &&
		test "$(${shell}_completes "hornero image s")" = "set show" &&
		complete image "" | on_a_line >want &&
		${shell}_completes "hornero image " >got &&
		test_cmp want got &&
		complete queue -- | on_a_line >want &&
		${shell}_completes "hornero queue --" >got &&
		test_cmp want got &&
		test "$(${shell}_completes "hornero image show 2b")" = $U &&
		test "$(${shell}_completes "hornero wait ")" = "1 $U" &&
		test "$(${shell}_completes "hornero cancel x")" = ""
	'
done

# bash replaces only what is behind the "=", and adds a blank unless it is told not to.
if command -v bash >/dev/null
then
	test_expect_success 'bash: settings and files' '
		set="hornero image set $U" &&
		test "$(bash_completes "$set conf")" = "confirm=idle confirm=never" &&
		test "$(bash_completes "$set confirm=i")" = idle &&
		test "$(bash_completes "$set subd")" = "compopt -o nospace subdir=" &&
		test "$(bash_completes "hornero -c ")" = "compopt -o default"
	'
fi
if command -v zsh >/dev/null
then
	test_expect_success 'zsh: settings and files' '
		test "$(zsh_completes "hornero image set $U confirm=i")" = confirm=idle &&
		test "$(zsh_completes "hornero image set $U subd")" = subdir= &&
		test "$(zsh_completes "hornero -c ")" = files
	'
fi
if command -v fish >/dev/null
then
	test_expect_success 'fish: settings and files' '
		test "$(fish_completes "hornero image set $U confirm=i")" = confirm=idle &&
		test "$(fish_completes "hornero image set $U subd")" = subdir= &&
		test "$(fish_completes "hornero -c hornero.y")" = \
			"hornero.yaml hornero.yaml.last-good"
	'
fi

# nothing_for WORD…: no candidate, no error, exit 0.
nothing_for () {
	complete "$@" >out 2>err &&
	test_cmp /dev/null out &&
	test_cmp /dev/null err
}

test_expect_success 'missing or damaged files offer nothing, quietly' '
	rm -r git keys state/images.d builders.d &&
	nothing_for image add "" &&
	nothing_for key remove "" &&
	nothing_for image show "" &&
	nothing_for image add --builder "" &&
	printf "no database, and longer than its header: %0200d" 0 >state/queue/queue.db &&
	rm -f state/queue/queue.db-* &&
	nothing_for wait "" &&
	rm -r state &&
	nothing_for wait "" &&
	nothing_for rollback $U "" &&
	echo "state_dir: [" >hornero.yaml &&
	nothing_for show "" &&
	nothing_for --key "" &&
	nothing_for -c "$TRASH/nowhere.yaml" image show "" &&
	test "$(complete que)" = queue
'

test_done
