-- The queue's database: jobs and their history. It may be deleted at any time; the next sweep
-- queues every cold image again.
--
-- Append-only: a line "-- version N" begins the statements that lead from version N-1 to N. Never
-- edit a released section; add a new one. db/migrate.c runs them; user_version is the number.
-- db/schema.awk makes a C array of them: no other comment may begin with "-- version".
--
-- Every member of the queue's group can write rows, so no reader trusts them.

-- version 1

-- One wish to bring one image to one commit. Times are milliseconds of lib/steady.h, 0: not yet.
CREATE TABLE jobs (
	id            INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
	image         TEXT NOT NULL CHECK (length(image) = 36 AND image NOT GLOB '*[^0-9a-f-]*'),
	repo          TEXT NOT NULL CHECK (length(repo) BETWEEN 1 AND 255),
	ref           TEXT NOT NULL CHECK (length(ref) BETWEEN 1 AND 1000),
	"commit"      TEXT NOT NULL CHECK (length("commit") IN (40, 64) AND "commit" NOT GLOB '*[^0-9a-f]*'),
	origin        TEXT NOT NULL CHECK (length(origin) BETWEEN 1 AND 16 AND origin NOT GLOB '*[^a-z]*'),
	pushed_by     TEXT CHECK (length(pushed_by) <= 1000),
	priority      INTEGER NOT NULL DEFAULT 0,
	force         INTEGER NOT NULL DEFAULT 0 CHECK (force IN (0, 1)),
	clean         INTEGER NOT NULL DEFAULT 0 CHECK (clean IN (0, 1)),
	state         TEXT NOT NULL CHECK (state IN ('queued', 'running', 'built', 'published', 'failed',
	                                             'held', 'superseded', 'cancelled')),
	attempt       INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
	crashes       INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0),
	superseded_by INTEGER,
	not_before_ms INTEGER NOT NULL DEFAULT 0 CHECK (not_before_ms >= 0),
	reason        TEXT CHECK (length(reason) <= 1000),
	waiting_for   TEXT CHECK (length(waiting_for) <= 1000),
	key           TEXT CHECK (length(key) = 64 AND key NOT GLOB '*[^0-9a-f]*'),
	digest        TEXT CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'),
	tree          TEXT CHECK (length(tree) IN (40, 64) AND tree NOT GLOB '*[^0-9a-f]*'),
	inputs        TEXT CHECK (length(inputs) = 64 AND inputs NOT GLOB '*[^0-9a-f]*'),
	builder       TEXT CHECK (length(builder) <= 64),
	built_commit  TEXT CHECK (length(built_commit) IN (40, 64) AND built_commit NOT GLOB '*[^0-9a-f]*'),
	reused        INTEGER NOT NULL DEFAULT 0 CHECK (reused IN (0, 1)),
	created_ms    INTEGER NOT NULL,
	started_ms    INTEGER NOT NULL DEFAULT 0,
	built_ms      INTEGER NOT NULL DEFAULT 0,
	ended_ms      INTEGER NOT NULL DEFAULT 0,
	CHECK ((ended_ms > 0) = (state IN ('published', 'failed', 'superseded', 'cancelled'))),
	CHECK ((superseded_by IS NOT NULL) = (state = 'superseded')),
	CHECK (attempt > 0 OR state NOT IN ('running', 'built', 'published', 'failed', 'held')),
	CHECK (digest IS NOT NULL OR state NOT IN ('built', 'published'))
) STRICT;

-- An image has at most one job in each of these states. The indexes hold no finished jobs.
CREATE UNIQUE INDEX jobs_one_queued ON jobs (image) WHERE state = 'queued';
CREATE UNIQUE INDEX jobs_one_running ON jobs (image) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_one_built ON jobs (image) WHERE state = 'built';
CREATE UNIQUE INDEX jobs_one_held ON jobs (image) WHERE state = 'held';

-- The order of claims, with all columns that a claim reads; and the jobs that wait for a time.
CREATE INDEX jobs_claim ON jobs (priority, id, not_before_ms, image) WHERE state = 'queued';
CREATE INDEX jobs_due ON jobs (not_before_ms) WHERE state = 'queued' AND not_before_ms > 0;

-- History: the last ended jobs, and the last ended job of an image.
CREATE INDEX jobs_ended ON jobs (ended_ms, id) WHERE ended_ms > 0;
CREATE INDEX jobs_settled ON jobs (image, id) WHERE state = 'published' OR state = 'failed' OR state = 'cancelled';

-- One run of a job. ended_ms 0: it runs.
CREATE TABLE attempts (
	job            INTEGER NOT NULL REFERENCES jobs (id),
	attempt        INTEGER NOT NULL CHECK (attempt > 0),
	started_ms     INTEGER NOT NULL,
	ended_ms       INTEGER NOT NULL DEFAULT 0,
	class          TEXT CHECK (length(class) <= 16),
	cause          TEXT CHECK (length(cause) <= 64),
	reason         TEXT CHECK (length(reason) <= 1000),
	"commit"       TEXT CHECK (length("commit") IN (40, 64) AND "commit" NOT GLOB '*[^0-9a-f]*'),
	tree           TEXT CHECK (length(tree) IN (40, 64) AND tree NOT GLOB '*[^0-9a-f]*'),
	key            TEXT CHECK (length(key) = 64 AND key NOT GLOB '*[^0-9a-f]*'),
	inputs         TEXT CHECK (length(inputs) = 64 AND inputs NOT GLOB '*[^0-9a-f]*'),
	builder        TEXT CHECK (length(builder) <= 64),
	digest         TEXT CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'),
	reused         INTEGER NOT NULL DEFAULT 0 CHECK (reused IN (0, 1)),
	size_bytes     INTEGER NOT NULL DEFAULT 0,
	checkout_ms    INTEGER NOT NULL DEFAULT 0,
	build_ms       INTEGER NOT NULL DEFAULT 0,
	check_ms       INTEGER NOT NULL DEFAULT 0,
	store_ms       INTEGER NOT NULL DEFAULT 0,
	cpu_ms         INTEGER NOT NULL DEFAULT 0,
	mem_peak_bytes INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (job, attempt)
) STRICT, WITHOUT ROWID;

-- The attempt that first built an artifact. This is history; the store knows which ones exist.
CREATE TABLE artifacts (
	digest     TEXT PRIMARY KEY CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'),
	key        TEXT,
	tree       TEXT,
	builder    TEXT,
	image      TEXT NOT NULL,
	job        INTEGER NOT NULL,
	attempt    INTEGER NOT NULL,
	size_bytes INTEGER NOT NULL,
	built_ms   INTEGER NOT NULL,
	FOREIGN KEY (job, attempt) REFERENCES attempts (job, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE publications (
	id           INTEGER PRIMARY KEY,
	job          INTEGER NOT NULL,
	attempt      INTEGER NOT NULL,
	image        TEXT NOT NULL,
	digest       TEXT NOT NULL REFERENCES artifacts (digest),
	name         TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255), -- below Nova's cache directory
	published_ms INTEGER NOT NULL,
	publish_ms   INTEGER NOT NULL,
	FOREIGN KEY (job, attempt) REFERENCES attempts (job, attempt)
) STRICT;
CREATE INDEX publications_job ON publications (job, attempt);

-- The events of jobs; job 0: of the node.
CREATE TABLE events (
	id      INTEGER PRIMARY KEY,
	at_ms   INTEGER NOT NULL,
	job     INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	image   TEXT,
	event   TEXT NOT NULL CHECK (length(event) BETWEEN 1 AND 32),
	detail  TEXT CHECK (length(detail) <= 1000),
	who     TEXT CHECK (length(who) <= 1000)
) STRICT;
CREATE INDEX events_job ON events (job, id);

CREATE TRIGGER events_stay BEFORE UPDATE ON events
BEGIN
	SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER events_remain BEFORE DELETE ON events
BEGIN
	SELECT RAISE(ABORT, 'events are append-only');
END;
-- INSERT OR REPLACE deletes without firing the trigger above.
CREATE TRIGGER events_append BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN
	SELECT RAISE(ABORT, 'events are append-only');
END;

-- version 2
-- The duration of an attempt's boot check.
ALTER TABLE attempts ADD COLUMN boot_ms INTEGER NOT NULL DEFAULT 0;

-- version 3
-- How the build of its artifact began: "clean", "incremental", or "confirmed".
ALTER TABLE jobs ADD COLUMN how_built TEXT CHECK (length(how_built) <= 16);

-- version 4
-- What a built job waits for, as a word of state/waiting.h. A row of an older version gets it by its text, this once.
ALTER TABLE jobs ADD COLUMN waiting_kind TEXT CHECK (length(waiting_kind) BETWEEN 1 AND 16);
UPDATE jobs SET waiting_kind = CASE
	WHEN waiting_for LIKE 'tried again by itself: %' THEN 'retry'
	WHEN waiting_for LIKE 'flattening %' THEN 'flattening'
	WHEN waiting_for LIKE 'disk: %' THEN 'disk'
	WHEN waiting_for LIKE '%Nova''s lock%' THEN 'lock'
	WHEN waiting_for LIKE 'instance %' THEN 'instance'
	ELSE 'unknown' END
WHERE state = 'built' AND waiting_for IS NOT NULL;

-- version 5
-- History ends some day (history_keep). An event stays as long as its job; the newest one stays, too, so that no number
-- of an event is used twice.
DROP TRIGGER events_remain;
CREATE TRIGGER events_remain BEFORE DELETE ON events
WHEN EXISTS (SELECT 1 FROM jobs WHERE id = OLD.job) OR OLD.id = (SELECT max(id) FROM events)
BEGIN
	SELECT RAISE(ABORT, 'events are append-only');
END;

-- version 6
-- The order of claims is fair between repositories. likely_*: what the image's last builds had.
-- charged_ms: processor time that its repository is charged for the running attempt.
ALTER TABLE jobs ADD COLUMN likely_builder TEXT NOT NULL DEFAULT '' CHECK (length(likely_builder) <= 64);
ALTER TABLE jobs ADD COLUMN likely_ms INTEGER NOT NULL DEFAULT 0 CHECK (likely_ms BETWEEN 0 AND 1000000000);
ALTER TABLE jobs ADD COLUMN likely_cpu_ms INTEGER NOT NULL DEFAULT 0 CHECK (likely_cpu_ms BETWEEN 0 AND 1000000000);
ALTER TABLE jobs ADD COLUMN charged_ms INTEGER NOT NULL DEFAULT 0 CHECK (charged_ms BETWEEN 0 AND 1000000000);
UPDATE jobs SET priority = 100 WHERE origin = 'confirm' AND state = 'queued';

-- A job is ready if it is queued and waits for no time. A line is the ready jobs of one priority,
-- repository and likely builder, by number; head is the first, 0: there is none. used_ms is the
-- repository's virtual time: equal in all its lines.
CREATE TABLE lines (
	repo     TEXT NOT NULL CHECK (length(repo) BETWEEN 1 AND 255),
	priority INTEGER NOT NULL,
	builder  TEXT NOT NULL CHECK (length(builder) <= 64),
	used_ms  INTEGER NOT NULL CHECK (used_ms BETWEEN 0 AND 1000000000000000),
	head     INTEGER NOT NULL CHECK (head >= 0),
	PRIMARY KEY (repo, priority, builder)
) STRICT, WITHOUT ROWID;
CREATE INDEX lines_order ON lines (priority, used_ms, head) WHERE head > 0;

-- The virtual time: used_ms of the line that was served last.
CREATE TABLE served (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	used_ms INTEGER NOT NULL CHECK (used_ms BETWEEN 0 AND 1000000000000000)
) STRICT;
INSERT INTO served VALUES (1, 0);

-- The ready jobs line by line, and the others by time. Both hold all columns that a forecast reads.
DROP INDEX jobs_claim;
DROP INDEX jobs_due;
CREATE INDEX jobs_claim ON jobs (priority, repo, likely_builder, id, image, likely_cpu_ms, likely_ms)
	WHERE state = 'queued' AND not_before_ms = 0;
CREATE INDEX jobs_due ON jobs (not_before_ms, id, priority, repo, likely_cpu_ms, likely_ms)
	WHERE state = 'queued' AND not_before_ms > 0;

INSERT INTO lines (repo, priority, builder, used_ms, head)
	SELECT repo, priority, likely_builder, 0, min(id) FROM jobs WHERE state = 'queued' AND not_before_ms = 0
	GROUP BY repo, priority, likely_builder;

-- A repository whose first job becomes ready begins at the virtual time: idle time earns nothing.
CREATE TRIGGER lines_insert AFTER INSERT ON jobs WHEN NEW.state = 'queued' AND NEW.not_before_ms = 0
BEGIN
	INSERT OR IGNORE INTO lines (repo, priority, builder, used_ms, head)
		SELECT NEW.repo, NEW.priority, NEW.likely_builder,
		coalesce((SELECT max(used_ms) FROM lines WHERE repo = NEW.repo), 0), 0;
	UPDATE lines SET used_ms = max(used_ms, (SELECT used_ms FROM served)) WHERE repo = NEW.repo
		AND NOT EXISTS (SELECT 1 FROM lines WHERE repo = NEW.repo AND head > 0);
	UPDATE lines SET head = NEW.id WHERE repo = NEW.repo AND priority = NEW.priority
		AND builder = NEW.likely_builder AND (head = 0 OR head > NEW.id);
END;
CREATE TRIGGER lines_enter AFTER UPDATE OF state, not_before_ms, priority ON jobs
WHEN NEW.state = 'queued' AND NEW.not_before_ms = 0
	AND (OLD.state <> 'queued' OR OLD.not_before_ms > 0 OR OLD.priority <> NEW.priority)
BEGIN
	INSERT OR IGNORE INTO lines (repo, priority, builder, used_ms, head)
		SELECT NEW.repo, NEW.priority, NEW.likely_builder,
		coalesce((SELECT max(used_ms) FROM lines WHERE repo = NEW.repo), 0), 0;
	UPDATE lines SET used_ms = max(used_ms, (SELECT used_ms FROM served)) WHERE repo = NEW.repo
		AND NOT EXISTS (SELECT 1 FROM lines WHERE repo = NEW.repo AND head > 0);
	UPDATE lines SET head = NEW.id WHERE repo = NEW.repo AND priority = NEW.priority
		AND builder = NEW.likely_builder AND (head = 0 OR head > NEW.id);
END;
CREATE TRIGGER lines_leave AFTER UPDATE OF state, not_before_ms, priority ON jobs
WHEN OLD.state = 'queued' AND OLD.not_before_ms = 0
	AND (NEW.state <> 'queued' OR NEW.not_before_ms > 0 OR OLD.priority <> NEW.priority)
BEGIN
	UPDATE lines SET head = coalesce((SELECT min(id) FROM jobs WHERE state = 'queued' AND not_before_ms = 0
		AND priority = OLD.priority AND repo = OLD.repo AND likely_builder = OLD.likely_builder), 0)
		WHERE repo = OLD.repo AND priority = OLD.priority AND builder = OLD.likely_builder AND head = OLD.id;
END;
CREATE TRIGGER lines_delete AFTER DELETE ON jobs WHEN OLD.state = 'queued' AND OLD.not_before_ms = 0
BEGIN
	UPDATE lines SET head = coalesce((SELECT min(id) FROM jobs WHERE state = 'queued' AND not_before_ms = 0
		AND priority = OLD.priority AND repo = OLD.repo AND likely_builder = OLD.likely_builder), 0)
		WHERE repo = OLD.repo AND priority = OLD.priority AND builder = OLD.likely_builder AND head = OLD.id;
END;
