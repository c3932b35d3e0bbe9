/* record: DIAGNOSTICS: ERR_OPERATOR if a record is damaged or cannot be read, ERR_NOBODY if the
 * disk is full, ERR_US if the struct to write is invalid. */
#include "store/record.h"

#include "lib/fs.h"
#include "lib/hex.h"
#include "lib/own.h"
#include "lib/uuid.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static void json_end(json_t **j)
{
	json_decref(*j);
}
#define own_json __attribute__((cleanup(json_end)))

static bool is_printable(const char *s, size_t max)
{
	for (size_t i = 0; s[i]; i++)
		if (i == max || s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

static bool is_text_good(const struct record_field *f, const char *s)
{
	switch (f->kind) {
	case RECORD_HEX:
		return hex_is(s, f->size - 1);
	case RECORD_KEY:
		return *s == '\0' || hex_is(s, f->size - 1);
	case RECORD_OID:
		return *s == '\0' || hex_is_oid(s);
	case RECORD_UUID:
		return uuid_valid(s);
	case RECORD_WORD:
		return strlen(s) < f->size && s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
							  "OPQRSTUVWXYZ0123456789._-")] == '\0';
	case RECORD_TEXT:
		return is_printable(s, f->size - 1);
	default:
		return false;
	}
}

static bool is_number(enum record_kind kind)
{
	return kind == RECORD_COUNT || kind == RECORD_TIME;
}

/* Returns NULL if record_load would refuse the value. */
static json_t *value_of(const struct record_field *f, const void *in)
{
	const char *at = (const char *)in + f->offset;
	char digits[24];
	int64_t number;
	uint64_t ino;

	if (f->kind == RECORD_INO) {
		memcpy(&ino, at, sizeof(ino));
		snprintf(digits, sizeof(digits), "%" PRIu64, ino);
		return json_string(digits);
	}
	if (is_number(f->kind)) {
		memcpy(&number, at, sizeof(number));
		return number < 0 && f->kind == RECORD_COUNT ? NULL : json_integer(number);
	}
	if (memchr(at, '\0', f->size) == NULL || !is_text_good(f, at))
		return NULL;
	return json_string(at);
}

int record_save(const char *path, const struct record_field *fields, size_t n, const void *in,
		struct err *e)
{
	own_json json_t *object = json_object();
	own_free char *text = NULL;
	own_free char *line = NULL;

	for (size_t i = 0; i < n; i++) {
		json_t *value = value_of(&fields[i], in);

		if (!value)
			return err_set(e, ERR_US, "cannot write %s: its %s is invalid", path,
				       fields[i].name);
		if (json_object_set_new(object, fields[i].name, value) < 0)
			return err_set(e, ERR_NOBODY, "out of memory for %s", path);
	}
	text = json_dumps(object, JSON_INDENT(2));
	if (!text)
		return err_set(e, ERR_NOBODY, "out of memory for %s", path);
	line = fs_path("%s\n", text);
	return fs_replace(AT_FDCWD, path, line, strlen(line), 0644, e);
}

static bool read_ino(const json_t *value, uint64_t *out)
{
	const char *s = json_string_value(value);
	char *end;

	if (!s || strlen(s) > 20 || *s == '\0' || s[strspn(s, "0123456789")] != '\0')
		return false;
	errno = 0;
	*out = strtoull(s, &end, 10);
	return errno == 0;
}

static bool read_value(const struct record_field *f, const json_t *value, char *out)
{
	const char *s = json_string_value(value);
	int64_t number;
	uint64_t ino;

	if (f->kind == RECORD_INO) {
		if (!read_ino(value, &ino))
			return false;
		memcpy(out + f->offset, &ino, sizeof(ino));
		return true;
	}
	if (is_number(f->kind)) {
		number = json_integer_value(value);
		if (!json_is_integer(value) || (number < 0 && f->kind == RECORD_COUNT))
			return false;
		memcpy(out + f->offset, &number, sizeof(number));
		return true;
	}
	/* Refuses a string with a NUL inside: its JSON length exceeds strlen. */
	if (!s || strlen(s) != json_string_length(value) || !is_text_good(f, s))
		return false;
	memcpy(out + f->offset, s, strlen(s) + 1);
	return true;
}

static bool read_field(const struct record_field *f, const json_t *object, char *out)
{
	const json_t *value = json_object_get(object, f->name);

	return value ? read_value(f, value, out) : f->optional;
}

int record_load(const char *path, const struct record_field *fields, size_t n, void *out,
		size_t size, struct err *e)
{
	own_json json_t *object = NULL;
	own_free char *text = NULL;
	own_free char *fresh = calloc(1, size);
	json_error_t why;
	size_t len;

	if (!fresh)
		return err_set(e, ERR_NOBODY, "out of memory for %s", path);
	if (fs_read(AT_FDCWD, path, RECORD_MAX, &text, &len, e) < 0)
		return -1;
	object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!object)
		return err_set(e, ERR_OPERATOR, "%s:%d:%d: %s", path, why.line, why.column,
			       why.text);
	for (size_t i = 0; i < n; i++)
		if (!read_field(&fields[i], object, fresh))
			return err_set(e, ERR_OPERATOR, "%s: its %s is missing or invalid", path,
				       fields[i].name);
	memcpy(out, fresh, size);
	return 0;
}

void record_plain(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}
