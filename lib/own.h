/*
 * own: declares ownership at the variable.
 *
 *     own_fd int fd = -1;           closed when the scope ends
 *     own_free char *p = NULL;      freed when the scope ends
 *     *out = steal_ptr(&p);         given up, on success only
 */
#ifndef HORNERO_LIB_OWN_H
#define HORNERO_LIB_OWN_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void own_fd_end(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void own_free_end(void *p)
{
	free(*(void **)p);
}

static inline void own_dir_end(DIR **d)
{
	if (*d)
		closedir(*d);
}

static inline void own_file_end(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define own_fd   __attribute__((cleanup(own_fd_end)))
#define own_free __attribute__((cleanup(own_free_end)))
#define own_dir  __attribute__((cleanup(own_dir_end)))
#define own_file __attribute__((cleanup(own_file_end)))

static inline int steal_fd(int *fd)
{
	int given = *fd;

	*fd = -1;
	return given;
}

static inline void *steal_void(void *p)
{
	void *given = *(void **)p;

	*(void **)p = NULL;
	return given;
}

#define steal_ptr(p) ((__typeof__(*(p)))steal_void(p))

#endif
