/* offer: DIAGNOSTICS: as record; an invalid file counts as none. */
#include "store/offer.h"

#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/record.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct offer, id, RECORD_UUID),
	RECORD_FIELD(struct offer, name, RECORD_TEXT),
	RECORD_FIELD(struct offer, status, RECORD_WORD),
	RECORD_FIELD(struct offer, disk_format, RECORD_WORD),
	RECORD_FIELD(struct offer, container_format, RECORD_WORD),
	RECORD_FIELD(struct offer, size_bytes, RECORD_COUNT),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static bool id_of(const char *file, char id[UUID_LEN + 1])
{
	snprintf(id, UUID_LEN + 1, "%.*s", UUID_LEN, file);
	return uuid_valid(id) && strcmp(file + UUID_LEN, ".json") == 0;
}

static bool is_in(const char *id, const struct offer *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].id, id) == 0)
			return true;
	return false;
}

static int clear_others(const char *dir, const struct offer *list, size_t n, struct err *e)
{
	own_dir DIR *d = opendir(dir);
	struct dirent *entry;
	char id[UUID_LEN + 1];

	while (d && (entry = readdir(d)))
		if (id_of(entry->d_name, id) && !is_in(id, list, n) &&
		    FAILSTEP("offer-unlink", unlinkat(dirfd(d), entry->d_name, 0)) < 0 &&
		    errno != ENOENT)
			return err_sys(e, ERR_OPERATOR, "cannot remove %s/%s", dir, entry->d_name);
	return 0;
}

int offers_save(const char *glance_dir, const struct offer *list, size_t n, struct err *e)
{
	own_free char *dir = fs_path("%s/offers", glance_dir);

	if (fs_mkdir_p(dir, 0755, e) < 0 || clear_others(dir, list, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		own_free char *path = fs_path("%s/%s.json", dir, list[i].id);

		if (record_save(path, fields, N_FIELDS, &list[i], e) < 0)
			return -1;
	}
	if (utimensat(AT_FDCWD, dir, NULL, 0) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot change the time of %s", dir);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct offer *)a)->id, ((const struct offer *)b)->id);
}

int offers_load(const char *glance_dir, struct offer **out, size_t *n, int64_t *seen_ms,
		struct err *e)
{
	own_free char *dir = fs_path("%s/offers", glance_dir);
	own_dir DIR *d = opendir(dir);
	own_free struct offer *list = NULL;
	struct dirent *entry;
	struct stat st;
	size_t count = 0;
	char id[UUID_LEN + 1];

	*out = NULL;
	*n = 0;
	*seen_ms = 0;
	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", dir);
	if (fstat(dirfd(d), &st) == 0)
		*seen_ms = (int64_t)st.st_mtim.tv_sec * 1000;
	list = calloc(OFFERS_MOST, sizeof(*list));
	if (!list)
		return err_set(e, ERR_NOBODY, "out of memory for the offers");
	while (count < OFFERS_MOST && (entry = readdir(d))) {
		own_free char *path = fs_path("%s/%s", dir, entry->d_name);
		struct err ignored = ERR_INIT;

		count += id_of(entry->d_name, id) &&
			 record_load(path, fields, N_FIELDS, &list[count], sizeof(*list),
				     &ignored) == 0 &&
			 strcmp(list[count].id, id) == 0;
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), by_id);
	*out = steal_ptr(&list);
	*n = count;
	return 0;
}
