/* failing: the writes of SQLite are a failpoint, too. DIAGNOSTICS: none. */
#include "db/inner.h"

#include "lib/failpoint.h"

#include <unistd.h>

static ssize_t failing_write(int fd, const void *data, size_t len)
{
	return FAILSTEP("queue-write", write(fd, data, len));
}

static ssize_t failing_pwrite(int fd, const void *data, size_t len, off_t at)
{
	return FAILSTEP("queue-write", pwrite(fd, data, len, at));
}

/* SQLite uses one of these, depending on how it was built. */
void db_let_fail(void)
{
	const struct {
		const char *name;
		sqlite3_syscall_ptr call;
	} calls[] = {
		{"write", (sqlite3_syscall_ptr)failing_write},
		{"pwrite", (sqlite3_syscall_ptr)failing_pwrite},
		{"pwrite64", (sqlite3_syscall_ptr)failing_pwrite},
	};
	sqlite3_vfs *vfs = failpoint_is_armed() ? sqlite3_vfs_find(NULL) : NULL;

	if (!vfs || vfs->iVersion < 3)
		return;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		(void)vfs->xSetSystemCall(vfs, calls[i].name, calls[i].call);
}
