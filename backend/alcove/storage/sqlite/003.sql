-- The id of the history that a room's numbers belong to (R5). NULL: the log's id, until the room has lost entries.

ALTER TABLE rooms ADD COLUMN log TEXT;
