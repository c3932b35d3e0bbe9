/* sentence: writes the sentence of a reason, and the commands in it. */
#ifndef HORNERO_CLI_SENTENCE_H
#define HORNERO_CLI_SENTENCE_H

#include "cli/why.h"

#include <jansson.h>

/* Sets the kind and the sentence, and forgets the commands. */
void reason_say(struct reason *r, enum reason_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Notes a command that the sentence names. Call it after reason_say. */
void reason_mend(struct reason *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes the sentence as a clause: it begins with a small letter and has no full stop. Returns
 * buf. */
const char *reason_clause(const struct reason *r, char buf[WHY_MAX]);

/* Returns the reason as an object: state, is_warm, text, commands. */
json_t *reason_json(const struct reason *r);

/* Returns a sentence as JSON, with `hornero WORD` rewritten for callers with a key. */
json_t *reason_text_json(const char *sentence);

#endif
