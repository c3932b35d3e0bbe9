/* err: formats errors. DIAGNOSTICS: none; truncates long messages. */
#include "lib/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int exit;
} classes[] = {
	[ERR_NONE] = {"none", 0},       [ERR_USAGE] = {"usage", 64},
	[ERR_PUSHER] = {"pusher", 65},  [ERR_US] = {"us", 70},
	[ERR_NOBODY] = {"nobody", 75},  [ERR_OPERATOR] = {"operator", 78},
};
enum { N_CLASSES = sizeof(classes) / sizeof(classes[0]) };

int err_set(struct err *e, enum err_class class, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	e->class = class;
	e->sys = 0;
	return -1;
}

static int means_wait(int number)
{
	return number == ENOSPC || number == EDQUOT || number == EMFILE || number == ENFILE ||
	       number == ENOMEM || number == EAGAIN || number == EINTR;
}

enum err_class err_class_sys(enum err_class class, int number)
{
	if (means_wait(number))
		return ERR_NOBODY;
	return number == EIO && class == ERR_PUSHER ? ERR_OPERATOR : class;
}

int err_sys(struct err *e, enum err_class class, const char *fmt, ...)
{
	int number = errno;
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	len = strlen(e->msg);
	snprintf(e->msg + len, sizeof(e->msg) - len, ": %s", strerror(number));
	e->class = err_class_sys(class, number);
	e->sys = number;
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[ERR_MSG_MAX];
	va_list ap;
	size_t len;

	memcpy(inner, e->msg, sizeof(inner));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	len = strlen(e->msg);
	snprintf(e->msg + len, sizeof(e->msg) - len, ": %s", inner);
	return -1;
}

int err_exit(enum err_class class)
{
	return (int)class < N_CLASSES ? classes[class].exit : 70;
}

const char *err_class_name(enum err_class class)
{
	return (int)class < N_CLASSES ? classes[class].name : "us";
}

enum err_class err_class_parse(const char *name)
{
	for (int i = 0; i < N_CLASSES; i++)
		if (strcmp(classes[i].name, name) == 0)
			return (enum err_class)i;
	return ERR_US;
}

enum err_class err_class_of_exit(int code)
{
	for (int i = 0; i < N_CLASSES; i++)
		if (classes[i].exit == code)
			return (enum err_class)i;
	return ERR_US;
}
