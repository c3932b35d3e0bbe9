/* doctor_placement: compares Nova's reserved_host_disk_mb with what the cache and hornero take.
 * DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/placement.h"
#include "lib/fs.h"
#include "lib/own.h"

void doctor_placement(struct doctor *d)
{
	own_free char *mend = NULL;
	struct err why = ERR_INIT;
	struct placement p;

	if (placement_look(d->c, &p, &why) < 0)
		return; /* doctor_directories says so */
	mend = fs_path("set reserved_host_disk_mb = %lld in [DEFAULT] of %s and restart "
		       "nova-compute; hornero cache --placement shows the parts",
		       (long long)p.needed_mib, d->c->nova_conf);
	if (!p.is_local)
		doctor_ok(d, "Nova does not keep the disks of instances in %s",
			  d->c->instances_path);
	else if (p.nova_mib < 0)
		doctor_ok(d, "not compared with Nova's reserved_host_disk_mb: %s",
			  p.problem.class ? p.problem.msg : "its value is no number");
	else if (p.nova_mib < p.needed_mib)
		doctor_say(d, DOCTOR_WARN, mend,
			   "Nova promises instances disk space that its image cache and hornero "
			   "take: reserved_host_disk_mb is %lld, and %lld is needed (Nova's bug "
			   "1878024)",
			   (long long)p.nova_mib, (long long)p.needed_mib);
	else
		doctor_ok(d, "Nova reserves %lld MiB, and %lld are needed", (long long)p.nova_mib,
			  (long long)p.needed_mib);
}
