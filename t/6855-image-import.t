#!/bin/sh
# The stand-in is t/tools/glance-standin.py, which lists two images a page.
test_description='image import --from-glance: names of the paper, git@NODE:/path/repo'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/schema.sh"
schema_requires
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/glance.sh"
test_requires jq jq
test_requires python3 python3

NODE_NAME=$(hostname)
U=7d3c94a2-5b1f-4f0e-8a66-c2f9b0e1d4

# theirs NN NAME [FIELDS]: an image of the operator's in the stand-in.
theirs () {
	jq --arg id "$U$1" --arg name "$2" ".[\$id] = ({id: \$id, name: \$name, status: \"queued\",
		disk_format: \"raw\", container_format: \"bare\", min_disk: 0, size: null, tags: [],
		owner: \"11111111111111111111111111111111\"} + ${3:-{\}})" \
		"$GLANCE/images.json" >new &&
	mv new "$GLANCE/images.json"
}

# found NN FOUND [PATTERN [REPO]]: what the last list says of that image.
found () {
	jq -e --arg id "$U$1" --arg found "$2" --arg repo "$4" '.images[] | select(.image == $id) |
		.found == $found and ($repo == "" or .repo == $repo)' list &&
	jq -r --arg id "$U$1" '.images[] | select(.image == $id) | .detail' list >detail &&
	{ test -z "$3" || test_grep "$3" detail; }
}

test_expect_success 'a node, two repositories, images of all kinds' '
	node_init "sweep_interval: 10h" &&
	glance_start &&
	glance_artifacts &&
	echo new-locations >"$GLANCE/options" &&
	echo "{}" >"$GLANCE/images.json" &&
	node_start &&
	hornero repo create hello &&
	hornero repo create team/spark &&
	theirs 10 "git@$NODE_NAME:/hello" &&
	theirs 11 "git@$NODE_NAME:$NODE/git/team/spark.git" &&
	theirs 12 "git@$NODE_NAME:/absent" &&
	theirs 13 "git@elsewhere:/hello" &&
	theirs 14 "git@$NODE_NAME:/../../etc/passwd" &&
	theirs 15 "git@$NODE_NAME:/hello/../team/spark" &&
	theirs 16 "git@$NODE_NAME:/--upload-pack=x" &&
	theirs 17 "git@$NODE_NAME:" &&
	theirs 18 "git@$NODE_NAME" &&
	theirs 19 "git@$NODE_NAME:/hello\$(touch x)" &&
	theirs 20 "git@$NODE_NAME:/hello" "{disk_format: \"qcow2\"}" &&
	theirs 21 "git@$NODE_NAME:/hello" "{status: \"active\", size: 9}" &&
	theirs 22 "git@$NODE_NAME:/hello" "{status: \"killed\"}" &&
	theirs 30 "git@$NODE_NAME:/hello" "{owner: \"2222\"}" &&
	theirs 31 "spark" &&
	theirs 32 "git@$NODE_NAME:/hello" "{hornero_image: \"x\"}"
'

test_expect_success 'hornero-glance has not looked: said, and nothing is listed' '
	hornero image import --from-glance >out 2>err &&
	test_grep "Glance has no image of this project" out &&
	test_grep "hornero-glance does not run; it looks for such images when it starts" err
'

# Red without is_this_node(), or without image_check_repo().
test_expect_success 'each image: what would be done, or why not; nothing changes' '
	glance_once &&
	hornero image import --from-glance --json >list 2>err &&
	test_grep "as hornero-glance saw it" err &&
	test "$(jq ".images | length" list)" -eq 13 &&
	test "$(jq .changed list)" = false &&
	is_a image_import <list &&
	found 10 adopt "follows refs/heads/main of hello; --yes does it" hello &&
	found 11 adopt "" team/spark &&
	found 12 "no repository" "hornero repo create absent" &&
	found 13 refused "its node elsewhere is another one; this is $NODE_NAME" &&
	for bad in 14 15 16 17 18 19
	do
		found $bad refused . || return 1
	done &&
	found 20 refused "disk_format is qcow2" &&
	found 21 refused "status is active.*--follow accepts that" &&
	found 22 refused "status is killed" &&
	test -z "$(ls "$NODE/state/images.d")" &&
	test ! -e x &&
	hornero image import --from-glance >out &&
	test_grep "^IMAGE .*FOUND" out &&
	hornero image add ${U}22 hello &&
	hornero image import --from-glance --json >list &&
	found 22 bound "image show ${U}22" &&
	hornero image remove ${U}22
'

test_expect_success '--yes: adopted, bound, and no more offered' '
	hornero image import --from-glance --yes --json >list 2>err &&
	test_grep "2 images are bound once hornero-glance has adopted their records" err &&
	test "$(jq .changed list)" = true &&
	found 10 asked "" hello &&
	wait_until "test -e \"$NODE/instances/hornero/outbox/${U}11.stable\"" 120 &&
	glance_once &&
	hornero sweep &&
	test "$(ls "$NODE/state/images.d" | tr "\n" " ")" = "${U}10.yaml ${U}11.yaml " &&
	glance_has hornero_image ${U}11 ${U}11 &&
	test_grep "^repo: team/spark" "$NODE/state/images.d/${U}11.yaml" &&
	hornero image import --from-glance --json >list &&
	test "$(jq ".images | length" list)" -eq 11
'

test_expect_success '--follow: images with bytes, too; keys and a missing option' '
	hornero image import --from-glance --yes --follow --json >list &&
	found 21 asked &&
	wait_until "test -e \"$NODE/instances/hornero/outbox/${U}21.stable\"" 120 &&
	glance_once &&
	hornero sweep &&
	test_grep "^glance_stable: follow" "$NODE/state/images.d/${U}21.yaml" &&
	glance_has size 9 ${U}21 &&
	test_expect_code 64 hornero image import 2>err &&
	test_grep "needs --from-glance" err
'

test_done
