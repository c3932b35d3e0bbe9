/* repofile: pure. DIAGNOSTICS: ERR_PUSHER with NAME:LINE:COLUMN; ERR_NOBODY where memory is out. */
#include "conf/repofile.h"

#include "conf/check.h"
#include "conf/table.h"
#include "conf/yaml.h"

#include <string.h>

struct words {
	char *builder;
};

static const struct key keys[] = {
	{.name = "builder", .type = KEY_TEXT, .check = check_name, .offset = offsetof(struct words, builder),
	 .allowed = "a builder's name",
	 .help = "Which builder of the node makes the image. The image file's own builder wins; without either the "
		 "builder is detected by the files of the tree."},
};

const struct table repofile_table = {REPOFILE_NAME, keys, sizeof(keys) / sizeof(keys[0])};

int repofile_parse(const char *name, const char *text, size_t len, struct repofile *out, struct err *e)
{
	own_doc struct doc *doc = NULL;
	struct words words = {0};
	int bad;

	if (len > REPOFILE_MAX)
		return err_set(e, ERR_PUSHER, "%s:1:1: %zu bytes are too much; at most %d are allowed", name, len,
			       REPOFILE_MAX);
	if (doc_parse(name, text, len, ERR_PUSHER, &doc, e) < 0)
		return -1;
	bad = table_read(&repofile_table, doc, NULL, &words, e);
	if (bad == 0) {
		memset(out, 0, sizeof(*out));
		snprintf(out->builder, sizeof(out->builder), "%s", words.builder ? words.builder : "");
	}
	table_fini(&repofile_table, &words);
	return bad;
}
