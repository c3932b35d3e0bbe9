/*
 * say: prints lines for the pusher, each prefixed with "hornero: " (git adds "remote: ").
 *
 * All text passes through lib/escape: ref names, file contents and messages may contain terminal
 * sequences. Lines are buffered until say_flush, so that the answer comes after the work that it
 * reports. It is no error if the pusher is gone.
 */
#ifndef HORNERO_HOOKS_SAY_H
#define HORNERO_HOOKS_SAY_H

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_flush(void);

/* Returns the first refusal that was said, or "". It is escaped. */
const char *say_refusal(void);

#endif
