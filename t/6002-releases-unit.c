/* The history of an image, and its releases. */
#include "t/lib/store-unit.h"

#include "store/nova.h"
#include "store/placed.h"
#include "store/release.h"
#include "store/warm.h"

static void publish(struct scratch *s, const char *digest)
{
	struct warm w = {.made.image = IMAGE, .name = OID, .made.key = KEY2,
			 .made.builder = "make"}, old;
	int had = warm_load(s->store, IMAGE, &old, &s->e);

	snprintf(w.made.digest, sizeof(w.made.digest), "%s", digest);
	warm_follow(&w, had == 1 ? &old : NULL);
	assert_int_equal(warm_save(s->store, &w, &s->e), 0);
}

static void expect_earlier(struct scratch *s, const char *digits)
{
	char digest[SHA256_HEX + 1];
	struct warm w;
	int i = 0;

	assert_int_equal(warm_load(s->store, IMAGE, &w, &s->e), 1);
	for (; warm_earlier(&w, i, digest); i++)
		assert_int_equal(digest[0], digits[i]);
	assert_int_equal(i, strlen(digits));
}

/* Newest first, each once, the oldest forgotten. The same bytes again change nothing. */
static void earlier_warm_releases_are_remembered(void **state)
{
	struct scratch *s = *state;
	char digest[SHA256_HEX + 1];

	for (const char *c = "0123"; *c; c++) {
		memset(digest, *c, SHA256_HEX);
		digest[SHA256_HEX] = '\0';
		publish(s, digest);
		publish(s, digest);
	}
	expect_earlier(s, "210");
	publish(s, KEY1);
	expect_earlier(s, "320");
	for (const char *c = "456789ab"; *c; c++) {
		memset(digest, *c, SHA256_HEX);
		publish(s, digest);
	}
	expect_earlier(s, "a9876541");
}

/* A record that was edited, and one of an older version. */
static void a_history_that_makes_no_sense_ends_there(void **state)
{
	struct scratch *s = *state;
	struct warm w = {
		.made.image = IMAGE, .name = OID, .made.digest = KEY1, .made.key = KEY2,
		.made.builder = "make"};
	char digest[SHA256_HEX + 1];

	assert_false(warm_earlier(&w, 0, digest));
	snprintf(w.earlier, sizeof(w.earlier), "%s %s", KEY2, "../../../etc/passwd");
	assert_true(warm_earlier(&w, 0, digest));
	assert_false(warm_earlier(&w, 1, digest));
	assert_false(warm_earlier(&w, -1, digest));
	assert_false(warm_earlier(&w, WARM_EARLIER, digest));
	assert_int_equal(warm_save(s->store, &w, &s->e), 0);
	expect_earlier(s, "2");
}

static void take_built(struct scratch *s, const char *content, int64_t built_ms,
		       char digest[SHA256_HEX + 1])
{
	own_free char *path = stage(s, content);
	struct manifest m = manifest_of(content, KEY1);

	m.built_ms = built_ms;
	if (store_take(s->store, path, &m, &s->e) < 0)
		fail_msg("%s", s->e.msg);
	memcpy(digest, m.made.digest, sizeof(m.made.digest));
}

static void the_release_before_is_one_that_is_there(void **state)
{
	struct scratch *s = *state;
	static const char *const content[] = {"one", "two", "three"};
	char current[SHA256_HEX + 1], previous[SHA256_HEX + 1], digests[3][SHA256_HEX + 1],
		release[UUID_LEN + 1];
	struct release *list = NULL, one;
	size_t n;

	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(current, "");
	assert_string_equal(previous, "");
	for (int i = 0; i < 3; i++) {
		take_built(s, content[i], i + 1, digests[i]);
		publish(s, digests[i]);
	}
	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(current, digests[2]);
	assert_string_equal(previous, digests[1]);
	assert_int_equal(release_list(s->store, IMAGE, REPO, &list, &n, &s->e), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].digest, digests[2]);
	assert_true(list[0].current && !list[0].previous && list[1].previous && !list[2].previous);
	free(list);
	assert_int_equal(nova_release(IMAGE, digests[1], release, &s->e), 0);
	assert_int_equal(release_get(s->store, IMAGE, REPO, release, &one, &s->e), 1);
	assert_string_equal(one.digest, digests[1]);
	assert_true(one.previous);
	/* These bytes have a name for another image, too, but were never a release of it. */
	assert_int_equal(
		nova_release("00000000-0000-4000-8000-000000000000", digests[1], release, &s->e),
		0);
	assert_int_equal(release_find(s->store, "00000000-0000-4000-8000-000000000000", REPO,
				      release, current, &s->e),
			 0);
	assert_int_equal(nova_release(IMAGE, digests[1], release, &s->e), 0);
	/* hornero-collect or an operator has removed the artifact. */
	own_free char *manifest = fs_path("%s/artifact/%s.json", s->store, digests[1]);

	assert_int_equal(unlink(manifest), 0);
	assert_int_equal(release_get(s->store, IMAGE, REPO, release, &one, &s->e), 0);
	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(previous, digests[0]);
}

/* Two pushes in a row are published as releases only, since an instance stands on the image's own
 * name. */
static void a_release_that_is_published_alone_is_what_was_before(void **state)
{
	struct scratch *s = *state;
	static const char *const content[] = {"one", "two", "three"};
	char current[SHA256_HEX + 1], previous[SHA256_HEX + 1], digests[3][SHA256_HEX + 1];
	struct warm old, w;

	for (int i = 0; i < 3; i++)
		take_built(s, content[i], i + 1, digests[i]);
	publish(s, digests[0]);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(release_newest(s->store, IMAGE, &old, &s->e), 0);
		assert_string_equal(old.made.digest, digests[i - 1]);
		w = old;
		w.made.job = old.made.job + 1;
		memcpy(w.made.digest, digests[i], sizeof(w.made.digest));
		warm_follow(&w, &old);
		assert_int_equal(placed_save(s->store, &w, &s->e), 0);
	}
	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(current, digests[2]);
	assert_string_equal(previous, digests[1]);
	/* A release whose name was taken is not published. */
	w.made.job++;
	w.refused = 1;
	memcpy(w.made.digest, KEY1, sizeof(w.made.digest));
	assert_int_equal(placed_save(s->store, &w, &s->e), 0);
	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(current, digests[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(earlier_warm_releases_are_remembered),
		T(a_history_that_makes_no_sense_ends_there),
		T(the_release_before_is_one_that_is_there),
		T(a_release_that_is_published_alone_is_what_was_before),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
