/* confsettings: the settings of hornero.yaml. struct conf has a member for each. */
#ifndef HORNERO_CONF_CONFSETTINGS_H
#define HORNERO_CONF_CONFSETTINGS_H

#include "conf/setting.h"

extern const struct settings conf_settings;

#endif
