-- Runs and what was recorded with them.
--
-- Lean on purpose: names of params, metrics and tags are numbers (keys), tables that are read by
-- run are clustered by it (WITHOUT ROWID), and each that is searched has one covering index
-- (key, value, run). A run's number and a key's number are of this database only; merging two
-- stores goes by runs.id and keys.(kind, name). Times are microseconds since 1970 (UTC). NaN is
-- stored as NULL, which is what SQLite makes of it.

CREATE TABLE keys (
	id INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2), -- param, metric, tag
	name TEXT NOT NULL,
	UNIQUE (kind, name)
) STRICT;

CREATE TABLE environments (
	id INTEGER PRIMARY KEY,
	facts TEXT NOT NULL UNIQUE -- a JSON object of texts, keys sorted
) STRICT;

CREATE TABLE documents (
	id INTEGER PRIMARY KEY,
	text TEXT NOT NULL UNIQUE -- mlops.yaml as a run used it
) STRICT;

CREATE TABLE runs (
	number INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE, -- 32 hexadecimal digits
	name TEXT NOT NULL,
	status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 4),
	-- running, finished, failed, cancelled, crashed
	started INTEGER NOT NULL,
	ended INTEGER,
	removed INTEGER,
	parent TEXT,    -- id of a run, here or in another store
	command TEXT,
	project TEXT,
	task TEXT,
	model TEXT,
	user TEXT,
	host TEXT,
	seed INTEGER,
	environment INTEGER REFERENCES environments,
	document INTEGER REFERENCES documents,
	process TEXT,   -- identity of the process while it is running
	log TEXT,
	arguments TEXT,
	reason TEXT,
	note TEXT
) STRICT;
CREATE INDEX runs_by_time ON runs (started, number) WHERE removed IS NULL;
CREATE INDEX runs_by_name ON runs (name);
CREATE INDEX runs_running ON runs (number) WHERE status = 0;

CREATE TABLE params (
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key INTEGER NOT NULL REFERENCES keys,
	value TEXT NOT NULL,
	number REAL, -- the value, if it reads as a number
	PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX params_by_number ON params (key, number, run) WHERE number IS NOT NULL;
CREATE INDEX params_by_value ON params (key, value, run);

CREATE TABLE metrics (
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key INTEGER NOT NULL REFERENCES keys,
	value REAL, -- at the last step
	step INTEGER NOT NULL,
	low REAL,   -- confidence interval
	high REAL,
	PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX metrics_by_value ON metrics (key, value, run);

CREATE TABLE points (
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key INTEGER NOT NULL REFERENCES keys,
	step INTEGER NOT NULL,
	value REAL,
	elapsed INTEGER NOT NULL, -- microseconds since the run started
	PRIMARY KEY (run, key, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key INTEGER NOT NULL REFERENCES keys,
	value TEXT NOT NULL,
	number REAL,
	time INTEGER NOT NULL,
	PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_number ON tags (key, number, run) WHERE number IS NOT NULL;
CREATE INDEX tags_by_value ON tags (key, value, run);

CREATE TABLE inputs (
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	path TEXT NOT NULL,
	hash TEXT NOT NULL, -- of the content, 64 hexadecimal digits
	kind TEXT,
	size INTEGER,
	n_rows INTEGER,
	n_columns INTEGER,
	PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX inputs_by_hash ON inputs (hash, run); -- which runs read this data?

CREATE TABLE outputs (
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	path TEXT NOT NULL,
	hash TEXT NOT NULL,
	kind TEXT,
	size INTEGER,
	n_rows INTEGER,
	n_columns INTEGER,
	PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX outputs_by_hash ON outputs (hash, run); -- which run made this file?

CREATE TABLE artifacts (
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	path TEXT NOT NULL,
	hash TEXT NOT NULL, -- an object of the store
	kind TEXT,
	size INTEGER,
	n_rows INTEGER,
	n_columns INTEGER,
	PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX artifacts_by_hash ON artifacts (hash, run); -- is this object still in use?

CREATE TABLE code (
	run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
	"commit" TEXT,
	branch TEXT,
	remote TEXT,
	describe TEXT,
	dirty INTEGER NOT NULL,
	n_changed INTEGER NOT NULL,
	n_untracked INTEGER NOT NULL,
	patch TEXT,     -- object with the changes of tracked files
	untracked TEXT, -- object with the list of untracked files
	lost TEXT
) STRICT;
CREATE INDEX code_by_commit ON code ("commit", run);

CREATE TABLE resources (
	run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
	wall REAL NOT NULL,   -- seconds
	user REAL NOT NULL,
	system REAL NOT NULL,
	peak_memory INTEGER NOT NULL, -- bytes
	threads INTEGER NOT NULL
) STRICT;
