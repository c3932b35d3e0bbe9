/* program: whether a program is installed where builds see it. */
#ifndef HORNERO_LIB_PROGRAM_H
#define HORNERO_LIB_PROGRAM_H

#include <stdbool.h>

/* Looks for a name in /usr/local/bin, /usr/bin and /usr/sbin, regardless of PATH; or for an
 * absolute path. */
bool program_is_installed(const char *program);

#endif
