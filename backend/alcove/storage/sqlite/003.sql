-- The history that a room's numbers belong to (R5). NULL: the file's own, as long as the room never lost anything.

ALTER TABLE rooms ADD COLUMN log TEXT;
