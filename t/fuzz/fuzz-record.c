/* fuzz-record: one file read as a record with a field of each kind. Accepted input is written
 * again, and read as the same. */
#include "fuzz-record.h"

#include "store/record.c"

#include "lib/sha.h"

#include "scratch.h"

struct all {
	char hex[SHA256_HEX + 1], key[SHA256_HEX + 1], oid[65], uuid[UUID_LEN + 1], word[17],
		text[41];
	int64_t count, time;
	uint64_t ino;
};

static const struct record_field all_fields[] = {
	RECORD_FIELD(struct all, hex, RECORD_HEX),
	RECORD_OPTIONAL(struct all, key, RECORD_KEY),
	RECORD_OPTIONAL(struct all, oid, RECORD_OID),
	RECORD_OPTIONAL(struct all, uuid, RECORD_UUID),
	RECORD_OPTIONAL(struct all, word, RECORD_WORD),
	RECORD_OPTIONAL(struct all, text, RECORD_TEXT),
	RECORD_OPTIONAL(struct all, count, RECORD_COUNT),
	RECORD_OPTIONAL(struct all, time, RECORD_TIME),
	RECORD_OPTIONAL(struct all, ino, RECORD_INO),
};
enum { N_ALL = sizeof(all_fields) / sizeof(all_fields[0]) };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_free char *path = fs_path("%s/record", scratch("record", data, size));
	struct err e = ERR_INIT;
	struct all a, b;

	if (record_load(path, all_fields, N_ALL, &a, sizeof(a), &e) < 0)
		return 0;
	promise(strspn(a.hex, "0123456789abcdef") == SHA256_HEX && a.count >= 0);
	promise(strlen(a.word) < sizeof(a.word) && strlen(a.text) < sizeof(a.text));
	/* An id that an older file leaves out is none that could be written. */
	if (!uuid_valid(a.uuid))
		return 0;
	promise(record_save(path, all_fields, N_ALL, &a, &e) == 0);
	promise(record_load(path, all_fields, N_ALL, &b, sizeof(b), &e) == 0 &&
		memcmp(&a, &b, sizeof(a)) == 0);
	return 0;
}
