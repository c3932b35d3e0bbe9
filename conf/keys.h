/* keys: the keys of hornero.yaml. struct conf has a member for each. */
#ifndef HORNERO_CONF_KEYS_H
#define HORNERO_CONF_KEYS_H

#include "conf/table.h"

extern const struct table conf_table;

#endif
