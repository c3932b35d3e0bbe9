/* cache_used: the disk space of our files in Nova's cache. DIAGNOSTICS: -1 if it is unknown. */
#include "cli/cache.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/cached.h"
#include "store/inventory.h"

#include <sys/stat.h>

int64_t cache_used_bytes(const struct conf *c)
{
	own_free struct warm *list = NULL;
	struct err ignored = ERR_INIT;
	int64_t bytes = 0;
	size_t n = 0;

	if (cached_load(c->store_dir, &list, &n, &ignored) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		own_free char *path = fs_path("%s/%s", c->cache_dir, list[i].name);
		struct stat st;

		if (!cached_twin(list, i) && lstat(path, &st) == 0 && st.st_ino == list[i].ino)
			bytes += inventory_bytes_of(&st);
	}
	return bytes;
}
