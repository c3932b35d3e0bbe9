#!/bin/sh
test_description='config check and config show: every fault of a file, and what is in force'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires jq jq

test_expect_success 'a valid file' '
	cli_node "store_floor: 1G" "sweep_interval: 2m" "memory_pressure_limit: 0" &&
	hornero config check >out &&
	test_grep "^$TRASH/hornero.yaml is valid" out &&
	hornero config check --json >out &&
	test "$(jq -c . out)" = \
		"{\"file\":\"$TRASH/hornero.yaml\",\"valid\":true,\"faults\":[]}" &&
	test ! -e state
'

# Red if settings_check() returns behind the first fault.
test_expect_success 'each fault of another file, by line, column and nearest setting' '
	cat >new.yaml <<-\END &&
	workers: 2
	state_dri: /var/lib/x
	workers_: 3
	compile_core_limit: lots
	  # fine
	git_user: no-such-user
	door_listen: "nowhere"
	END
	test_expect_code 78 hornero config check new.yaml >out 2>err &&
	test ! -s out &&
	sed -n "s,^hornero: $TRASH/new.yaml:\([0-9]*:[0-9]*\): .*,\1,p" err >got &&
	printf "%s\n" 2:1 3:1 4:21 6:11 7:14 >want &&
	test_cmp want got &&
	test_grep "state_dri.*did you mean state_dir" err &&
	test_expect_code 78 hornero config check new.yaml --json >out &&
	test "$(jq -c "[.valid, (.faults | map([.line, .column]))]" out)" = \
		"[false,[[2,1],[3,1],[4,21],[6,11],[7,14]]]" &&
	jq -e ".faults[0].problem | startswith(\"unknown setting\")" out &&
	printf "workers: [1\n" >bad.yaml &&
	test_expect_code 78 hornero config check bad.yaml --json >out &&
	test "$(jq "[.valid, (.faults | length)] == [false, 1]" out)" = true &&
	test_expect_code 78 hornero config check missing.yaml 2>err &&
	test_grep "missing.yaml" err
'

if test "$(id -u)" -eq 0 && command -v setpriv >/dev/null
then
	# Red without WORD_AS_ROOT of both commands.
	test_expect_success 'any user checks a file that they can read, without a configuration' '
		cp hornero.yaml "$TRASH/theirs.yaml" &&
		chmod 0644 theirs.yaml && chmod 0755 . "$test_root" &&
		HORNERO_CONF=/nonexistent setpriv --reuid 64990 --regid 64990 --clear-groups \
			hornero config check "$TRASH/theirs.yaml" &&
		chmod 0600 theirs.yaml &&
		test_expect_code 78 setpriv --reuid 64990 --regid 64990 --clear-groups \
			hornero config check "$TRASH/theirs.yaml"
	'
else
	test_skip 'any user checks a file' 'needs root and setpriv'
fi

test_expect_success 'config show: the settings of the file, or all that are in force' '
	hornero config show >out &&
	test "$(cut -d : -f 1 out | sort | tr "\n" " ")" = \
		"$(cut -d : -f 1 hornero.yaml | sort | tr "\n" " ")" &&
	test_grep "^store_floor: 1073741824$" out &&
	hornero config show --effective --json >all.json &&
	test "$(jq -c "[.sweep_interval, .store_floor, .repo_base, .store_dir, .nova_host]" \
		all.json)" = \
	"[120,1073741824,\"$TRASH/unikernels\",\"$TRASH/instances/hornero\",null]" &&
	jq -e ".workers | type == \"number\"" all.json &&
	test "$(jq length all.json)" -eq \
		"$(grep -c "^#[a-z_]*:" "$HORNERO_BUILD/etc/hornero.yaml")"
'

# Red without print_quoted(), with door_name as below.
test_expect_success 'what it shows is a configuration that means the same' '
	echo "door_name: \"node-7:2222\"" >>hornero.yaml &&
	echo "nova_conf: \"/x/a \\\"quoted\\\" # name: y\"" >>hornero.yaml &&
	hornero config check &&
	hornero config show --effective >effective.yaml &&
	hornero config check effective.yaml &&
	hornero -c effective.yaml config show --effective >again &&
	test_cmp effective.yaml again &&
	hornero config show --effective --json >one &&
	hornero -c effective.yaml config show --effective --json >two &&
	test_cmp one two
'

test_done
