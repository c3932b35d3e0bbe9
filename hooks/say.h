/*
 * say: lines on the pusher's screen, each with "hornero: " in front (git adds "remote: ").
 *
 * Everything that is said passes lib/escape: a ref's name, a file's text, a message may hold
 * what a terminal obeys. Lines are kept until say_flush, so that the answer comes after what it
 * claims; a pusher who has gone away is no error.
 */
#ifndef HORNERO_HOOKS_SAY_H
#define HORNERO_HOOKS_SAY_H

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_flush(void);

#endif
