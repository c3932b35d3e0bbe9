/* program: DIAGNOSTICS: none; an invisible program counts as missing. */
#include "lib/program.h"

#include "lib/fs.h"
#include "lib/own.h"

bool program_is_installed(const char *program)
{
	static const char *const dirs[] = {"/usr/local/bin", "/usr/bin", "/usr/sbin"};

	if (program[0] == '/')
		return access(program, X_OK) == 0;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		own_free char *path = fs_path("%s/%s", dirs[i], program);

		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}
