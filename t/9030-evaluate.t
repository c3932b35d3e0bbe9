#!/bin/sh
test_description='./evaluate: its options and question; the page that it draws from rows'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
test_requires python3 python3

evaluate () {
	TMPDIR=$TRASH "$HORNERO_SRC/evaluate" "$@" </dev/null
}

page () {
	python3 -B "$HORNERO_SRC/bench/evaluate/page.py" "$1"
}

# recorded DIR: the rows of an evaluation at the scale "small", as it left them.
recorded () {
	mkdir "$1" &&
	cp "$HORNERO_SRC"/t/evaluate/*.csv "$HORNERO_SRC/t/evaluate/facts.json" "$1"
}

# well_formed FILE…: XML parsers accept them. The page is XHTML, too.
well_formed () {
	python3 -c 'import sys, xml.dom.minidom
for name in sys.argv[1:]: xml.dom.minidom.parse(name)' "$@"
}

for words in '--rounds 0' '--rounds 100' '--rounds=' --rounds '--scale tiny' '--figure 2' \
	'--figure' '--via magic' '--frob' 'frob'
do
	test_expect_success "refused, with the usage: $words" '
		test_expect_code 64 evaluate $words 2>err &&
		test_grep "^evaluate: .*" err &&
		test_grep "^usage: ./evaluate" err
	'
done

test_expect_success 'a directory that exists is not used for results' '
	mkdir there &&
	test_expect_code 1 evaluate --yes --output there 2>err &&
	test_grep "there exists already; --output names" err
'

if test "$(id -u)" -eq 0 && test "$(uname -m)" = x86_64 && command -v apt-get >/dev/null
then
	test_expect_success 'it says what it needs, and begins nothing unless it is told to' '
		ls -A >before &&
		test_expect_code 1 evaluate --scale small --rounds 2 --output results >out 2>err &&
		test_grep "^   Rounds: *2$" out &&
		test_grep "^   Disk: *about [0-9]+ GB in $TRASH while" out &&
		test_grep "^   Time: *about [0-9]+ minutes" out &&
		test_grep "^   Results: *results$" out &&
		test_grep "no terminal to ask at; --yes" err &&
		rm out err &&
		ls -A >after &&
		grep -v -x -e after -e before <after >left &&
		grep -v -x -e out -e err -e after -e before <before >had &&
		test_cmp had left
	'

	test_expect_success 'a root without OpenStack is refused' '
		mkdir empty &&
		test_expect_code 1 evaluate --yes --root empty 2>err &&
		test_grep "empty has no OpenStack" err
	'
fi

test_expect_success 'the page and the plots of recorded rows are well-formed' '
	recorded run &&
	page run >said &&
	for name in differential bytes cached cpu memory builds
	do
		test -s run/$name.svg || return 1
	done &&
	for name in differential bytes cached cpu memory
	do
		test_grep Paper "run/$name-paper.svg" || return 1
	done &&
	well_formed run/index.html run/*.svg
'

test_expect_success 'the page needs no other file, and says what a reader must know' '
	! grep -E "(src|href)=" run/index.html &&
	for words in "$(jq -r .hornero run/facts.json)" "$(jq -r .kernel run/facts.json)" \
		"$(jq -r ".versions[\"nova-compute\"]" run/facts.json)" \
		"What differs from the paper" "Warning: .*fewer than three rounds" \
		"scale is .*small"
	do
		test_grep "$words" run/index.html || return 1
	done &&
	test "$(grep -o "<svg" run/index.html | wc -l)" -eq 11 &&
	test_grep "<th>servers</th>.*<th>ratio</th>" run/index.html
'

# of FLOW COLUMN: the field of the recorded row.
of () {
	awk -F, -v flow="$1" -v column="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) place[$i] = i; next }
		$2 == flow { print $place[column] }' run/differential.csv
}

# with FLOW COLUMN VALUE DIR: the field of all rows of that flow.
with () {
	awk -F, -v OFS=, -v flow="$1" -v column="$2" -v value="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) place[$i] = i }
		$2 == flow { $place[column] = value }
		{ print }' "$4/differential.csv" >with &&
	mv with "$4/differential.csv"
}

# Two rounds more, one faster and one slower than the recorded one. Red with the largest in place of
# the median.
test_expect_success 'the goals are judged by the medians' '
	recorded low && with hornero-100 total_s 0.5 low && with warm total_s 0.25 low &&
	recorded high && with hornero-100 total_s 900 high && with warm total_s 2000 high &&
	recorded three &&
	tail -q -n +2 low/differential.csv high/differential.csv >>three/differential.csv &&
	page three >said &&
	ratio=$(awk -v a="$(of hornero-100 total_s)" -v b="$(of warm total_s)" "BEGIN {
		printf \"%.2f\", a / b }") &&
	test_grep "Whole flow .*: $ratio \(goal: at most 1.15\)" said &&
	test_grep "Bytes through Glance .*: 0 \(goal: 0\) met" said &&
	test_grep "Bytes on the wire .* kB \(goal: at most 100 kB\) met" said &&
	test_grep "under a quota of 12 %: [0-9.]+ % \(goal: 12 .*0.5 %\)" said
'

# Red with "at least" in goals.py.
test_expect_success 'a goal that is missed is named, in the page too' '
	recorded slow &&
	with hornero-100 total_s 9999 slow &&
	with hornero-12 glance_out_bytes 17 slow &&
	page slow >said &&
	test_grep "Whole flow .* MISSED$" said &&
	test_grep "Bytes through Glance .*: 17 .* MISSED$" said &&
	test "$(grep -c "<tr class=.missed.*missed</td>" slow/index.html)" -ge 2
'

test_expect_success 'a machine that was not quiet is named' '
	recorded busy &&
	jq ".idle_busy = 63.5" busy/facts.json >facts && mv facts busy/facts.json &&
	page busy >said &&
	test_grep "Warning: The machine was not quiet: 63.5 %" said &&
	test_grep "class=.warning.>Warning: The machine was not quiet" busy/index.html
'

test_expect_success 'an evaluation that was ended before its first row still has a page' '
	recorded ended &&
	rm ended/*.csv &&
	page ended >said &&
	well_formed ended/index.html &&
	test_grep "ended before anything was measured" said &&
	test_grep "not measured \(goal: 0\)" said
'

# Red without escape() of the differences.
test_expect_success 'words of the machine are text in the page' '
	recorded odd &&
	jq ".cpu = \"<b>&\"" odd/facts.json >facts && mv facts odd/facts.json &&
	page odd >said &&
	well_formed odd/index.html &&
	test_grep "&lt;b&gt;&amp;" odd/index.html
'

test_done
