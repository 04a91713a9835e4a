-- Rooms, their entries, and the ids of sends.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE rooms (
  room   INTEGER PRIMARY KEY,
  item   TEXT NOT NULL UNIQUE,
  head   INTEGER NOT NULL DEFAULT 0,
  oldest INTEGER NOT NULL DEFAULT 1,
  at     INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX rooms_by_time ON rooms (at);

CREATE TABLE entries (
  room    INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  id      TEXT NOT NULL,
  by_id   TEXT NOT NULL,
  by_name TEXT NOT NULL,
  at      INTEGER NOT NULL,
  target  INTEGER,
  body    TEXT,
  edited  INTEGER,
  deleted INTEGER,
  PRIMARY KEY (room, seq)
) WITHOUT ROWID;
CREATE INDEX entries_by_target ON entries (room, target) WHERE target IS NOT NULL;

-- A separate table, so that a repeated send is recognized after retention removed its entry (S5).
CREATE TABLE ids (
  room  INTEGER NOT NULL,
  by_id TEXT NOT NULL,
  id    TEXT NOT NULL,
  seq   INTEGER NOT NULL,
  at    INTEGER NOT NULL,
  PRIMARY KEY (room, by_id, id)
) WITHOUT ROWID;

CREATE TABLE marks (
  room   INTEGER NOT NULL,
  member TEXT NOT NULL,
  seq    INTEGER NOT NULL,
  moved  INTEGER NOT NULL,
  PRIMARY KEY (room, member)
) WITHOUT ROWID;
CREATE INDEX marks_by_time ON marks (room, moved);
