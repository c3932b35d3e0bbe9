/* sharing: whether another node built the bytes of an image, or why not. */
#ifndef HORNERO_CLI_SHARING_H
#define HORNERO_CLI_SHARING_H

#include "cli/cli.h"
#include "store/warm.h"

enum { SHARING_TEXT = 2 * ERR_MSG_MAX };

/* w: what is warm. Writes a sentence, or "" if there is nothing to say. */
void sharing_words(const struct conf *c, const char *uuid, const struct warm *w,
		   char buf[SHARING_TEXT]);

#endif
