/* offers: DIAGNOSTICS: logs what fails. */
#include "glance/offers.h"

#include "lib/log.h"
#include "lib/own.h"
#include "store/offer.h"

enum { PAGES_MOST = 50 };

void offers_look(struct glance *g)
{
	own_free struct offer *list = calloc(OFFERS_MOST, sizeof(*list));
	char marker[UUID_LEN + 1] = "";
	struct err e = ERR_INIT;
	size_t n = 0;

	if (!list)
		return;
	for (int page = 0; page < PAGES_MOST; page++) {
		if (imageapi_offers(g, marker, list, &n, &e) != SAID_YES) {
			log_warn("event=offers-unread %s", e.msg);
			return;
		}
		if (!*marker)
			break;
	}
	if (offers_save(g->conf->glance_dir, list, n, &e) < 0)
		log_warn("event=offers-unwritten %s", e.msg);
}
