/* grammar: finds and suggests words, and lists their options for getopt. DIAGNOSTICS: none. */
#include "cli/view.h"
#include "cli/words.h"
#include "lib/distance.h"

#include <string.h>

static const struct word none = {.name = NULL};
static const struct word *words = &none;

void words_use(const struct word *table)
{
	words = table;
}

const struct word *words_all(void)
{
	return words;
}

const struct word *word_find(char *const *argv, int argc, int *used)
{
	for (const struct word *w = words; w->name; w++) {
		const char *blank = strchr(w->name, ' ');
		size_t noun = blank ? (size_t)(blank - w->name) : strlen(w->name);

		if (strlen(argv[0]) != noun || strncmp(argv[0], w->name, noun) != 0)
			continue;
		if (blank && (argc < 2 || strcmp(argv[1], blank + 1) != 0))
			continue;
		*used = blank ? 2 : 1;
		return w;
	}
	return NULL;
}

void word_getopt(const struct word *w, struct word_getopt *out)
{
	struct option *table = out->table;
	size_t size = sizeof(out->letters), n = 0;
	size_t l = (size_t)snprintf(out->letters, size, "%s", w ? ":c:h" : "+:c:h");

	table[n++] = (struct option){"conf", required_argument, NULL, 'c'};
	table[n++] = (struct option){"help", no_argument, NULL, 'h'};
	table[n++] = (struct option){"json", no_argument, NULL, LETTER_JSON};
	if (!w) {
		table[n++] = (struct option){"version", no_argument, NULL, LETTER_VERSION};
		table[n++] = (struct option){"key", required_argument, NULL, LETTER_KEY};
	}
	for (int i = 0; w && w->options && w->options[i].name; i++) {
		const struct word_option *o = &w->options[i];

		table[n++] = (struct option){o->name, o->arg ? required_argument : no_argument,
					     NULL, LETTER_WORD + i};
		if (o->letter)
			l += (size_t)snprintf(out->letters + l, size - l, "%c%s", o->letter,
					      o->arg ? ":" : "");
	}
	table[n] = (struct option){0};
}

int word_option_index(const struct word *w, int letter)
{
	if (letter >= LETTER_WORD)
		return letter - LETTER_WORD;
	for (int i = 0; w && w->options && w->options[i].name; i++)
		if (w->options[i].letter == letter)
			return i;
	return -1;
}

bool word_is_listed(const struct cli *cli, const struct word *w)
{
	return !(w->flags & WORD_HIDDEN) && view_reaches(cli, w);
}

bool word_is_of_noun(const struct cli *cli, const struct word *w, const char *noun)
{
	size_t len = strlen(noun);

	return strncmp(w->name, noun, len) == 0 && w->name[len] == ' ' && view_reaches(cli, w);
}

bool word_is_noun(const struct cli *cli, const char *noun)
{
	for (const struct word *w = words; w->name; w++)
		if (word_is_of_noun(cli, w, noun))
			return true;
	return false;
}

int word_nearest(const struct cli *cli, const char *typed, const struct word **out, int max)
{
	int best[8], n = 0, far = ((int)strnlen(typed, 40) + 1) / 3;

	if (max > 8)
		max = 8;
	for (const struct word *w = words; w->name; w++) {
		int distance = edit_distance(typed, w->name), at = n;

		if (distance > far || distance >= (int)strlen(w->name) ||
		    !word_is_listed(cli, w))
			continue;
		while (at > 0 && best[at - 1] > distance)
			at--;
		if (at >= max)
			continue;
		for (int i = n < max ? n : max - 1; i > at; i--) {
			best[i] = best[i - 1];
			out[i] = out[i - 1];
		}
		best[at] = distance;
		out[at] = w;
		n += n < max;
	}
	return n;
}
