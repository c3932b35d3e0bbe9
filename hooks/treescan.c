/* treescan: pure. DIAGNOSTICS: none; malformed bytes have no entry (git's fsck rejects them
 * earlier). */
#include "hooks/treescan.h"

#include <string.h>

static void entry_start(struct treescan *t)
{
	t->at = TREESCAN_MODE;
	t->this_mode = 0;
	t->done = 0;
	t->matches = true;
}

void treescan_init(struct treescan *t, const char *name, size_t oid_size)
{
	*t = (struct treescan){.name = name, .oid_size = oid_size};
	entry_start(t);
}

static void feed_byte(struct treescan *t, char c)
{
	switch (t->at) {
	case TREESCAN_MODE:
		if (c == ' ')
			t->at = TREESCAN_NAME;
		else
			t->this_mode = (t->this_mode << 3 | ((unsigned int)c & 7)) & 07777777;
		break;
	case TREESCAN_NAME:
		if (t->matches && t->name[t->done++] != c)
			t->matches = false;
		if (c != '\0')
			break;
		t->matches = t->matches && t->mode == 0;
		if (t->matches)
			t->mode = t->this_mode;
		t->at = TREESCAN_OID;
		t->done = 0;
		break;
	case TREESCAN_OID:
		if (t->matches)
			t->oid[t->done] = (unsigned char)c;
		if (++t->done == t->oid_size)
			entry_start(t);
		break;
	}
}

void treescan_feed(struct treescan *t, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		feed_byte(t, data[i]);
}
