/* Builder files, and the ones that come with hornero. */
#include "t/lib/conf-test.h"

#include "conf/builder.h"
#include "conf/repowords.h"

#include <sys/stat.h>

#define LEAST "argv: [make]\nartifact: /build/src/x\nformat: raw\n"

static void expect_refused(const char *text, const char *message)
{
	struct builder b = {0};
	struct err e = ERR_INIT;

	if (builder_parse("b.yaml", "b", text, strlen(text), &b, &e) == 0)
		fail_msg("accepted: %s", text);
	assert_err(&e, ERR_OPERATOR, message);
	assert_null(b.name);
}

static void the_least(void **state)
{
	struct builder b = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(builder_parse("b.yaml", "make-2", LEAST, strlen(LEAST), &b, &e), 0);
	assert_string_equal(b.name, "make-2");
	assert_string_equal(b.group, "make-2");
	assert_string_equal(b.argv[0], "make");
	assert_null(b.argv[1]);
	assert_string_equal(b.artifact, "/build/src/x");
	assert_int_equal(b.format, BUILDER_RAW);
	assert_null(b.allow);
	assert_true(!b.detect && !b.env && !b.needs && !b.version && !b.inputs && !b.inputs_at &&
		    !b.devices && !b.clean_when && b.reproducible == BUILDER_REPRODUCIBLE_NO);
	assert_int_equal(b.build_timeout_s, 0);
	assert_int_equal(b.text_len, strlen(LEAST));
	assert_memory_equal(b.text, LEAST, strlen(LEAST));
	builder_fini(&b);
}

static void everything(void **state)
{
	static const char text[] =
		"detect: [Capstanfile, meta/package.yaml]\ngroup: osv\n"
		"argv:\n  - sh\n  - -c\n  - |\n    set -e\n    make\n"
		"env: {A: /x, B: 'a=b c', C_9: , D: null}\n"
		"artifact: /build/cache/r/h.qemu\nformat: qcow2\nneeds: [capstan, "
		"/usr/bin/qemu-img]\n"
		"version: [[gcc, --version], [make, -v]]\n"
		"inputs: [/a/base, '/b:/build/cache/b', /c:/c]\ndevices: "
		"[/dev/kvm]\nbuild_timeout: 30m\nclean_when: ['*.mk', sub/Makefile]\n";
	struct builder b = {0};
	struct err e = ERR_INIT;

	(void)state;
	if (builder_parse("b.yaml", "capstan", text, strlen(text), &b, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(b.group, "osv");
	assert_string_equal(b.detect[1], "meta/package.yaml");
	assert_string_equal(b.argv[2], "set -e\nmake\n");
	assert_string_equal(b.env[0], "A=/x");
	assert_string_equal(b.env[1], "B=a=b c");
	assert_string_equal(b.env[2], "C_9=");
	assert_string_equal(b.env[3], "D=");
	assert_null(b.env[4]);
	assert_int_equal(b.format, BUILDER_QCOW2);
	assert_string_equal(b.needs[1], "/usr/bin/qemu-img");
	assert_string_equal(b.version[0][1], "--version");
	assert_string_equal(b.version[1][0], "make");
	assert_null(b.version[1][2]);
	assert_null(b.version[2]);
	assert_string_equal(b.inputs[0], "/a/base");
	assert_string_equal(b.inputs_at[0], "/a/base");
	assert_string_equal(b.inputs[1], "/b");
	assert_string_equal(b.inputs_at[1], "/build/cache/b");
	assert_string_equal(b.inputs_at[2], "/c");
	assert_null(b.inputs[3]);
	assert_null(b.inputs_at[3]);
	assert_string_equal(b.devices[0], "/dev/kvm");
	assert_string_equal(b.clean_when[0], "*.mk");
	assert_string_equal(b.clean_when[1], "sub/Makefile");
	assert_null(b.clean_when[2]);
	assert_int_equal(b.build_timeout_s, 1800);
	builder_fini(&b);
}

static void refused_files(void **state)
{
	(void)state;
	expect_refused("argv: [make]\nformat: raw\n",
		       "b.yaml:1:1: artifact is missing; an absolute path below /build is needed");
	expect_refused("argv: [make]\nartifact: /build/x\n",
		       "b.yaml:1:1: format is missing; raw, qcow2 or kernel is needed");
	expect_refused("artifact: /build/x\nformat: raw\n",
		       "b.yaml:1:1: argv is missing; a list of words is needed");
	expect_refused(LEAST "argv: [x]\n",
		       "b.yaml:4:1: duplicate key \"argv\"; it is already in line 1");
	expect_refused("argv: make\n", "b.yaml:1:7: argv is a text; a list of words is allowed");
	expect_refused("argv: []\n", "b.yaml:1:7: argv is empty; at least one entry is needed");
	expect_refused("argv: [make, [x]]\n",
		       "b.yaml:1:14: argv holds a list; a text is allowed in its place");
	expect_refused("argv:\n  - make\n  -\n",
		       "b.yaml:3:4: argv holds nothing; a text is allowed in its place");
	expect_refused("format: vmdk\n",
		       "b.yaml:1:9: format is \"vmdk\"; raw, qcow2 or kernel is allowed");
	expect_refused("cmdline: 'a\"b'\n",
		       "b.yaml:1:10: cmdline: \"a\"b\": a text of at most 1024 printable ASCII "
		       "characters, without quotation marks and backslashes is allowed");
	expect_refused(LEAST "firmware: both\n",
		       "b.yaml:4:1: firmware is a setting of format: kernel; remove it");
	expect_refused(LEAST "kernel_modules: [/build/src/m]\n",
		       "b.yaml:4:1: kernel_modules is a setting of format: kernel; remove it");
	expect_refused(LEAST "inputs: ['/a:/opt/a', '/b:/opt/a']\n",
		       "b.yaml:4:23: inputs: /a and /b both appear at /opt/a; let one appear "
		       "elsewhere");
	expect_refused(LEAST "inputs: ['/a:/opt/a/b', '/opt/a']\n",
		       "b.yaml:4:25: inputs: what appears at /opt/a would hide /opt/a/b, which is "
		       "listed before it; list it first");
	expect_refused(LEAST "inputs: [/build/src/a]\n",
		       "b.yaml:4:10: inputs: /build/src/a is in the checkout; let it appear "
		       "outside /build/src");
	expect_refused(LEAST "inputs: ['/a:/build']\n",
		       "b.yaml:4:10: inputs: the sandbox has files of its own at /build; let the "
		       "input appear elsewhere, as HOST:SANDBOX");
	expect_refused(LEAST "inputs: ['/a:/proc/a']\n",
		       "b.yaml:4:10: inputs: the sandbox has files of its own at /proc/a; let the "
		       "input appear elsewhere, as HOST:SANDBOX");
	expect_refused(LEAST "allow: [artifact, cmdline]\n",
		       "b.yaml:4:19: allow: cmdline is a setting of format: kernel; remove it");
	expect_refused(LEAST "fetch_locks: [a]\n",
		       "b.yaml:4:1: fetch_locks has no use without fetch; set fetch, or remove it");
	expect_refused(LEAST "fetch: [a]\n",
		       "b.yaml:4:1: fetch needs fetch_locks: the files of a tree that decide what "
		       "is fetched");
	expect_refused(LEAST "fetch: [a]\nfetch_locks: [a]\ninputs: ['/a:/build/fetched/a']\n",
		       "b.yaml:6:9: inputs: /build/fetched/a is where fetch leaves its files; let "
		       "it appear outside /build/fetched");
	expect_refused("artifact: /etc/passwd\n",
		       "b.yaml:1:11: artifact: \"/etc/passwd\": a path below /build/ is allowed");
	expect_refused("artifact: /build/../etc/passwd\n",
		       "b.yaml:1:11: artifact: \"/build/../etc/passwd\": an absolute path is "
		       "allowed, without a slash at its end, "
		       "\"//\", \".\" or \"..\"");
	expect_refused("artifact: out.raw\n",
		       "b.yaml:1:11: artifact: \"out.raw\": an absolute path is allowed, without a "
		       "slash at its end, \"//\", \".\" "
		       "or \"..\"");
	expect_refused("env: [A=b]\n",
		       "b.yaml:1:6: env is a list; a mapping of names to texts is allowed");
	expect_refused("env: {A: {}}\n",
		       "b.yaml:1:10: env holds a mapping; a text is allowed in its place");
	expect_refused("env:\n  A=B: c\n", "b.yaml:2:3: env holds the name \"A=B\"; A-Z, a-z, 0-9 "
					   "and _ are allowed, not beginning with a digit");
	expect_refused("env: {'': c}\n", "b.yaml:1:7: env holds the name \"\"; A-Z, a-z, 0-9 and _ "
					 "are allowed, not beginning with a digit");
	expect_refused("version: [gcc, --version]\n",
		       "b.yaml:1:11: version holds a text; each entry is a list of words, as [gcc, "
		       "--version]");
	expect_refused("version: [[]]\n", "b.yaml:1:11: version holds an empty list; each entry is "
					  "a list of words, as [gcc, --version]");
	expect_refused("detect: [../x]\n", "b.yaml:1:10: detect: \"../x\": a relative path is "
					   "allowed, without a slash at its ends, \"//\", \".\", "
					   "\"..\" or \".git\"");
	expect_refused("detect: [\"*.mk\"]\n", "b.yaml:1:10: detect: \"*.mk\": patterns are not "
						"allowed here; name the file");
	expect_refused("artifact: /build/src/*.raw\n",
		       "b.yaml:1:11: artifact: \"/build/src/*.raw\": patterns are not allowed "
		       "here; name the file");
	expect_refused(
		"clean_when: [/Makefile]\n",
		"b.yaml:1:14: clean_when: \"/Makefile\": a relative path is allowed, without a "
		"slash at its ends, \"//\", \".\", \"..\" or \".git\"");
	expect_refused("devices: [/etc/shadow]\n",
		       "b.yaml:1:11: devices: \"/etc/shadow\": a path below /dev/ is allowed");
	expect_refused("inputs: ['/a:/build/src/a']\n", "b.yaml:1:10: inputs: \"/a:/build/src/a\": "
							"an input must appear outside /build/src");
	expect_refused("inputs: ['/a:b']\n",
		       "b.yaml:1:10: inputs: \"b\": an absolute path is allowed, without a slash "
		       "at its end, \"//\", \".\" or "
		       "\"..\"");
	expect_refused(
		"needs: [bin/x]\n",
		"b.yaml:1:9: needs: \"bin/x\": a program's name or absolute path is allowed");
	expect_refused("group: Osv\n", "b.yaml:1:8: group: \"Osv\": a name of a-z, 0-9 and - is "
				       "allowed, at most 32 long, not beginning with -");
	expect_refused("build_timeout: 8\nnetwork: host\n",
		       "b.yaml:2:1: unknown setting \"network\"; "
		       "allowed: detect, instead_of, group, argv, env, "
		       "artifact, format, firmware, cmdline, initrd, kernel_modules, needs, "
		       "version, inputs, devices, build_timeout, clean_when, reproducible, "
		       "fetch, fetch_locks, fetch_env, allow");
}

static void a_kernel(void **state)
{
	static const char text[] = "argv: [make]\nartifact: /build/src/x\nformat: kernel\n"
				   "firmware: both\ncmdline: a b\ninitrd: /build/src/i\n"
				   "kernel_modules: [/build/src/m]\nneeds: [make]\n";
	struct builder b = {0};
	struct err e = ERR_INIT;

	(void)state;
	if (builder_parse("b.yaml", "k", text, strlen(text), &b, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(b.format, BUILDER_KERNEL);
	assert_int_equal(b.firmware, BUILDER_BOTH);
	assert_string_equal(b.cmdline, "a b");
	assert_string_equal(b.initrd, "/build/src/i");
	assert_string_equal(b.kernel_modules[0], "/build/src/m");
	assert_string_equal(b.needs[0], "make");
	assert_string_equal(b.needs[1], "grub-mkimage");
	assert_string_equal(builder_package(b.needs[1]), "grub-common");
	assert_string_equal(builder_package("kraft"), "");
	assert_null(builder_package("no-such-tool"));
	assert_string_equal(b.version[0][0], "sh");
	assert_non_null(b.version[2]);
	assert_null(b.version[3]);
	builder_fini(&b);
}

static void a_broken_one_is_broken_alone(void **state)
{
	static const char *const files[][2] = {
		{"zmake.yaml", LEAST},
		{"amake.yaml", LEAST},
		{"bad.yaml", "argv: &x [make]\n"},
		{"Upper.yaml", LEAST},
		{".hidden.yaml", "x"},
		{"README", "x"},
		{"make.yaml.dpkg-old", "x"},
		{".yaml", "x"},
	};
	own_builders struct builders *all = NULL;
	struct builders *none = NULL;
	struct err e = ERR_INIT;
	int upper;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		own_free char *path = fs_path("%s/%s", (char *)*state, files[i][0]);

		write_file(path, files[i][1]);
	}
	assert_int_equal(builders_load(*state, &all, &e), 0);
	assert_int_equal(all->n, 2);
	assert_string_equal(all->list[0].name, "amake");
	assert_string_equal(all->list[1].name, "zmake");
	assert_ptr_equal(builder_find(all, "zmake"), &all->list[1]);
	assert_null(builder_find(all, "bad"));
	assert_int_equal(all->nbroken, 2);
	upper = strstr(all->broken[0].msg, "Upper") ? 0 : 1;
	assert_err_has(&all->broken[upper],
		       "/Upper.yaml: the name of a builder file: \"Upper\": a name of a-z");
	assert_err_has(&all->broken[1 - upper], "/bad.yaml:1:7: an anchor (&)");
	assert_int_equal(all->broken[upper].class, ERR_OPERATOR);
	assert_int_equal(builders_load("/nonexistent", &none, &e), -1);
	assert_err_has(&e, "(builders_dir)");
}

static void the_ones_that_come_with_hornero(void **state)
{
	const char *src = getenv("HORNERO_SRC");
	own_free char *dir = fs_path("%s/etc/builders.d", src && *src ? src : ".");
	own_builders struct builders *all = NULL;
	const struct builder *b;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(builders_load(dir, &all, &e), 0);
	for (size_t i = 0; i < all->nbroken; i++)
		fail_msg("%s", all->broken[i].msg);
	b = builder_find(all, "make");
	assert_non_null(b);
	assert_null(b->detect);
	assert_string_equal(b->artifact, "/build/src/hornero.raw");
	assert_true(repowords_may(b->allow, "artifact", "") &&
		    repowords_may(b->allow, "env", "CFLAGS") &&
		    !repowords_may(b->allow, "cmdline", ""));
	b = builder_find(all, "capstan");
	assert_non_null(b);
	assert_string_equal(b->detect[0], "Capstanfile");
	assert_string_equal(b->group, "osv");
	assert_string_equal(b->artifact, "/build/cache/capstan/repository/hornero/hornero.qemu");
	assert_int_equal(b->format, BUILDER_QCOW2);
	assert_string_equal(b->inputs_at[0],
			    "/build/cache/capstan/repository/cloudius/osv-base/osv-base.qemu");
	b = builder_find(all, "capstan-compose");
	assert_non_null(b);
	assert_string_equal(b->detect[0], "meta/package.yaml");
	assert_non_null(strstr(b->argv[2], "compose --fs rofs hornero"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least),
		cmocka_unit_test(everything),
		cmocka_unit_test(a_kernel),
		cmocka_unit_test(refused_files),
		cmocka_unit_test_setup_teardown(a_broken_one_is_broken_alone, scratch_make,
						scratch_remove),
		cmocka_unit_test(the_ones_that_come_with_hornero),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
