/* reasons: pure. DIAGNOSTICS: none. */
#include "cli/reasons.h"

#include <stddef.h>

#define WARM true, false
#define OF_NODE false, true
#define OTHER false, false

static const struct reason_entry entries[] = {
	[REASON_WARM] = {"warm", WARM, "The image is warm at the commit of its ref."},
	[REASON_PINNED] = {"pinned", WARM, "A rollback pins the image to an earlier release."},
	[REASON_RELEASE_ONLY] = {"release-only", WARM,
		"Only its release follows the ref, as in_use says."},
	[REASON_REF_GONE] = {"ref-gone", WARM,
		"The ref was deleted; the last artifact stays warm."},
	[REASON_RELEASE_COLD] = {"release-cold", WARM,
		"The image is warm, and its release is not in the cache."},
	[REASON_RELEASE_FOREIGN] = {"release-foreign", WARM,
		"The image is warm; a file of other bytes has the name of its release."},
	[REASON_UNREGISTERED] = {"unregistered", OTHER, "This node has no image of this UUID."},
	[REASON_UNBOUND] = {"unbound", OTHER, "The image is bound once Glance has its record."},
	[REASON_IMAGE_FILE] = {"image-file", OTHER, "The file of the image has an error."},
	[REASON_NO_REPOSITORY] = {"no-repository", OTHER, "The image\\(aqs repository is missing."},
	[REASON_REPOSITORY] = {"repository", OTHER,
		"The repository cannot be read, or an object of the commit is missing."},
	[REASON_NOT_PUSHED] = {"not-pushed", OTHER, "Nothing was pushed to the ref yet."},
	[REASON_OTHER_REF] = {"other-ref", OTHER,
		"Nothing was pushed to the ref, but another ref has commits."},
	[REASON_REF_DELETED] = {"ref-deleted", OTHER,
		"The ref was deleted, and the image is not warm."},
	[REASON_SKIPPED] = {"skipped", OTHER, "The commit was pushed with \\-o skip."},
	[REASON_NO_JOB] = {"no-job", OTHER, "The image was never warm, and no job is queued."},
	[REASON_REF_MOVED] = {"ref-moved", OTHER, "The ref has moved, and no job is queued."},
	[REASON_PIN_MOVED] = {"pin-moved", OTHER, "The pin has changed, and no job is queued."},
	[REASON_AGED_OUT] = {"aged-out", OTHER, "Nova aged the file out, or a user removed it."},
	[REASON_REMOVED] = {"removed", OTHER,
		"A user removed the file: it was too young for Nova to age it out."},
	[REASON_COLLECTED] = {"collected", OTHER, "hornero removed the file to make room."},
	[REASON_LET_GO] = {"let-go", OTHER, "The image is no longer kept warm, as keep_warm says."},
	[REASON_CHANGED] = {"changed", OTHER, "Bytes of the file in the cache were changed."},
	[REASON_FOREIGN_FILE] = {"foreign-file", OTHER,
		"A foreign file has the image\\(aqs name in the cache, and no job is queued."},
	[REASON_CONFIGURATION] = {"configuration", OF_NODE, "hornero.yaml has an error."},
	[REASON_QUEUE] = {"queue", OF_NODE, "The queue is missing, damaged or unreadable."},
	[REASON_AGENT_OFF] = {"agent-off", OF_NODE, "hornerod does not run."},
	[REASON_AGENT_STOPPED] = {"agent-stopped", OF_NODE,
		"hornerod is stopped, or hangs in the kernel."},
	[REASON_LOCK] = {"lock", OTHER, "A program holds Nova\\(aqs lock of the image."},
	[REASON_FLATTENING] = {"flattening", OTHER,
		"Disks of instances are made independent of the old bytes."},
	[REASON_RETRY] = {"retry", OTHER, "The publication failed and is tried again."},
	[REASON_DISK] = {"disk", OF_NODE, "A filesystem is below its floor."},
	[REASON_PRESSURE] = {"pressure", OF_NODE,
		"The node is short of memory, disk or processor time."},
	[REASON_INSTANCE] = {"instance", OTHER, "An instance stands on the old bytes."},
	[REASON_FOREIGN] = {"foreign", OTHER,
		"A file that hornero did not put there has the image\\(aqs name in the cache."},
	[REASON_PUBLISHER] = {"publisher", OTHER, "The publisher does not answer."},
	[REASON_DRAIN] = {"drain", OF_NODE, "An operator drains the node."},
	[REASON_PAUSE] = {"pause", OF_NODE, "A user paused the image, or all of the node."},
	[REASON_UNKNOWN] = {"unknown", OF_NODE, "Another version of hornero wrote the reason."},
	[REASON_PLANNED] = {"planned", OTHER, "The job was queued for a later time."},
	[REASON_BACK_OFF] = {"back-off", OTHER, "An attempt failed; the next one comes later."},
	[REASON_SAME_IMAGE] = {"same-image", OTHER, "Another job of the image runs."},
	[REASON_IDLE] = {"idle", OTHER,
		"A confirmation waits until the node has nothing else to do."},
	[REASON_SLOT] = {"slot", OF_NODE, "All workers are busy."},
	[REASON_QUOTA] = {"quota", OF_NODE,
		"All workers are busy, as many as compile_core_limit allows."},
	[REASON_MEMORY] = {"memory", OF_NODE,
		"All workers are busy, as many as compile_mem_limit allows."},
	[REASON_LIMIT] = {"limit", OTHER,
		"Its repository or its builder\\(aqs group has as many builds as it may have."},
	[REASON_STARTING] = {"starting", OTHER, "The job is about to start."},
	[REASON_BUILDING] = {"building", OTHER, "The job is being built."},
	[REASON_NO_PROCESSOR] = {"no-processor", OTHER,
		"The job is being built; others keep the processors busy."},
	[REASON_PUBLISHING] = {"publishing", OTHER, "The job is being published."},
	[REASON_HELD] = {"held", OTHER, "The job waits for an operator."},
	[REASON_FAILED] = {"failed", OTHER, "The build failed."},
	[REASON_CANCELLED] = {"cancelled", OTHER, "A user cancelled the job."},
	[REASON_SUPERSEDED] = {"superseded", OTHER, "A newer job took the place of the job."},
	[REASON_PUBLISHED] = {"published", OTHER, "The job was built and published."},
	[REASON_SAME_CONTENT] = {"same-content", OTHER,
		"An artifact of the same content was published, without a build."},
};
_Static_assert(sizeof(entries) / sizeof(entries[0]) == REASONS, "each one has its entry");

const struct reason_entry *reason_entry(enum reason_kind k)
{
	return &entries[(unsigned int)k < REASONS ? k : REASON_UNKNOWN];
}

enum reason_kind reason_of_waiting(enum waiting w)
{
	static const enum reason_kind kinds[] = {
		[WAITING_NOTHING] = REASON_PUBLISHING, [WAITING_LOCK] = REASON_LOCK,
		[WAITING_FLATTENING] = REASON_FLATTENING, [WAITING_RETRY] = REASON_RETRY,
		[WAITING_DISK] = REASON_DISK, [WAITING_PRESSURE] = REASON_PRESSURE,
		[WAITING_INSTANCE] = REASON_INSTANCE, [WAITING_FOREIGN] = REASON_FOREIGN,
		[WAITING_PUBLISHER] = REASON_PUBLISHER, [WAITING_DRAIN] = REASON_DRAIN,
		[WAITING_PAUSE] = REASON_PAUSE, [WAITING_UNKNOWN] = REASON_UNKNOWN,
	};

	return kinds[(unsigned int)w <= WAITING_UNKNOWN ? w : WAITING_UNKNOWN];
}

bool reason_is_of_open_job(enum reason_kind k)
{
	return k >= REASON_LOCK && k <= REASON_PUBLISHING;
}

bool reason_is_well(enum reason_kind k)
{
	return reason_entry(k)->is_warm && k != REASON_RELEASE_COLD && k != REASON_RELEASE_FOREIGN;
}
