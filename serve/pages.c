/* pages: DIAGNOSTICS: a status for the client: 404 if nobody has written the file yet. */
#include "serve/pages.h"

#include "lib/log.h"
#include "lib/own.h"
#include "serve/response.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct page {
	const char *path, *file, *type, *policy;
} pages[] = {
	{"/metrics", "hornero.prom", "text/plain; version=0.0.4; charset=utf-8", NULL},
	/* It has its style inside, and nothing else: names in it come from users who push. */
	{"/status", "status.html", "text/html; charset=utf-8",
	 "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
};

static const struct page *page_at(const char *url)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strcmp(url, pages[i].path) == 0)
			return &pages[i];
	return NULL;
}

static int open_page(const char *dir, const char *name, struct stat *st)
{
	own_fd int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int fd = at < 0 ? -1
			       : openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) ? steal_fd(&fd) : -1;
}

enum MHD_Result pages_answer(const char *dir, struct MHD_Connection *to, struct client *k,
			     const char *url, const char *method)
{
	const struct page *page = page_at(url);
	struct MHD_Response *r;
	own_fd int fd = -1;
	struct stat st;

	k->bytes = 0;
	*k->digest = '\0';
	k->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	if (!k->head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return response_refuse(to, k, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n",
				       MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (!page)
		return response_refuse(to, k, MHD_HTTP_NOT_FOUND, "/metrics and /status only\n",
				       NULL, NULL);
	fd = open_page(dir, page->file, &st);
	if (fd < 0)
		return response_refuse(to, k, MHD_HTTP_NOT_FOUND,
				       "nobody has written this file yet\n", NULL, NULL);
	r = MHD_create_response_from_fd64((uint64_t)st.st_size, fd);
	if (!r)
		return MHD_NO;
	k->bytes = k->head ? 0 : (uint64_t)st.st_size;
	k->file = steal_fd(&fd);
	k->file_end = st.st_size;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (page->policy)
		MHD_add_response_header(r, "Content-Security-Policy", page->policy);
	return response_send(to, k, MHD_HTTP_OK, r);
}
