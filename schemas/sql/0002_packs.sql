-- Where the entries of the object store lie, see include/mlops/store/entry.h.
--
-- What is committed here is on disk: a pack's size is raised in the transaction that names the
-- entries in front of it. Everything can be made again from the packs, but for is_object and added.
-- Clustered by hash, so that one search finds all.

CREATE TABLE packs (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: a reader may hold a number
	name TEXT NOT NULL UNIQUE,  -- of the file, without ".pack"
	size INTEGER NOT NULL       -- acknowledged bytes; what is behind them was never
) STRICT;

CREATE TABLE entries (
	hash BLOB NOT NULL PRIMARY KEY,
	pack INTEGER NOT NULL,      -- packs.id; no foreign key, it would cost a search a row
	"offset" INTEGER NOT NULL,
	length INTEGER NOT NULL,    -- of the raw bytes
	size INTEGER NOT NULL,      -- of the content
	form INTEGER NOT NULL,      -- kind, method × 16, depth × 256
	is_object INTEGER NOT NULL, -- 1: was put as such; 0: only a chunk so far
	added INTEGER NOT NULL      -- seconds since 1970
) STRICT, WITHOUT ROWID;
