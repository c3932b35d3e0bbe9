/* config: `hornero config check` and `config show`. DIAGNOSTICS: exit 78 with each fault of the
 * file; ERR_OPERATOR if it cannot be read. */
#include "cli/table.h"
#include "cli/words.h"
#include "conf/good.h"
#include "lib/own.h"

#include <string.h>

struct faults {
	const char *path;
	json_t *rows; /* NULL: print them */
};

/* Splits FILE:LINE:COLUMN: off the message. */
static json_t *fault_json(const char *path, const char *msg)
{
	const char *rest = strncmp(msg, path, strlen(path)) == 0 ? msg + strlen(path) : NULL;
	int line, column, at = 0;

	if (!rest || sscanf(rest, ":%d:%d: %n", &line, &column, &at) != 2 || at == 0)
		return json_pack("{s:n, s:n, s:s}", "line", "column", "problem", msg);
	return json_pack("{s:i, s:i, s:s}", "line", line, "column", column, "problem", rest + at);
}

static void tell(void *arg, const struct err *fault)
{
	struct faults *f = arg;

	if (f->rows)
		json_array_append_new(f->rows, fault_json(f->path, fault->msg));
	else
		cli_say(stderr, "hornero: %s", fault->msg);
}

static int keep(const char *path, struct err *e)
{
	int kept = conf_keep_good(path, e);

	if (kept > 0)
		cli_say(stderr,
			"hornero: services use the copy %s" CONF_GOOD_ENDING
			" while the file is broken",
			path);
	return kept < 0 ? -1 : 0;
}

int config_check_run(struct cli *cli, const struct call *call, struct err *e)
{
	const char *named = call->nargs > 0 ? call->args[0] : conf_find(cli->conf_option);
	own_free char *real = realpath(named, NULL);
	struct faults f = {real ? real : named, cli->json ? json_array() : NULL};
	int n;

	if (cli->json && !f.rows)
		return err_set(e, ERR_NOBODY, "out of memory");
	n = conf_check(named, tell, &f, e);
	if (n < 0) {
		json_decref(f.rows);
		return -1;
	}
	if (cli->json)
		json_out(json_pack("{s:s, s:b, s:o}", "file", f.path, "valid", n == 0, "faults",
				   f.rows));
	else if (n == 0)
		cli_say(stdout, "%s is valid", f.path);
	if (n == 0 && call_option(call, "keep"))
		return keep(f.path, e);
	return n == 0 ? 0 : err_exit(ERR_OPERATOR);
}

struct shown {
	bool all;
	json_t *object; /* NULL: print YAML */
};

/* Prints the text in double quotes; it has no control characters. */
static void print_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static void print_list(char *const *list)
{
	putchar('[');
	for (; *list; list++) {
		print_quoted(*list);
		if (list[1])
			fputs(", ", stdout);
	}
	putchar(']');
}

static json_t *value_json(const struct conf_value *v)
{
	json_t *list = v->list ? json_array() : NULL;

	for (char *const *at = v->list; at && *at; at++)
		json_array_append_new(list, json_string(*at));
	if (v->list)
		return list;
	if (!v->text)
		return json_null();
	return v->is_number ? json_integer(strtoll(v->text, NULL, 10)) : json_string(v->text);
}

static void show(void *arg, const struct conf_value *v)
{
	const struct shown *s = arg;

	if (!s->all && !v->is_given)
		return;
	if (s->object) {
		json_object_set_new(s->object, v->name, value_json(v));
	} else if (!v->text && !v->list) {
		printf("#%s:\n", v->name);
	} else {
		printf("%s: ", v->name);
		if (v->list)
			print_list(v->list);
		else if (v->is_number)
			fputs(v->text, stdout);
		else
			print_quoted(v->text);
		putchar('\n');
	}
}

int config_show_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	struct shown s = {call_option(call, "effective") != NULL, NULL};

	if (!c)
		return -1;
	s.object = cli->json ? json_object() : NULL;
	if (cli->json && !s.object)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (conf_each_value(c->path, show, &s, e) < 0) {
		json_decref(s.object);
		return -1;
	}
	if (s.object)
		json_out(s.object);
	return 0;
}
