-- Consumers of all rooms (webhooks and handlers), and the position of each consumer in each room (K2).
CREATE TABLE consumers (
  consumer INTEGER PRIMARY KEY,
  name     TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL DEFAULT 0,
  disabled TEXT
);

-- `log` is the history that `seq` belongs to: a position in another history counts as none. `attempts` 0: nothing failed.
CREATE TABLE positions (
  consumer INTEGER NOT NULL,
  room     INTEGER NOT NULL,
  log      TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  revision INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  since    INTEGER NOT NULL DEFAULT 0,
  due      INTEGER NOT NULL DEFAULT 0,
  error    TEXT NOT NULL DEFAULT '',
  parked   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (consumer, room)
) WITHOUT ROWID;
CREATE INDEX failing_positions ON positions (consumer, parked, room) WHERE attempts > 0;

-- Ranges of imported entries, which consumers do not get (K1): the entries of a room from `first` to `last`.
CREATE TABLE imported (
  room  INTEGER NOT NULL,
  last  INTEGER NOT NULL,
  first INTEGER NOT NULL,
  PRIMARY KEY (room, last)
) WITHOUT ROWID;
