#!/bin/sh
test_description='the page of hornero report in Chromium: wide, narrow, dark, printed'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test -n "$HORNERO_TEST_LONG" || test_skip_all 'HORNERO_TEST_LONG is not set'
test_requires chromium chromium
test_requires jq jq

# A page around the page, whose script measures it: the page itself has none. The result is JSON in
# an element that --dump-dom prints.
cat >around.html <<'END'
<!DOCTYPE html><title>around</title><body style="margin:0"><pre id="result"></pre>
<iframe id="page" src="page.html" style="border:0;height:3000px"></iframe>
<script>
const frame = document.getElementById("page");
frame.style.width = location.search.slice(1) + "px";
function light(colour) {
  const [r, g, b] = colour.match(/[\d.]+/g).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a, b) {
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}
frame.onload = () => {
  const page = frame.contentDocument, view = frame.contentWindow;
  const ground = view.getComputedStyle(page.body).backgroundColor;
  let least = 21, text = "";
  for (const e of page.body.querySelectorAll("*")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const style = view.getComputedStyle(e);
    const c = contrast(e.closest("svg") ? style.fill : style.color, ground);
    if (c < least) [least, text] = [c, e.textContent.trim().slice(0, 40)];
  }
  const stops = [...page.querySelectorAll("a,summary,[tabindex]")];
  document.getElementById("result").textContent = JSON.stringify({
    width: page.documentElement.clientWidth, needs: page.documentElement.scrollWidth,
    ground: ground, least: least, text: text,
    stops: stops.length, hidden: stops.filter(e => !e.getClientRects().length).length,
    wide: [...page.querySelectorAll(".wide")].filter(
      e => e.scrollWidth > e.clientWidth && e.tabIndex !== 0).length,
    svg: page.querySelectorAll("svg.chart").length,
  });
};
</script>
END

# chrome OPTION…: headless, as an account of its own.
chrome () {
	timeout 300 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
		--allow-file-access-from-files --user-data-dir="$TRASH/chromium" "$@" 2>chromium.err
}

# measure WIDTH [OPTION…]: into measured.
measure () {
	measure__width=$1
	shift
	chrome --window-size=1400,3000 --virtual-time-budget=20000 --dump-dom "$@" \
		"file://$TRASH/around.html?$measure__width" >dom &&
	sed -n "s/.*<pre id=\"result\">\(.*\)<\/pre>.*/\1/p" dom >measured &&
	jq -e . measured || { cat dom chromium.err; return 1; }
}

measured_is () {
	jq -e "$1" measured >/dev/null || { echo "$1"; cat measured; return 1; }
}

test_expect_success 'a page with everything on it' '
	node_init "store_budget: 5G" "cache_budget: 1M" >/dev/null &&
	node_make_repo &&
	node_start &&
	node_swept &&
	node_push &&
	node_stop &&
	"$HORNERO_BUILD/t/tools/seed" "$HORNERO_CONF" queue "$HELLO_UUID" \
		1111111111111111111111111111111111111111 &&
	hornero report --html page.html
'

for width in 1280 360
do
	test_expect_success "$width pixels: nothing is cut off, all of it can be read" '
		measure $width &&
		measured_is ".width == $width and .needs <= $width" &&
		measured_is ".least >= 4.5" &&
		measured_is ".svg == 1 and .stops >= 10 and .hidden == 0 and .wide == 0" &&
		measured_is ".ground == \"rgb(255, 255, 255)\"" &&
		chrome --window-size=$width,1600 --screenshot="$TRASH/$width.png" \
			"file://$TRASH/page.html" &&
		test "$(wc -c <$width.png)" -gt 20000
	'
done

test_expect_success 'dark, where the reader wants that' '
	measure 1280 --blink-settings=preferredColorScheme=0 &&
	measured_is ".ground == \"rgb(13, 17, 23)\"" &&
	measured_is ".least >= 4.5"
'

test_expect_success 'printed' '
	chrome --print-to-pdf="$TRASH/page.pdf" "file://$TRASH/page.html" &&
	test "$(head -c 5 page.pdf)" = "%PDF-" &&
	test "$(grep -a -c "/Type */Page\b" page.pdf)" -ge 1
'

test_expect_success 'Chromium finds no fault with it' '
	chrome --enable-logging=stderr --virtual-time-budget=5000 --dump-dom \
		"file://$TRASH/page.html" >dom &&
	test_grep "Slowest images" dom &&
	test_must_fail grep CONSOLE chromium.err
'

test_done
