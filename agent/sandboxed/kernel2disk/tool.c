/* tool: DIAGNOSTICS: as the header says. */
#include "agent/sandboxed/kernel2disk/tool.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { TOOL_MS = 3600 * 1000 /* the attempt's own timeout ends it earlier */, OUTPUT_MAX = 65536 };

/* mtools takes the time of its entries from SOURCE_DATE_EPOCH, and writes it as local time. */
static const char *const env[] = {
	"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin", "LANG=C.UTF-8", "TZ=UTC",
	"HOME=/nonexistent", "SOURCE_DATE_EPOCH=315532800", "MTOOLS_SKIP_CHECK=1", NULL,
};

static int fail(const char *name, int status, int errors, struct err *e)
{
	char text[400] = "", how[64];
	ssize_t n = fs_pread(errors, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (strstr(text, strerror(ENOSPC)))
		return err_set(e, ERR_NOBODY, "%s: %s", name, strerror(ENOSPC));
	text[strcspn(text, "\n")] = '\0';
	return err_set(e, ERR_OPERATOR, "%s could not make the disk (%s: %s)", name,
		       spawn_status_text(status, how, sizeof(how)), text);
}

int tool_run(struct args *words, const struct spawn_fd *fds, size_t nfds, struct err *e)
{
	own_fd int errors = memfd_create("tool", MFD_CLOEXEC);
	struct spawn s = SPAWN_INIT(args_list(words));
	own_free char *out = NULL;
	size_t len;
	int status;

	if (errors < 0)
		return err_sys(e, ERR_NOBODY, "cannot start %s", s.argv[0]);
	s.envp = env;
	s.err = errors;
	s.fds = fds;
	s.nfds = nfds;
	status = spawn_capture(&s, TOOL_MS, OUTPUT_MAX, &out, &len, e);
	if (status < 0)
		return -1;
	return status == 0 ? 0 : fail(s.argv[0], status, errors, e);
}
