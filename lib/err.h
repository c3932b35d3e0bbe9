/*
 * err: what failed, and who acts next.
 *
 * Every function that can fail takes a `struct err *e` as its last parameter (never NULL, on the
 * caller's stack), returns -1 and fills it:
 *
 *     if (fd < 0)
 *             return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
 *
 * The class alone decides whether to retry, the exit code and the wording for users. Log an error
 * or return it, never both. Nothing here allocates.
 */
#ifndef HORNERO_LIB_ERR_H
#define HORNERO_LIB_ERR_H

enum err_class {
	ERR_NONE = 0,
	ERR_USAGE,    /* the command line is wrong                       exit 64 */
	ERR_PUSHER,   /* pushed data is bad; the pusher must change it   exit 65 */
	ERR_US,       /* our bug                                         exit 70 */
	ERR_NOBODY,   /* the system is busy or full; wait and retry      exit 75 */
	ERR_OPERATOR, /* the node is misconfigured                       exit 78 */
};

enum { ERR_MSG_MAX = 1536 };

struct err {
	enum err_class class;
	int sys;               /* errno of the cause, 0 if there is none */
	char msg[ERR_MSG_MAX]; /* one line, no newline; long text is truncated */
};

#define ERR_INIT { .class = ERR_NONE }

/* Fills e. Always returns -1. The message names the object and what to do. */
int err_set(struct err *e, enum err_class class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

/* The class of an error of the system: ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EAGAIN and EINTR are
 * ERR_NOBODY, regardless of `class`. No pusher can cause or mend EIO: then it is ERR_OPERATOR. */
enum err_class err_class_sys(enum err_class class, int number);

/* Like err_set, with ": strerror(errno)" appended, and the class of err_class_sys(). */
int err_sys(struct err *e, enum err_class class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

/* Prepends context to a message that is passed up. Always returns -1. */
int err_wrap(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), cold));

/* Returns the sysexits number of a class: 0, 64, 65, 70, 75 or 78. */
int err_exit(enum err_class class);

/* Returns "pusher", "operator", "nobody", "us", "usage" or "none", in static storage. */
const char *err_class_name(enum err_class class);

/* Returns the class with that name, or ERR_US if there is none. */
enum err_class err_class_parse(const char *name);

/* Returns the class with that exit code, or ERR_US if there is none. */
enum err_class err_class_of_exit(int code);

#endif
