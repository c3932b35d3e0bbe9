/* repofile: pure. DIAGNOSTICS: ERR_PUSHER with NAME:LINE:COLUMN; ERR_NOBODY if memory runs out. */
#include "conf/repofile.h"

#include "conf/check.h"
#include "conf/expect.h"
#include "conf/setting.h"
#include "conf/yaml.h"

#include <string.h>

struct words {
	char *builder, *expect;
	int64_t timeout_s;
};

#define AT(member) .offset = offsetof(struct words, member)

static const struct setting settings[] = {
	{.name = "builder", .type = SETTING_TEXT, .check = check_name, AT(builder),
	 .allowed = "a builder's name",
	 .help = "Builder of the node that makes the image. The builder of the image file takes "
		 "precedence. If neither is set, the builder is detected by the files in the "
		 "tree."},
	{.name = "expect", .type = SETTING_TEXT, .check = check_expect, AT(expect),
	 .allowed = EXPECT_ALLOWED,
	 .help = "Regular expression that a line of the console must match when the image is "
		 "booted before it is published. The expect of the image file takes precedence. If "
		 "neither is set, the image is not booted."},
	{.name = "timeout", .type = SETTING_DURATION, .min = 1, .max = EXPECT_TIMEOUT_MAX_S,
	 AT(timeout_s),
	 .help = "How long the guest may take until a line matches, in the guest's own time. The "
		 "timeout of the image file takes precedence. If neither is set, it is 30s."},
};

const struct settings repofile_settings = {REPOFILE_NAME, settings,
					   sizeof(settings) / sizeof(settings[0])};

int repofile_parse(const char *name, const char *text, size_t len, struct repofile *out,
		   struct err *e)
{
	own_doc struct doc *doc = NULL;
	struct words words = {0};
	int bad;

	if (len > REPOFILE_MAX)
		return err_set(e, ERR_PUSHER,
			       "%s:1:1: %zu bytes are too many; at most %d are allowed", name, len,
			       REPOFILE_MAX);
	if (doc_parse(name, text, len, ERR_PUSHER, &doc, e) < 0)
		return -1;
	bad = settings_read(&repofile_settings, doc, NULL, &words, e);
	if (bad == 0) {
		memset(out, 0, sizeof(*out));
		snprintf(out->builder, sizeof(out->builder), "%s",
			 words.builder ? words.builder : "");
		snprintf(out->expect, sizeof(out->expect), "%s", words.expect ? words.expect : "");
		out->timeout_s = words.timeout_s;
	}
	settings_fini(&repofile_settings, &words);
	return bad;
}
