/* input: DIAGNOSTICS: ERR_OPERATOR names the builder file and the input. */
#include "conf/input.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>
#include <unistd.h>

const char *input_base(const char *input)
{
	size_t len = strlen(INPUT_BASE);

	return strncmp(input, INPUT_BASE, len) == 0 ? input + len : NULL;
}

char *input_path(const struct conf *c, const char *input)
{
	const char *base = input_base(input);

	return base ? fs_path("%s/%s", c->base_dir, base) : fs_path("%s", input);
}

int input_check(const struct conf *c, const struct builder *b, const char *input, struct err *e)
{
	own_free char *path = input_path(c, input);
	const char *base = input_base(input);
	const char *lacks;
	struct stat st;

	if (stat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			return err_set(e, ERR_OPERATOR,
				       "%s/%s.yaml: the input %s is neither a file nor a directory",
				       c->builders_dir, b->name, path);
		lacks = input_lacks(c, &st);
		return lacks ? err_set(e, ERR_OPERATOR,
				       "%s/%s.yaml: builds cannot read the input %s; chmod %s %s",
				       c->builders_dir, b->name, path, lacks, path)
			     : 0;
	}
	if (base && errno == ENOENT)
		return err_set(e, ERR_OPERATOR,
			       "%s/%s.yaml needs the base image %s, which is not in %s: hornero "
			       "base add %s URL|FILE --sha256 HEX", c->builders_dir, b->name, base,
			       c->base_dir, base);
	return err_sys(e, ERR_OPERATOR, "%s/%s.yaml: cannot read the input %s", c->builders_dir,
		       b->name, path);
}

/* If hornerod is not root, builds run as its user, which reads the file itself. */
const char *input_lacks(const struct conf *c, const struct stat *st)
{
	const mode_t wanted = S_ISDIR(st->st_mode) ? 05 : S_ISREG(st->st_mode) ? 04 : 0;
	const mode_t bits = st->st_uid == c->build_uid ? st->st_mode >> 6
			    : st->st_gid == c->build_gid ? st->st_mode >> 3
							 : st->st_mode;

	if (geteuid() != 0 || (bits & wanted) == wanted)
		return NULL;
	return wanted == 04 ? "a+r" : "-R a+rX";
}
