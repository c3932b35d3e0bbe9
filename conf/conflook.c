/* conflook: looks at hornero.yaml for users: its faults, and the values in force. DIAGNOSTICS: as
 * conf_load. */
#include "conf/conf.h"

#include "conf/confsettings.h"
#include "conf/yaml.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <stdlib.h>
#include <string.h>

int conf_check(const char *path, void (*told)(void *arg, const struct err *fault), void *arg,
	       struct err *e)
{
	own_free char *text = NULL, *dir = NULL;
	own_doc struct doc *doc = NULL;
	own_conf struct conf *c = calloc(1, sizeof(*c));
	struct err fault = ERR_INIT;
	char real[PATH_MAX];
	size_t len;

	if (!c)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (conf_read(path, real, &text, &len, e) < 0)
		return -1;
	if (doc_parse(real, text, len, ERR_OPERATOR, &doc, &fault) < 0)
		return told(arg, &fault), 1;
	dir = fs_path("%.*s", (int)(strrchr(real, '/') - real), real);
	return settings_check(&conf_settings, doc, *dir ? dir : "/", c, told, arg);
}

int conf_each_value(const char *path, void (*each)(void *arg, const struct conf_value *v),
		    void *arg, struct err *e)
{
	own_free char *text = NULL;
	own_doc struct doc *doc = NULL;
	own_conf struct conf *c = NULL;
	char real[PATH_MAX];
	size_t len;

	if (conf_read(path, real, &text, &len, e) < 0 ||
	    conf_parse(&c, real, text, len, e) < 0 ||
	    doc_parse(real, text, len, ERR_OPERATOR, &doc, e) < 0)
		return -1;
	for (size_t i = 0; i < conf_settings.n; i++) {
		const struct setting *k = &conf_settings.list[i];
		bool is_list = k->type == SETTING_LIST;
		own_free char *value = is_list ? NULL : settings_text(k, c);
		char *const *list = is_list ? *(char ***)((char *)c + k->offset) : NULL;
		const char *shown = value;
		bool is_given = settings_given(doc, k);
		bool is_number = k->type == SETTING_COUNT || k->type == SETTING_SIZE ||
				 k->type == SETTING_DURATION;

		if (is_number && strcmp(value, "0") == 0 && k->zero)
			shown = k->zero;
		else if (is_number && !is_given && !k->fallback)
			shown = NULL;
		is_number = is_number && shown == value;
		each(arg, &(struct conf_value){k->name, shown, list, is_number, is_given});
	}
	return 0;
}
