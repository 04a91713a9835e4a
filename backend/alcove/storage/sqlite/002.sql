-- Store entries in the order of their arrival, so that a commit writes few pages for any number of rooms. The ids of
-- entries have their own index; the table `ids` keeps only the ids of removed entries.

CREATE TABLE entries_as_they_came (
  room    INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  kind    TEXT NOT NULL DEFAULT 'message',
  id      TEXT NOT NULL,
  by_id   TEXT NOT NULL,
  by_name TEXT NOT NULL,
  at      INTEGER NOT NULL,
  target  INTEGER,
  body    TEXT,
  edited  INTEGER,
  deleted INTEGER
);
INSERT INTO entries_as_they_came SELECT * FROM entries ORDER BY room, seq;
DROP TABLE entries;
ALTER TABLE entries_as_they_came RENAME TO entries;
CREATE UNIQUE INDEX entries_by_seq ON entries (room, seq);
CREATE UNIQUE INDEX entries_by_id ON entries (room, by_id, id);
CREATE INDEX entries_by_target ON entries (room, target) WHERE target IS NOT NULL;
DELETE FROM ids WHERE EXISTS (SELECT 1 FROM entries e WHERE e.room = ids.room AND e.seq = ids.seq);
