/* hornero.yaml: defaults, every type of value, every error with its place in the message. */
#include "t/lib/conf-test.h"

#include "conf/conf.h"

#include <sys/stat.h>

static int parse(const char *text, struct conf **c, struct err *e)
{
	*c = NULL;
	return conf_parse(c, "/node/hornero.yaml", text, strlen(text), e);
}

static void expect_refused(const char *text, const char *message)
{
	struct err e = ERR_INIT;
	struct conf *c;

	if (parse(text, &c, &e) == 0)
		fail_msg("accepted: %s", text);
	assert_null(c);
	assert_err(&e, ERR_OPERATOR, message);
}

static void defaults_are_the_papers_and_the_manuals(void **state)
{
	struct err e = ERR_INIT;
	own_conf struct conf *c = NULL;

	(void)state;
	assert_int_equal(parse("", &c, &e), 0);
	assert_string_equal(c->path, "/node/hornero.yaml");
	assert_int_equal(c->compile_core_limit, 10);
	assert_int_equal(c->compile_mem_limit, 2000);
	assert_string_equal(c->repo_base, "/opt/stack/data/Unikernel");
	assert_string_equal(c->state_dir, LOCALSTATEDIR "/lib/hornero");
	assert_string_equal(c->repo_root, LOCALSTATEDIR "/lib/hornero/git");
	assert_string_equal(c->instances_path, "/var/lib/nova/instances");
	assert_string_equal(c->cache_dir, "/var/lib/nova/instances/_base");
	assert_string_equal(c->store_dir, "/var/lib/nova/instances/hornero");
	assert_string_equal(c->builders_dir, SYSCONFDIR "/hornero/builders.d");
	assert_string_equal(c->libexec_dir, PKGLIBEXECDIR);
	assert_string_equal(c->cgroup_top, "hornero");
	assert_null(c->publish_socket);
	assert_null(c->failpoint);
	assert_int_equal(c->isolation, CONF_ISOLATION_CGROUP);
	assert_in_range(c->workers, 2, 4);
	assert_int_equal(c->compile_pids_limit, 4096);
	assert_int_equal(c->build_timeout_s, 1800);
	assert_int_equal(c->silence_timeout_s, 600);
	assert_int_equal(c->log_limit_bytes, 64 << 20);
	assert_int_equal(c->image_size_limit_bytes, 20LL << 30);
	assert_int_equal(c->push_size_limit_bytes, 1LL << 30);
	assert_int_equal(c->sweep_interval_s, 300);
	assert_true(c->build_uid == (uid_t)-1 && c->build_gid == (gid_t)-1 &&
		    c->git_uid == (uid_t)-1);
	assert_true(c->hornero_uid == (uid_t)-1 && c->queue_gid == (gid_t)-1);
	assert_string_equal(c->queue_dir, LOCALSTATEDIR "/lib/hornero/queue");
	assert_string_equal(c->fence_dir, LOCALSTATEDIR "/lib/hornero/fence");
}

static void values_arrive(void **state)
{
	struct err e = ERR_INIT;
	own_conf struct conf *c = NULL;

	(void)state;
	assert_int_equal(parse("---\n"
			       "state_dir: state/   # relative\n"
			       "repo_base: ./unikernels\n"
			       "instances_path: /srv/nova\n"
			       "cache_subdir: base2\n"
			       "compile_core_limit: 100\n"
			       "compile_mem_limit: '512'\n"
			       "log_limit: 65536\n"
			       "image_size_limit: 3G\n"
			       "push_size_limit: 4K\n"
			       "build_timeout: 2h\n"
			       "silence_timeout: 90\n"
			       "sweep_interval: 1s\n"
			       "isolation: none\n"
			       "build_user: 64999\n"
			       "git_user: nobody\n"
			       "queue_group: 0\n"
			       "publish_socket: /run/hornero/publish\n"
			       "failpoint: publish-before-rename:stop\n"
			       "cgroup_top: hornero-t-123\n",
			       &c, &e), 0);
	assert_string_equal(c->state_dir, "/node/state");
	assert_string_equal(c->repo_root, "/node/state/git");
	assert_string_equal(c->run_dir, "/node/state/run");
	assert_string_equal(c->images_dir, "/node/state/images.d");
	assert_string_equal(c->log_dir, "/node/state/log");
	assert_string_equal(c->repo_base, "/node/unikernels");
	assert_string_equal(c->store_dir, "/srv/nova/hornero");
	assert_string_equal(c->cache_dir, "/srv/nova/base2");
	assert_int_equal(c->compile_core_limit, 100);
	assert_int_equal(c->compile_mem_limit, 512);
	assert_int_equal(c->log_limit_bytes, 65536);
	assert_int_equal(c->image_size_limit_bytes, 3LL << 30);
	assert_int_equal(c->push_size_limit_bytes, 4096);
	assert_int_equal(c->build_timeout_s, 7200);
	assert_int_equal(c->silence_timeout_s, 90);
	assert_int_equal(c->sweep_interval_s, 1);
	assert_int_equal(c->isolation, CONF_ISOLATION_NONE);
	assert_int_equal(c->build_uid, 64999);
	assert_int_equal(c->build_gid, 64999);
	assert_int_equal(c->git_uid, 65534);
	assert_int_equal(c->queue_gid, 0);
	assert_string_equal(c->publish_socket, "/run/hornero/publish");
	assert_string_equal(c->failpoint, "publish-before-rename:stop");
	assert_string_equal(c->cgroup_top, "hornero-t-123");
}

/* Red without the bound by memory in conf.c workers_by_limits(). */
static void workers_follow_the_limits(void **state)
{
	const int64_t cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const struct {
		const char *text;
		int64_t workers;
	} cases[] = {
		{"compile_core_limit: 100\ncompile_mem_limit: 1000000\n",
		 cpus < 64 ? cpus + 1 : 64},
		{"workers: auto\ncompile_core_limit: 1\n", (cpus + 99) / 100 + 1},
		{"compile_mem_limit: 16\n", 1},
		{"compile_core_limit: 100\ncompile_mem_limit: 1000\n", 2},
		{"workers: 7\ncompile_mem_limit: 16\n", 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		own_conf struct conf *c = NULL;
		struct err e = ERR_INIT;

		assert_int_equal(parse(cases[i].text, &c, &e), 0);
		assert_int_equal(c->workers, cases[i].workers);
	}
}

static void unknown_keys_name_the_nearest(void **state)
{
	struct err e = ERR_INIT;
	struct conf *c;

	(void)state;
	assert_int_equal(parse("workers: 2\nstate_dri: /x\n", &c, &e), -1);
	assert_err_has(&e, "/node/hornero.yaml:2:1: unknown setting \"state_dri\"; did you mean "
			   "state_dir; hornero.yaml(5) lists all");
	assert_int_equal(parse("frobnicate: yes\n", &c, &e), -1);
	assert_err_has(&e,
		       "/node/hornero.yaml:1:1: unknown setting \"frobnicate\"; "
		       "hornero.yaml(5) lists all");
	assert_int_equal(parse("\"a\\nb\": 1\n", &c, &e), -1);
	assert_err_has(&e, "unknown setting \"a\\x0ab\"");
}

static void wrong_values_say_what_is_allowed(void **state)
{
	static const char core[] =
		"a number from 1 to 100 (percent of the node's whole CPU capacity) is allowed";
	static const char *const cores[] = {"0",
					    "101",
					    "-1",
					    "+5",
					    "1e1",
					    "10%",
					    "ten",
					    "010",
					    "5.5",
					    "0x10",
					    "99999999999999999999",
					    "10K",
					    "1 0"};

	(void)state;
	for (size_t i = 0; i < sizeof(cores) / sizeof(cores[0]); i++) {
		own_free char *text = fs_path("workers: 2\ncompile_core_limit: %s\n", cores[i]);
		own_free char *want = fs_path(
			"/node/hornero.yaml:2:21: compile_core_limit is \"%s\"; %s", cores[i],
			core);

		expect_refused(text, want);
	}
	expect_refused("compile_core_limit:\n  - 10\n",
		       "/node/hornero.yaml:2:3: compile_core_limit is a list; a number from 1 to "
		       "100 (percent of the "
		       "node's whole CPU capacity) is allowed");
	expect_refused("workers: {a: 1}\n", "/node/hornero.yaml:1:10: workers is a mapping; "
					    "auto, or a number from 1 to 64 (builds) is allowed");
	expect_refused("workers:\n", "/node/hornero.yaml:1:9: workers is nothing; auto, or a "
				     "number from 1 to 64 (builds) is allowed");
	expect_refused(
		"isolation: docker\n",
		"/node/hornero.yaml:1:12: isolation is \"docker\"; cgroup or none is allowed");
	expect_refused("log_limit: 99999999999G\n",
		       "/node/hornero.yaml:1:12: log_limit is \"99999999999G\"; a size from 4K to "
		       "64G, in bytes or with K, M or "
		       "G is allowed");
	expect_refused("log_limit: 64MB\n",
		       "/node/hornero.yaml:1:12: log_limit is \"64MB\"; a size from 4K to 64G, in "
		       "bytes or with K, M or G is allowed");
	expect_refused("build_timeout: 2d\n", "/node/hornero.yaml:1:16: build_timeout is \"2d\"; a "
					      "time from 1s to 168h, in seconds or with s, m or h "
					      "is allowed");
	expect_refused("repo_root: ../git\n",
		       "/node/hornero.yaml:1:12: repo_root: \"/node/../git\": an absolute path is "
		       "allowed, without a slash at "
		       "its end, \"//\", \".\" or \"..\"");
	expect_refused("repo_root: ''\n", "/node/hornero.yaml:1:12: repo_root is \"\"; a path of "
					  "at most 1024 bytes is allowed");
	expect_refused("state_dir: "
		       "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		       "aaaaaaaaaaaaaaaaaaaa\n",
		       "/node/hornero.yaml:1:12: state_dir is "
		       "\"/"
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		       "aaaaaaaaaaaaaaaaaaa\"; a path "
		       "of at most 94 bytes is allowed");
	expect_refused("cgroup_top: ../x\n", "/node/hornero.yaml:1:13: cgroup_top: \"../x\": one "
					     "name of A-Z, a-z, 0-9, ., _ and - is allowed, at "
					     "most 64 long, not beginning with . or -");
	expect_refused("failpoint: a:b\n",
		       "/node/hornero.yaml:1:12: failpoint: \"a:b\": "
		       "[PROGRAM/]NAME[:ACTION[:N]] is allowed; ACTION is kill, stop, exit, log, "
		       "ENOSPC, EIO, EINTR or ENOMEM, and N 1 to 99999");
}

static void users_are_looked_up(void **state)
{
	(void)state;
	expect_refused("workers: 1\ngit_user: no-such-user\n",
		       "/node/hornero.yaml:2:11: git_user: there is no user \"no-such-user\" on "
		       "this node; create it, or give another "
		       "name or a number");
	expect_refused("queue_group: no-such-group\n",
		       "/node/hornero.yaml:1:14: queue_group: there is no group \"no-such-group\" "
		       "on this node; create it, or give "
		       "another name or a number");
	expect_refused("build_user: root\n", "/node/hornero.yaml:1:13: build_user is root, number "
					     "0; a number from 1 is allowed");
	expect_refused(
		"build_user: 0\n",
		"/node/hornero.yaml:1:13: build_user is 0, number 0; a number from 1 is allowed");
	expect_refused("git_user: 4294967295\n", "/node/hornero.yaml:1:11: git_user is 4294967295, "
						 "number 4294967295; a number from 0 is allowed");
}

static void files_are_found_and_links_followed(void **state)
{
	own_free char *file = fs_path("%s/hornero.yaml", (char *)*state);
	own_free char *sub = fs_path("%s/repo.git", (char *)*state);
	own_free char *link = fs_path("%s/hornero.yaml", sub);
	own_free char *real = realpath(*state, NULL);
	own_free char *want = fs_path("%s/s", real);
	own_conf struct conf *c = NULL;
	struct err e = ERR_INIT;

	write_file(file, "state_dir: s\n");
	assert_int_equal(mkdir(sub, 0755), 0);
	assert_int_equal(symlink("../hornero.yaml", link), 0);
	assert_int_equal(conf_load(&c, link, &e), 0);
	assert_string_equal(c->state_dir, want);
	assert_string_equal(strrchr(c->path, '/'), "/hornero.yaml");
	assert_null(strstr(c->path, "repo.git"));
}

static void not_a_file(void **state)
{
	own_free char *missing = fs_path("%s/missing.yaml", (char *)*state);
	own_free char *huge = fs_path("%s/huge.yaml", (char *)*state);
	own_free char *fifo = fs_path("%s/fifo.yaml", (char *)*state);
	struct conf *c = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(conf_load(&c, *state, &e), -1);
	assert_err_has(&e, "is not a regular file");
	assert_int_equal(e.class, ERR_OPERATOR);
	assert_int_equal(conf_load(&c, missing, &e), -1);
	assert_err_has(&e, "-c FILE or HORNERO_CONF");
	assert_int_equal(e.sys, ENOENT);
	write_file(huge, "");
	assert_int_equal(truncate(huge, 1LL << 30), 0);
	assert_int_equal(conf_load(&c, huge, &e), -1);
	assert_err_has(&e, "at most 262144 are allowed");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(conf_load(&c, fifo, &e), -1);
	assert_err_has(&e, "is not a regular file");
	assert_null(c);
}

static void the_file_is_found(void **state)
{
	(void)state;
	setenv("HORNERO_CONF", "/env.yaml", 1);
	assert_string_equal(conf_find("/opt.yaml"), "/opt.yaml");
	assert_string_equal(conf_find(NULL), "/env.yaml");
	setenv("HORNERO_CONF", "", 1);
	assert_string_equal(conf_find(NULL), SYSCONFDIR "/hornero/hornero.yaml");
	unsetenv("HORNERO_CONF");
	assert_string_equal(conf_find(NULL), SYSCONFDIR "/hornero/hornero.yaml");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_papers_and_the_manuals),
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(workers_follow_the_limits),
		cmocka_unit_test(unknown_keys_name_the_nearest),
		cmocka_unit_test(wrong_values_say_what_is_allowed),
		cmocka_unit_test(users_are_looked_up),
		cmocka_unit_test_setup_teardown(files_are_found_and_links_followed, scratch_make,
						scratch_remove),
		cmocka_unit_test_setup_teardown(not_a_file, scratch_make, scratch_remove),
		cmocka_unit_test(the_file_is_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
