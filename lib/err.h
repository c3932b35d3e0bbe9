/*
 * err: what went wrong, and who acts next.
 *
 * Every function that can fail takes a `struct err *e` as its last parameter
 * (never NULL, on the caller's stack), returns -1 and fills it:
 *
 *     if (fd < 0)
 *             return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
 *
 * The class alone decides retry, exit code and the words for people.
 * Log or return, never both. Nothing here allocates.
 */
#ifndef HORNERO_LIB_ERR_H
#define HORNERO_LIB_ERR_H

enum err_class {
	ERR_NONE = 0,
	ERR_USAGE,    /* the command line is wrong                     exit 64 */
	ERR_PUSHER,   /* pushed data is bad; the pusher must change it exit 65 */
	ERR_US,       /* our bug                                       exit 70 */
	ERR_NOBODY,   /* the world is busy or full; wait and retry     exit 75 */
	ERR_OPERATOR, /* the node is misconfigured                     exit 78 */
};

enum { ERR_MSG_MAX = 1536 };

struct err {
	enum err_class class;
	int sys;               /* errno of the cause, 0 where there is none */
	char msg[ERR_MSG_MAX]; /* one line, no newline; long text is cut */
};

#define ERR_INIT { .class = ERR_NONE }

/* Fill e. Always returns -1. A message names the object and the way out. */
int err_set(struct err *e, enum err_class class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

/* The same, with ": strerror(errno)" behind it. ENOSPC, EDQUOT, EMFILE,
 * ENFILE, ENOMEM and EAGAIN become ERR_NOBODY whatever `class` says. */
int err_sys(struct err *e, enum err_class class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

/* Put context in front of a message on its way up. Always returns -1. */
int err_wrap(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), cold));

/* sysexits number of a class: 0, 64, 65, 70, 75, 78. */
int err_exit(enum err_class class);

/* "pusher", "operator", "nobody", "us", "usage", "none"; static storage. */
const char *err_class_name(enum err_class class);

/* The class of that name; ERR_US where no class has it. */
enum err_class err_class_parse(const char *name);

/* The class of that exit code; ERR_US where no class has it. */
enum err_class err_class_of_exit(int code);

#endif
