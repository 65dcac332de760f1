-- Runs and remotes: how changes are noticed, how two histories of one run become one, and what is
-- known of remotes.
--
-- runs.changed counts the changes of a run that has ended, whatever table they were made in;
-- exchanged remembers the count that a peer is known to have. The ..._changed times decide which
-- of two names, notes and removals is the later one; untagged does so for tags taken off.

ALTER TABLE runs ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN name_changed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN note_changed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN removed_changed INTEGER NOT NULL DEFAULT 0;

CREATE TABLE untagged (
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key INTEGER NOT NULL REFERENCES keys,
	time INTEGER NOT NULL,
	PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE purged (
	id TEXT NOT NULL PRIMARY KEY -- of a run that shall not come back by a merge
) STRICT, WITHOUT ROWID;

CREATE TABLE peers (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE exchanged (
	peer INTEGER NOT NULL REFERENCES peers ON DELETE CASCADE,
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	changed INTEGER NOT NULL,
	PRIMARY KEY (peer, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX exchanged_by_run ON exchanged (run);

CREATE TRIGGER runs_purged AFTER DELETE ON runs BEGIN
	INSERT OR IGNORE INTO purged (id) VALUES (OLD.id);
END;
CREATE TRIGGER runs_changed AFTER UPDATE OF name, status, started, ended, removed, parent, command,
	project, task, model, user, host, seed, environment, document, log, arguments, reason, note
	ON runs WHEN NEW.status <> 0 BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.number;
END;
CREATE TRIGGER params_added AFTER INSERT ON params BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER params_changed AFTER UPDATE ON params BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER metrics_added AFTER INSERT ON metrics BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER metrics_changed AFTER UPDATE ON metrics BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER tags_added AFTER INSERT ON tags BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER tags_changed AFTER UPDATE ON tags BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER untagged_added AFTER INSERT ON untagged BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER untagged_changed AFTER UPDATE ON untagged BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER inputs_added AFTER INSERT ON inputs BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER inputs_changed AFTER UPDATE ON inputs BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER outputs_added AFTER INSERT ON outputs BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER outputs_changed AFTER UPDATE ON outputs BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER artifacts_added AFTER INSERT ON artifacts BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER artifacts_changed AFTER UPDATE ON artifacts BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER code_added AFTER INSERT ON code BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER code_changed AFTER UPDATE ON code BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER resources_added AFTER INSERT ON resources BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;
CREATE TRIGGER resources_changed AFTER UPDATE ON resources BEGIN
	UPDATE runs SET changed = changed + 1 WHERE number = NEW.run AND status <> 0;
END;

-- What is known of remotes, by URL. The entries of a pack are the bytes of its index file, checked.
CREATE TABLE remotes (
	id INTEGER PRIMARY KEY,
	url TEXT NOT NULL UNIQUE,
	format INTEGER NOT NULL -- 0: its version has not been read yet
) STRICT;

CREATE TABLE remote_packs (
	id INTEGER PRIMARY KEY,
	remote INTEGER NOT NULL REFERENCES remotes ON DELETE CASCADE,
	pack BLOB NOT NULL, -- 32 bytes: the name
	size INTEGER NOT NULL, -- of the index file
	entries BLOB NOT NULL,
	UNIQUE (remote, pack)
) STRICT;

CREATE TABLE remote_documents (
	remote INTEGER NOT NULL REFERENCES remotes ON DELETE CASCADE,
	kind TEXT NOT NULL,
	document BLOB NOT NULL, -- 32 bytes: the name
	taken INTEGER NOT NULL, -- 1: it came from here or was merged
	PRIMARY KEY (remote, kind, document)
) STRICT, WITHOUT ROWID;

-- Remotes of the repository's own file that the user has allowed, for this copy of the store only:
-- folder is where it lies and its inode, so that a database that came with a repository allows
-- nothing.
CREATE TABLE allowed_remotes (
	folder TEXT NOT NULL,
	name TEXT NOT NULL,
	url TEXT NOT NULL, -- and the server in front of it, if one is named
	PRIMARY KEY (folder, name, url)
) STRICT, WITHOUT ROWID;
