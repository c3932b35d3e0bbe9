/* reason_json: a reason as JSON. DIAGNOSTICS: if memory runs out, a member is missing. */
#include "cli/sentence.h"
#include "cli/table.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

json_t *reason_text_json(const char *sentence)
{
	own_free char *typed = cli_typed(sentence);

	return text_json(typed);
}

json_t *reason_json(const struct reason *r)
{
	json_t *object = json_object(), *commands = json_array();

	for (int i = 0; i < WHY_COMMANDS && *r->commands[i]; i++) {
		own_free char *quoted = fs_path("`%s`", r->commands[i]);
		own_free char *typed = cli_typed(quoted);

		typed[strlen(typed) - 1] = '\0';
		json_array_append_new(commands, text_json(typed + 1));
	}
	json_object_set_new(object, "state", json_string(reason_name(r->kind)));
	json_object_set_new(object, "is_warm", json_boolean(reason_entry(r->kind)->is_warm));
	json_object_set_new(object, "text", reason_text_json(r->text));
	json_object_set_new(object, "commands", commands);
	return object;
}
