-- Consumers of all rooms (webhooks and handlers), and how far they have come with each room (K2).
CREATE TABLE alcove.consumers (
  consumer bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name     text COLLATE "C" NOT NULL UNIQUE,
  revision bigint NOT NULL DEFAULT 0,
  disabled text,
  -- The lease: which process delivers, and until when (K4).
  holder   text,
  expires  bigint NOT NULL DEFAULT 0
);

-- `log` is the history that `seq` belongs to: a position in another history counts as none. `attempts` 0: nothing failed.
CREATE TABLE alcove.positions (
  consumer bigint NOT NULL,
  room     bigint NOT NULL,
  log      text NOT NULL,
  seq      bigint NOT NULL,
  revision bigint NOT NULL DEFAULT 0,
  attempts bigint NOT NULL DEFAULT 0,
  since    bigint NOT NULL DEFAULT 0,
  due      bigint NOT NULL DEFAULT 0,
  error    text NOT NULL DEFAULT '',
  parked   boolean NOT NULL DEFAULT false,
  PRIMARY KEY (consumer, room)
);
CREATE INDEX failing_positions ON alcove.positions (consumer, parked, room) WHERE attempts > 0;
-- Free space on a page lets PostgreSQL remove old versions of rows early, as for rooms.
ALTER TABLE alcove.positions SET (fillfactor = 50);

-- Ranges of imported entries, which consumers do not get (K1): the entries of a room from `first` to `last`.
CREATE TABLE alcove.imported (
  room  bigint NOT NULL,
  last  bigint NOT NULL,
  first bigint NOT NULL,
  PRIMARY KEY (room, last)
);

-- Start a new history in a room that has lost entries, and remove what refers to them. The caller has locked the room.
CREATE OR REPLACE FUNCTION alcove.renew(its_room bigint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stands alcove.rooms;
BEGIN
  UPDATE alcove.rooms SET log = replace(gen_random_uuid()::text, '-', '') WHERE room = its_room RETURNING * INTO stands;
  DELETE FROM alcove.entries WHERE room = its_room AND seq > stands.head;
  DELETE FROM alcove.ids WHERE room = its_room AND seq > stands.head;
  UPDATE alcove.marks SET seq = stands.head WHERE room = its_room AND seq > stands.head;
  UPDATE alcove.positions SET log = stands.log, seq = least(seq, stands.head), revision = revision + 1
  WHERE consumer IN (SELECT c.consumer FROM alcove.consumers c) AND room = its_room;
  DELETE FROM alcove.imported WHERE room = its_room AND first > stands.head;
  UPDATE alcove.imported SET last = stands.head WHERE room = its_room AND last > stands.head;
END $$;

-- Delete a room with its entries, ids, read marks and positions; return the id of the empty room's history (R5, W11).
CREATE OR REPLACE FUNCTION alcove.delete_room(its_item text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stands alcove.rooms;
BEGIN
  SELECT * INTO stands FROM alcove.rooms WHERE item = its_item COLLATE "C" FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN (SELECT value FROM alcove.meta WHERE key = 'log_id');
  END IF;
  DELETE FROM alcove.entries WHERE room = stands.room;
  DELETE FROM alcove.ids WHERE room = stands.room;
  DELETE FROM alcove.marks WHERE room = stands.room;
  DELETE FROM alcove.positions WHERE consumer IN (SELECT c.consumer FROM alcove.consumers c) AND room = stands.room;
  DELETE FROM alcove.imported WHERE room = stands.room;
  UPDATE alcove.rooms SET head = 0, oldest = 1, at = 0, log = replace(gen_random_uuid()::text, '-', '')
  WHERE room = stands.room RETURNING * INTO stands;
  RETURN stands.log;
END $$;
