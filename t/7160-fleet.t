#!/bin/sh
# The nodes are made up: a stand-in for ssh answers from files. t/7165-fleet-doors.t has real doors.
test_description='hornero fleet: one view of many nodes, what lags and why, and hostile answers'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/schema.sh"
schema_requires
test_requires jq jq

U=11111111-1111-4111-8111-111111111111
V=22222222-2222-4222-8222-222222222222
OLD=1111111111111111111111111111111111111111
NEW=2222222222222222222222222222222222222222
HORNERO_CONF=$TRASH/hornero.yaml
PATH=$TRASH/bin:$PATH
export HORNERO_CONF

# row IMAGE STATE COMMIT WANTED DATED [KEY=JSON…]: an entry of a node's answer; "" is null.
row () {
	row__json=$(jq -n --arg i "$1" --arg s "$2" --arg c "$3" --arg w "$4" --argjson d "$5" '
		{image: $i, name: "Hello", repo: "team/hello", ref: "refs/heads/main", state: $s,
		commit: (if $c == "" then null else $c end), published_ms: 1700000000000,
		wanted_commit: (if $w == "" then null else $w end), wanted_ms: $d,
		is_wanted_warm: ($s == "warm" and $c == $w), job: 7, job_state: "published",
		reason: null}')
	shift 5
	for row__one
	do
		row__json=$(echo "$row__json" | jq --arg k "${row__one%%=*}" \
			--argjson v "${row__one#*=}" '.[$k] = $v')
	done
	echo "$row__json"
}

# says NODE: standard input is its entries.
says () {
	jq -s . >"answers/$1.out"
}

# node NODE SCRIPT: what its ssh does.
node () {
	printf '%s\n' "$2" >"answers/$1.sh"
}

nodes () {
	echo 'nodes:' >nodes.yaml
	printf '  - %s\n' "$@" >>nodes.yaml
}

test_expect_success 'the stand-in for ssh' '
	mkdir bin answers live counts &&
	cat >bin/ssh <<-\END &&
	#!/bin/sh
	printf "%s\n" "$*" >>args
	for word; do last2=$last last=$word; done
	test ! -e "answers/$last2.out" || exec cat "answers/$last2.out"
	. "./answers/$last2.sh"
	END
	chmod 0755 bin/ssh
'

# Red with BatchMode=no.
test_expect_success 'three nodes have the same commit warm: exit 0' '
	for each in a b c
	do
		row $U warm $NEW $NEW 2000 | says $each || return 1
	done &&
	nodes a b:2200 "\"[fd00::7]\"" &&
	row $U warm $NEW $NEW 2000 | says fd00::7 &&
	hornero fleet >out &&
	test_grep "3 nodes answered: all have the same commits warm" out &&
	test_grep "Hello.*team/hello.*222222222222 *3 *3 *0$" out &&
	test_must_fail grep REASON out &&
	grep -q -e "-p 2222 -l git -- a hornero image list --wanted --json" args &&
	grep -q -e "-p 2200 -l git -- b " args &&
	grep -q -e "-- fd00::7 " args &&
	test "$(grep -c "BatchMode=yes.*StrictHostKeyChecking=yes" args)" = 3 &&
	hornero fleet --all >out &&
	test_grep "^b:2200 .*warm.*222222222222" out &&
	hornero fleet --json >seen.json &&
	jq -e ".is_same and (.rows | length) == 3 and .images[0].warm == 3" seen.json &&
	is_a fleet <seen.json
'

test_expect_success 'user, identity and known_hosts reach ssh; a path starts at the file' '
	rm args &&
	mkdir -p etc &&
	{
		echo "user: me"
		echo "identity: key"
		echo "known_hosts: /k/h"
		cat nodes.yaml
	} >etc/n.yaml &&
	hornero fleet --nodes etc/n.yaml >out &&
	grep -q -e "-l me -o UserKnownHostsFile=/k/h -o IdentitiesOnly=yes -i etc/key -- a" args
'

test_expect_success 'what lags, and why: exit 1' '
	nodes a b c d e &&
	row $U warm $OLD $OLD 1000 | says b &&
	row $U warm $OLD $NEW 2000 "job=42" "job_state=\"built\"" \
		"reason=\"instance 1 uses the file\"" | says c &&
	row $V warm $OLD $OLD 1000 | says d &&
	node e "echo noise >&2; echo \"ssh: connect to host e: No route to host\" >&2; exit 255" &&
	test_expect_code 1 hornero fleet >out &&
	test_grep "^$U .*222222222222 *3 *1 *2$" out &&
	test_grep "^$V .*111111111111 *1 *1 *0$" out &&
	test_grep "^b .*222222222222 has not been pushed to this node$" out &&
	test_grep "^c .* 42 .*built.*instance 1 uses the file$" out &&
	test_grep "^no answer from e: ssh: connect to host e: No route to host$" out &&
	test_grep "^4 of 5 nodes answered; 2 images of a node lag.$" out &&
	test_must_fail grep "^[ad] " out &&
	test_expect_code 1 hornero fleet --json >json &&
	jq -e "[.rows[] | select(.is_lagging) | .node] == [\"b\", \"c\"] and .is_same == false" \
		json &&
	jq -e ".nodes[4] | .is_answered == false and .images == 0" json
'

# Red where only the newest commit counted.
test_expect_success 'all nodes rolled back to the same commit: nothing lags; one of them: it does' '
	nodes a b &&
	for each in a b
	do
		row $U warm $OLD $NEW 2000 is_wanted_warm=true \
			"reason=\"rolled back: pinned to release x\"" | says $each || return 1
	done &&
	hornero fleet >out &&
	row $U warm $NEW $NEW 2000 | says b &&
	test_expect_code 1 hornero fleet >out &&
	test_grep "^a .*rolled back: pinned to release x$" out &&
	test_must_fail grep "^b " out
'

test_expect_success 'a broken image lags; one that nobody pushed to does not' '
	nodes a b &&
	row $U none "" "" 0 | says a &&
	row $U none "" "" 0 | says b &&
	hornero fleet >out &&
	row $U broken "" "" 0 "reason=\"line 3: unknown setting\"" | says b &&
	test_expect_code 1 hornero fleet >out &&
	test_grep "^b .*line 3: unknown setting$" out
'

# Red where a commit was taken unchecked.
test_expect_success 'answers that hornero does not print are refused, each with its reason' '
	row $U warm $NEW $NEW 2000 | says a &&
	nodes a b &&
	while IFS="|" read -r answer reason
	do
		printf "%s" "$answer" >answers/b.out &&
		test_expect_code 1 hornero fleet >out &&
		test_grep "no answer from b: its answer is not a list.*$reason" out &&
		test_grep "^1 of 2 nodes answered; 0 images" out || return 1
	done <<-END &&
	|line
	{}|no array
	[1]|an object of entry 1
	[{"image": "x"}]|image of entry 1
	$(row $U warm ../../x $NEW 1 | jq -c "[.]")|commit of entry 1
	$(row $U warm $NEW $NEW 1 job=\"1\" | jq -c "[.]")|job of entry 1
	$(row $U warm $NEW $NEW -1 | jq -c "[.]")|wanted_ms of entry 1
	$(row $U warm $NEW $NEW 1 | jq -c "[del(.reason)]")|reason of entry 1
	$(row $U warm $NEW $NEW 1 | jq -c "[.]" | sed "s/{/{\"job\":1,/")|duplicate
	END
	row $U warm $NEW $NEW 2000 | jq -c "[.]" >plain &&
	sed -e "s/\"warm\"/\"wa\\\\u001b[2Jrm\"/" -e "s/Hello/\\\\u202e/" \
		-e "s/\"reason\":null/\"reason\":\"a\\\\u001b]0;x\\\\u0007\\\\nb\"/" \
		plain >answers/b.out &&
	test_expect_code 1 hornero fleet >out &&
	test_must_fail grep -P "[\x00-\x09\x0b-\x1f\x7f]" out &&
	test_grep "wa.x1b" out &&
	test_grep "a.x1b]0;x.x07.x0ab" out &&
	node b "printf \"\\033[2Jx\\n\" >&2; exit 3" &&
	rm answers/b.out &&
	test_expect_code 1 hornero fleet >out &&
	test_grep "no answer from b: exit 3: .x1b\[2Jx" out
'

# Red without FLEET_BYTES_MOST.
test_expect_success 'an endless answer, and an endless error, are cut off' '
	node b "exec yes" &&
	test_expect_code 1 hornero fleet >out &&
	test_grep "no answer from b: it answers with more than 4 MiB" out &&
	node b "yes e | head -c 3000000 >&2; exit 255" &&
	test_expect_code 1 hornero fleet >out &&
	test_grep "no answer from b: e$" out
'

test_expect_success 'a node that hangs costs its time limit, and no other node' '
	node b "echo \$\$ >hung; exec sleep 600" &&
	test_expect_code 1 timeout 60 hornero fleet --timeout 0.3 >out &&
	test_grep "no answer from b: no answer within 0.3 s" out &&
	test_grep "^1 of 2 nodes answered" out &&
	test_must_fail kill -0 "$(cat hung)"
'

# Red with FLEET_AT_ONCE 128.
test_expect_success 'at most 64 at once, and each node is asked' '
	rm -f go &&
	node n "
		: >live/\$\$
		ls live | wc -l >counts/\$\$
		until test -e go; do sleep 0.1; done
		rm live/\$\$
		exec cat answers/a.out" &&
	sed "s/last2=\$last last=\$word/last2=n/" bin/ssh >ssh.new &&
	cp bin/ssh ssh.kept &&
	cp ssh.new bin/ssh &&
	{
		echo nodes:
		for i in $(seq 80)
		do
			echo "  - n$i"
		done
	} >nodes.yaml &&
	{ hornero fleet --timeout 300 >out & } &&
	fleet=$! &&
	wait_until "test \$(cat counts/* | wc -l) -ge 64" 120 &&
	: >go &&
	wait $fleet &&
	cp ssh.kept bin/ssh &&
	test "$(ls counts | wc -l)" -eq 80 &&
	test "$(cat counts/* | sort -n | tail -n 1)" -eq 64 &&
	test_grep "80 nodes answered" out
'

# Red where a signal was looked for only after the last answer.
test_expect_success 'Ctrl-C ends it and every ssh' '
	rm -f pids &&
	nodes a b c &&
	node b "echo \$\$ >>pids; exec sleep 601" &&
	node c "echo \$\$ >>pids; exec sleep 601" &&
	rm -f answers/b.out answers/c.out &&
	{ env --default-signal=INT timeout -s KILL 300 hornero fleet --timeout 600 >out & } &&
	fleet=$! &&
	wait_until "test -e pids && test \$(wc -l <pids) -eq 2" 120 &&
	kill -INT $fleet &&
	test_expect_code 130 wait $fleet &&
	test ! -s out &&
	while read -r pid
	do
		test_must_fail kill -0 $pid || return 1
	done <pids
'

# Red where an unanswered node did not count.
test_expect_success '--watch prints again; its last exit code counts' '
	nodes a &&
	hornero fleet --watch --iterations 2 --interval 0.1 --json >out &&
	test "$(jq -s length out)" -eq 2 &&
	nodes a b &&
	node b "exit 255" &&
	test_expect_code 1 hornero fleet --watch -n 2 -i 0.1 >out &&
	test "$(grep -c "no answer from b: ssh failed" out)" -eq 2
'

test_expect_success 'errors of the file and of options' '
	while IFS="|" read -r text reason
	do
		printf "$text" >bad.yaml &&
		test_expect_code 78 hornero fleet --nodes bad.yaml 2>err &&
		test_grep "bad.yaml:$reason" err || return 1
	done <<-\END &&
	nodes:\n  - a\n  - b\n  - a\n|4:5: nodes has a twice; line 2
	node:\n  - a\n|1:1: unknown setting "node"; did you mean nodes
	nodes: []\n|1:8: nodes is empty
	user: x\n|1:1: nodes
	nodes:\n  - -oProxyCommand=x\n|2:5: nodes
	nodes:\n  - a:0\n|2:5: nodes
	nodes:\n  - a\nport: 70000\n|3:7: port
	nodes:\n  - a\nuser: -x\n|3:7: user
	nodes:\n  - a\nuser: x\nuser: y\n|4:1:
	END
	rm nodes.yaml &&
	test_expect_code 78 hornero fleet 2>err &&
	test_grep "there is no .*/nodes.yaml; hornero-nodes.5. says" err &&
	nodes a &&
	test_expect_code 64 hornero fleet --timeout 0 2>err &&
	test_grep "timeout .0. is not a number of seconds from 0.1 to 3600" err
'

test_done
