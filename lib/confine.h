/*
 * confine: narrows, for good, what this process and those that it starts may do: its resources, its
 * system calls (seccomp), and the files that it may open (Landlock). Only programs that use it link
 * libseccomp.
 *
 *     confine_limit(RLIMIT_CORE, 0, e)
 *     prctl(PR_SET_NO_NEW_PRIVS, …)             the two below need it
 *     confine_files(dir, e)
 *     static int rules(scmp_filter_ctx f) { return confine_allow(f, names, n); }
 *     confine_calls(SCMP_ACT_ERRNO(ENOSYS), rules, e)
 */
#ifndef HORNERO_LIB_CONFINE_H
#define HORNERO_LIB_CONFINE_H

#include "lib/err.h"

#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

/* Lowers both limits of a resource to `most`; never raises one. */
int confine_limit(__rlimit_resource_t what, rlim_t most, struct err *e);

/* From now on, only files beneath this directory can be opened, and only for reading. Open
 * descriptors stay as they are. Returns 1, or 0 if the kernel has no Landlock. */
int confine_files(const char *dir, struct err *e);

/* Allows these calls. Names that the architecture lacks are skipped. Returns 0, or a negative
 * errno as libseccomp does. */
int confine_allow(scmp_filter_ctx filter, const char *const *names, size_t n);

/* Loads the filter that `rules` fills. `otherwise` is the action for calls that no rule matches. */
int confine_calls(uint32_t otherwise, int (*rules)(scmp_filter_ctx), struct err *e);

#endif
