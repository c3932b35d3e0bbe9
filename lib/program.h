/* program: is it installed where builds see it? */
#ifndef HORNERO_LIB_PROGRAM_H
#define HORNERO_LIB_PROGRAM_H

#include <stdbool.h>

/* A name in /usr/local/bin, /usr/bin or /usr/sbin, whatever PATH says; or an absolute path. */
bool program_is_installed(const char *program);

#endif
