#!/bin/sh
# Reasons to wait of a built job, and the ends of jobs. Each is made; its words are those of
# `hornero wait`, and the command in them changes it.
# What Glance refuses: t/6810-glance.t, t/6840-stable-id.t. Confirmations: t/6340-confirm.t.
test_description='hornero why: jobs that are built, held or ended'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires jq jq

# A publisher of our own choice, in front of the real one.
publisher () {
	printf '#!/bin/sh\n%s\n' "$1" >aside &&
	chmod +x aside &&
	mv aside libexec/hornero-publish
}

real='exec "$HORNERO_BUILD/hornero-publish" "$@"'

test_expect_success 'published' '
	mkdir libexec &&
	ln -s "$HORNERO_BUILD"/hornero-* libexec/ &&
	rm libexec/hornero-publish &&
	publisher "$real" &&
	node_init "workers: 1" "libexec_dir: $TRASH/libexec" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	hello_pushed one &&
	because published $job "Job $job is published: image $HELLO_UUID is warm at" &&
	same_words $job
'

# Red without process_look() in agent/publish/novalock.c.
test_expect_success 'lock: the program that holds it is named' '
	base=$(node_warm_path $HELLO_UUID) &&
	hold_lock "$NODE/instances/locks/nova-${base##*/}" held.out &&
	hello_push two &&
	because lock $job "Nova.s lock .*held by process $holder, python3.*hornero wait" &&
	same_words $job &&
	kill $holder &&
	job_ends published
'

test_expect_success 'publishing, then retry, then publisher: it dies without an answer' '
	publisher "exec sleep 1000" &&
	hello_push three &&
	because publishing $job "is built and being published; .hornero wait" &&
	same_words $job &&
	publisher "exit 1" &&
	wait_until "pkill -x -P $node_pid sleep" 30 &&
	because retry $job "tried again by itself: hornero-publish ended without an answer" &&
	same_words $job &&
	because publisher $job "not published yet: hornero-publish ended without an answer" &&
	same_words $job &&
	publisher "$real" &&
	job_reaches published "$job" 60
'

# Red without look_at_in_use() in cli/facts.c.
test_expect_success 'instance: the commands of the sentence' '
	stand_on "$(node_warm_path $HELLO_UUID)" &&
	hello_push four &&
	because instance $job "instance vm stands on the present bytes; .hornero image set" &&
	same_words $job &&
	test "$command" = "hornero image set $HELLO_UUID in_use=flatten" &&
	test "$other" = "hornero image set $HELLO_UUID in_use=release-only" &&
	run "$other" &&
	job_reaches published "$job" 60 &&
	because release-only $HELLO_UUID "as its release .* alone" &&
	same_words $HELLO_UUID &&
	hornero image set $HELLO_UUID in_use=defer &&
	hello_push five &&
	because instance $job "instance vm stands on" &&
	mend &&
	: "t/6210-flatten.t has a libvirt, which flattens it" &&
	because instance $job "vm stands on the present bytes and is not flattened: .*libvirt" &&
	test "$command" = "hornero image set $HELLO_UUID in_use=release-only" &&
	rm -r "$NODE/instances/vm" &&
	job_reaches published "$job" 60 &&
	because warm $HELLO_UUID "is warm"
'

test_expect_success 'foreign: the command replaces the file' '
	node_freeze &&
	rm "$(node_warm_path $HELLO_UUID)" &&
	head -c 4096 /dev/urandom >"$(node_warm_path $HELLO_UUID)" &&
	node_thaw &&
	hello_push seven &&
	because foreign $job "is not hornero.s: 4096 bytes, owner" &&
	same_words $job &&
	run "hornero image add --replace $HELLO_UUID hello" &&
	job_reaches published "$job" 60
'

test_expect_success 'superseded' '
	hornero pause $HELLO_UUID &&
	hello_push eight && first=$job &&
	hello_push nine &&
	because superseded $first "superseded by job $job, a newer push" &&
	same_words $first &&
	hornero resume $HELLO_UUID &&
	job_ends published
'

# held PATTERN: the push is held for the operator for this reason.
held () {
	git -C "$HELLO_WORK" commit -q --allow-empty -m "$1" &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	push_job &&
	because held $job "$1" &&
	same_words $job &&
	test "$command" = "hornero retry $job"
}

test_expect_success 'held: a tool is missing' '
	{ cat "$NODE/builders.d/make.yaml" && echo "needs: [nonesuch]"; } \
		>"$NODE/builders.d/lacks.yaml" &&
	sed -i "/^needs:/{/nonesuch/!d}" "$NODE/builders.d/lacks.yaml" &&
	hornero image set $HELLO_UUID builder=lacks &&
	held "nonesuch is .*hornero retry" &&
	sed -i "/^needs:/d" "$NODE/builders.d/lacks.yaml" &&
	mend >out && job=$(node_job out) && job_ends published
'

test_expect_success 'held: the builder file is broken' '
	echo "nonsense: yes" >>"$NODE/builders.d/lacks.yaml" &&
	held "lacks.yaml:[0-9]*:1: .*nonsense" &&
	sed -i "/^nonsense:/d" "$NODE/builders.d/lacks.yaml" &&
	mend >out && job=$(node_job out) && job_ends published
'

test_expect_success 'held: the base image is missing; the node says so in one line' '
	echo "inputs: [base:none]" >>"$NODE/builders.d/lacks.yaml" &&
	held "base.*none" &&
	because held "" "Job $job is held: .*none" &&
	sed -i "/^inputs:/d" "$NODE/builders.d/lacks.yaml" &&
	mend >out && job=$(node_job out) && job_ends published
'

test_done
