#!/bin/sh
test_description='hornero key: keys come in, are listed and go, and the rest of the file stays'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
test_requires ssh-keygen openssh-client
test_requires jq jq

cat >hornero.yaml <<END
keys_file: keys
END
HORNERO_CONF=$TRASH/hornero.yaml
export HORNERO_CONF

test_expect_success 'no key yet, and no file' '
	hornero key list >out &&
	test_grep "There is no key in $TRASH/keys yet" out &&
	hornero key list --json >out &&
	test "$(jq length out)" = 0 &&
	test ! -e keys
'

test_expect_success 'every kind of ssh-keygen that is strong enough' '
	for kind in "ed25519 256" "ecdsa 256" "ecdsa 384" "ecdsa 521" "rsa 3072"
	do
		set -- $kind &&
		ssh-keygen -q -t $1 -b $2 -N "" -C "$1 $2" -f $1-$2 &&
		hornero key add $1-$2 $1-$2.pub --write "team/*" || return 1
	done &&
	test "$(stat -c %a keys)" = 644
'

test_expect_success 'their fingerprints are those of ssh-keygen' '
	for file in *.pub
	do
		ssh-keygen -l -f $file | cut -d " " -f 1,2 || return 1
	done | sort >want &&
	hornero key list --json >out &&
	jq -r ".[] | \"\\(.bits) \\(.fingerprint)\"" out | sort >got &&
	test_cmp want got
'

test_expect_success 'from standard input, and as words' '
	ssh-keygen -q -t ed25519 -N "" -C "by pipe" -f piped &&
	ssh-keygen -q -t ed25519 -N "" -C "as words" -f words &&
	hornero key add piped - --read web <piped.pub &&
	hornero key remove piped &&
	hornero key add piped --read web <piped.pub &&
	hornero key add words $(cat words.pub) --read web --write "api:refs/heads/x/*" &&
	hornero key list --json >out &&
	test "$(jq -c ".[] | select(.name == \"words\") | [.read, .write, .admin, .comment]" out)" \
		= \
		"[\"web\",\"api:refs/heads/x/*\",null,\"as words\"]"
'

test_expect_success 'keys and options that are refused, and nothing of them is written' '
	cp keys before &&
	ssh-keygen -q -t rsa -b 2048 -N "" -f weak &&
	ssh-keygen -q -t ed25519 -N "" -f new &&
	test_expect_code 64 hornero key add weak weak.pub --read web 2>err &&
	test_grep "2048 bits is too weak" err &&
	test_expect_code 64 hornero key add new new --read web 2>err &&
	test_grep "private key" err &&
	test_expect_code 64 hornero key add piped new.pub --read web 2>err &&
	test_grep "the name piped is already in line" err &&
	test_expect_code 64 hornero key add new words.pub --read web 2>err &&
	test_grep "as words" err &&
	test_expect_code 64 hornero key add new new.pub 2>err &&
	test_grep "key new would have no rights" err &&
	test_expect_code 64 hornero key add new new.pub --read "web\",admin=\"*" 2>err &&
	test_grep "quote" err &&
	test_expect_code 64 hornero key add "n w" new.pub --read web 2>err &&
	test_grep "one name of" err &&
	test_expect_code 64 hornero key add new new.pub --read ../web 2>err &&
	test_expect_code 64 hornero key add new </dev/null --read web 2>err &&
	test_grep "not a public key" err &&
	{ cat new.pub && cat piped.pub; } >two.pub &&
	test_expect_code 64 hornero key add new two.pub --read web 2>err &&
	test_grep "more than one line" err &&
	hornero key remove nobody >out &&
	test_grep "^unchanged: key nobody is not in the keys file" out &&
	test_cmp before keys
'

test_expect_success 'a broken line lets the others in, and is shown' '
	sed -i "1a name=\"broken\",pty $(cat new.pub)" keys &&
	hornero key list >out &&
	test_grep "^broken .*$TRASH/keys:2:15: unknown option \"pty\"" out &&
	test_grep "^words " out
'

test_expect_success 'lines that a person wrote stay, to the byte, when lines come and go' '
	printf "\n   # by hand\r\n\n\tunreadable\303(" >>keys &&
	cp keys before &&
	hornero key add new new.pub --admin "*" &&
	hornero key remove new &&
	{ cat before && echo; } >want &&
	test_cmp want keys &&
	hornero key remove broken &&
	hornero key remove ecdsa-256 &&
	sed -e "/broken/d" -e "/ecdsa-256/d" want >left &&
	test_cmp left keys
'

test_expect_success 'two at once lose nothing' '
	for n in 1 2 3 4 5 6
	do
		ssh-keygen -q -t ed25519 -N "" -f k$n || return 1
	done &&
	pids= &&
	for n in 1 2 3 4 5 6
	do
		hornero key add k$n k$n.pub --read web >/dev/null & pids="$pids $!"
	done &&
	for pid in $pids
	do
		wait $pid || return 1
	done &&
	hornero key list --json >keys.json &&
	test "$(jq "map(select(.name // \"\" | startswith(\"k\"))) | length" keys.json)" = 6
'

test_expect_success 'a file that others may write to is not believed' '
	chmod 0666 keys &&
	test_expect_code 78 hornero key list 2>err &&
	test_grep "chmod go-w" err &&
	test_expect_code 78 hornero key add new new.pub --read web &&
	chmod 0644 keys
'

if test "$(id -u)" -eq 0
then
	test_expect_success 'the file stays whose it was: a reader of its group goes on reading' '
		chown 64991:64992 keys &&
		chmod 0640 keys &&
		hornero key add new new.pub --read web &&
		hornero key remove new &&
		test "$(stat -c "%u:%g %a" keys)" = "64991:64992 640"
	'

	test_expect_success 'a user who may not give it that owner and group leaves it as it is' '
		cp "$HORNERO_BUILD/hornero" . &&
		chmod 0755 hornero &&
		mkdir open &&
		chmod 0777 open &&
		cp keys open/keys &&
		chown 0:0 open/keys &&
		chmod 0644 open/keys &&
		echo "keys_file: keys" >open/hornero.yaml &&
		cp open/keys before &&
		test_expect_code 78 setpriv --reuid 64991 --regid 64991 --clear-groups ./hornero \
			-c open/hornero.yaml \
			key add new $(cat new.pub) --read web 2>err &&
		test_grep "cannot replace .*by a file of the same owner and group" err &&
		test_cmp before open/keys &&
		test "$(ls -A open | sort | tr "\n" " ")" = "hornero.yaml keys "
	'
fi

test_done
