#!/bin/sh
test_description='hornero builder: list, show and check'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires jq ssh-keygen openssh-client

SHIPPED=$HORNERO_SRC/etc/builders.d

# checks CODE ARGUMENT…: out has what `builder check` prints, on both outputs.
checks () {
	code=$1 &&
	shift &&
	test_expect_code $code hornero builder check "$@" >out 2>&1
}

# listed BUILDER FILTER: prints a value of its row.
listed () {
	hornero builder list --json |
		jq -r --arg b "$1" '.[] | select(.builder == $b) | '"$2"
}

test_expect_success 'a node with a builder for the tests beside the shipped ones' '
	mkdir builders.d tree &&
	cp "$SHIPPED"/*.yaml builders.d &&
	cli_node &&
	echo base >base.img &&
	cat >builders.d/mine.yaml <<-END
	detect: [app.c, meta/app.yaml]
	argv: [sh, -c, "cp app.c disk"]
	env: {MODE: fast}
	artifact: /build/src/disk
	format: raw
	needs: [sh, qemu-img]
	version: [[sh, -c, "echo one; echo two"], [sh, -c, "echo three"]]
	inputs: [$TRASH/base.img:/build/cache/base.img]
	END
'

# Red without look_at_program() of needs, of version commands or of argv in cli/builder_lacks.c.
test_expect_success 'list: usable, incomplete with the names of what is missing, broken' '
	test "$(listed mine .state)" = usable &&
	test "$(listed mine .detect)" = "app.c, meta/app.yaml" &&
	test "$(listed mine .missing)" = null &&
	sed -e "s/qemu-img/no-such-a/" -e "s/version: \[\[sh/version: [[no-such-b/" \
		-e "s/argv: \[sh/argv: [no-such-c/" -e "s/base.img:/gone.img:/" \
		-e "s/^detect:.*//" builders.d/mine.yaml >builders.d/lacks.yaml &&
	printf "argv: [x]\nartefact: y\n" >builders.d/bad.yaml &&
	test "$(listed lacks .state)" = incomplete &&
	test "$(listed lacks .missing)" = "no-such-a, no-such-b, no-such-c, $TRASH/gone.img" &&
	test "$(listed bad .state)" = broken &&
	listed bad .missing >out &&
	test_grep "/bad.yaml:2:1: unknown setting .artefact." out &&
	hornero builder list >out 2>err &&
	test_grep "^lacks  *incomplete  *no-such-a, " out &&
	test_grep "hornero builder check NAME" err
'

test_expect_success 'every shipped file can be read, and none looks for a file of another' '
	for file in "$SHIPPED"/*.yaml
	do
		name=$(basename "$file" .yaml) &&
		listed "$name" .state >out &&
		test_grep "^(usable|incomplete)$" out || return 1
	done &&
	{ hornero doctor --json >doctor.json || :; } &&
	jq -r ".[] | select(.check == \"builders\") | .finding" doctor.json >out &&
	test_must_fail grep "both look for" out
'

# Red without value_words() and with only the first version command asked.
test_expect_success 'show: the values in force, and the versions as the content key has them' '
	hornero builder show mine --json >out &&
	jq -e ".env == \"MODE=fast\" and .format == \"raw\" and .reproducible == \"no\" and
		.group == \"mine\" and .build_timeout == \"1800\" and .clean_when == null and
		.inputs == \"$TRASH/base.img:/build/cache/base.img\" and
		.version == \"sh -c echo one; echo two; sh -c echo three\"" out &&
	jq -e ".versions == \"one; three\"" out &&
	hornero builder show mine >out &&
	test_grep "^versions:  *one; three$" out &&
	test_expect_code 64 hornero builder show none &&
	test_expect_code 78 hornero builder show bad
'

# Red with a table that gives qemu-nbd to another package, and without build_may_read().
test_expect_success 'check: what is missing, and what mends it' '
	checks 0 mine &&
	test_grep "^mine: usable here: $TRASH/builders.d/mine.yaml" out &&
	checks 78 lacks &&
	test_grep "^lacks: the program no-such-a is not in /usr" out &&
	test_grep "^lacks: the input $TRASH/gone.img: No such file" out &&
	test_grep "^    make it as the first lines of .*/builders.d/lacks.yaml say" out &&
	sed "s,needs:.*,needs: [capstan]," builders.d/mine.yaml >builders.d/osvs.yaml &&
	if ! command -v capstan
	then
		checks 78 osvs &&
		test_grep "no package of Debian has it; the first lines of .*/osvs.yaml" out
	fi &&
	rm builders.d/osvs.yaml &&
	chmod 0600 base.img &&
	if test "$(id -u)" -eq 0
	then
		checks 78 mine &&
		test_grep "^    chmod a.r $TRASH/base.img" out
	fi &&
	chmod 0644 base.img &&
	checks 64 none &&
	test_grep "hornero builder list" out &&
	checks 78 bad &&
	test_grep "/bad.yaml:2:1: " out
'

# Red with the bare names in needs of mirage.yaml, where Debian has a mirage or a dune, and without
# the branch for paths in mend_program().
test_expect_success 'check mirage: the switch, and what it lacks, are named' '
	sed "s,/opt/mirage/hornero,$TRASH/switch,g" "$SHIPPED/mirage.yaml" \
		>builders.d/mirage.yaml &&
	checks 78 mirage &&
	test_grep "^mirage: $TRASH/switch/bin/mirage is missing$" out &&
	test_grep "^mirage: $TRASH/switch/bin/dune is missing$" out &&
	test_grep "^mirage: the input $TRASH/switch: No such file" out &&
	grep -c "^    make it as the first lines of $TRASH/builders.d/mirage.yaml say" out >lines &&
	test "$(cat lines)" = 3 &&
	mkdir -p switch/bin &&
	: >switch/bin/mirage &&
	checks 78 mirage &&
	test_must_fail grep "bin/mirage is missing" out &&
	test_must_fail grep "the input" out &&
	test_grep "^mirage: $TRASH/switch/bin/dune is missing$" out
'

test_expect_success 'check: the package of each program of the shipped files, where Debian has it' '
	command -v dpkg || return 0 &&
	sed -n "s/^	{\"\(.*\)\", \"\(..*\)\"},$/\1 \2/p" \
		"$HORNERO_SRC/conf/builder_package.c" >table &&
	test "$(wc -l <table)" -gt 5 &&
	while read -r program package
	do
		dpkg -s $package >/dev/null 2>&1 || continue
		test -x /usr/bin/$program || echo "$package is installed, and $program is not"
	done <table >found &&
	test_cmp /dev/null found
'

# Red without the type in has_file() of cli/builder_check.c: a directory would count.
# Red without check_versions().
test_expect_success 'check: a version command that fails is told, for jobs wait for it' '
	sed "s/echo three/exit 3/" builders.d/mine.yaml >builders.d/fails.yaml &&
	sed -i "/^detect:/d" builders.d/fails.yaml &&
	checks 78 fails &&
	test_grep "^fails: the version command .sh -c exit 3. failed: exit 3$" out &&
	test_grep "^    correct .version. in a copy of $TRASH/builders.d/fails.yaml" out &&
	rm builders.d/fails.yaml
'

# Red without fetch in cli/builder_lacks.c.
test_expect_success 'check: the program of fetch may be what is missing' '
	cat builders.d/mine.yaml - >builders.d/fetches.yaml <<-\END &&
	fetch: [no-such-d]
	fetch_locks: [lock]
	END
	sed -i "/^detect:/d" builders.d/fetches.yaml &&
	checks 78 fetches &&
	test_grep "^fetches: the program no-such-d is not in /usr" out &&
	rm builders.d/fetches.yaml
'

test_expect_success 'check DIR: chosen by its files as a checkout would' '
	checks 65 ./tree &&
	test_grep "none of .*app.c .mine." out &&
	mkdir tree/app.c &&
	checks 65 tree/ &&
	rmdir tree/app.c &&
	mkdir real && echo >real/app.yaml && ln -s ../real tree/meta &&
	checks 65 ./tree &&
	rm tree/meta &&
	ln -s nowhere tree/app.c &&
	checks 0 ./tree &&
	test_grep "^./tree: would be built by mine: it has app.c$" out &&
	test_grep "^mine: usable here" out &&
	(cd tree && checks 0 .) &&
	checks 0 mine ./tree &&
	checks 65 make ./tree &&
	test_grep "would be built by mine, not by make; name it in .hornero.yaml: builder: make" \
		out &&
	checks 64 mine tree &&
	test_grep "write ./tree" out &&
	checks 64 ./nowhere
'

test_expect_success 'check DIR: .hornero.yaml comes first; its errors are told with their place' '
	echo "builder: make" >tree/.hornero.yaml &&
	{ hornero builder check ./tree >out 2>&1 || :; } &&
	test_grep "would be built by make: .hornero.yaml names it" out &&
	echo "builder: [make]" >tree/.hornero.yaml &&
	checks 65 ./tree &&
	test_grep "\.hornero.yaml:1:10: " out &&
	echo "builder: lacks" >tree/.hornero.yaml &&
	checks 78 ./tree &&
	test_grep no-such-a out &&
	rm tree/.hornero.yaml
'

# Red without check_allowed() in cli/builder_check.c.
test_expect_success 'check DIR: what the builder does not allow, as pre-receive says it' '
	printf "builder: mine\ntarget: all\nenv: {CFLAGS: -O2, LDFLAGS: x}\n" >tree/.hornero.yaml &&
	checks 65 ./tree &&
	test_grep "yaml:2:1: the builder mine does not allow .target. here; take it out" out &&
	checks 65 mine ./tree &&
	test_grep "yaml:2:1: the builder mine does not allow .target. here; take it out" out &&
	echo "allow: [target, env CFLAGS]" >>builders.d/mine.yaml &&
	checks 65 mine ./tree &&
	test_grep "\.hornero\.yaml:3:20: the builder mine does not allow .LDFLAGS. here" out &&
	sed -i "s/env CFLAGS/env CFLAGS LDFLAGS/" builders.d/mine.yaml &&
	checks 0 mine ./tree &&
	rm tree/.hornero.yaml
'

# Red without is_replaced() of conf/detect.c, where a builder does not replace itself.
test_expect_success 'check DIR: a conflict is told with both names, and instead_of ends it' '
	echo >tree/Capstanfile &&
	checks 65 ./tree &&
	test_grep "2 builders match ./tree: capstan .Capstanfile. and mine .app.c.; name one" out &&
	echo "instead_of: [capstan, mine]" >>builders.d/mine.yaml &&
	checks 0 ./tree &&
	test_grep "would be built by mine" out
'

test_expect_success 'keys: list and show for admins of the node, check on the node only' '
	ssh-keygen -q -t ed25519 -N "" -f id &&
	hornero init >/dev/null &&
	echo "keys_file: $TRASH/keys" >>hornero.yaml &&
	hornero key add boss id.pub --admin "*" &&
	hornero --key boss builder list >out 2>&1 &&
	test_grep "^mine " out &&
	test_expect_code 64 hornero --key boss builder check ./tree
'

test_done
