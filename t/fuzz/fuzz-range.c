/* fuzz-range: one Range header, for files of several sizes. The part to send lies in the file. A
 * broken promise aborts. clang -fsanitize=fuzzer runs it (make fuzz); a unit test replays
 * corpus/fuzz-range. The pure file is included, so that the target is whole by itself. */
#include "fuzz-range.h"

#include "serve/range.c"

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void try_size(const char *header, uint64_t size)
{
	uint64_t first = 7, n = 9;

	if (range_read(header, size, &first, &n) == RANGE_PART)
		promise(n > 0 && first < size && n <= size - first);
	else
		promise(first == 7 && n == 9);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t sizes[] = {0, 1, 2, 100, 1 << 20, INT64_MAX, UINT64_MAX};
	/* An exact allocation, so that a sanitizer sees each read beyond it. */
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		try_size(text, sizes[i]);
	free(text);
	return 0;
}
