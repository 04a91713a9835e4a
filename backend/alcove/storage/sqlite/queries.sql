-- OR ROLLBACK: a violated constraint rolls back the whole transaction, so SQLite needs no journal for the statement;
-- after its IntegrityError the connection is in no transaction. CROSS JOIN: fixes the join order, whatever SQLite
-- estimates.
-- `+column`: keeps SQLite from using an index of that column, so that it uses the intended one.
-- `item >= '"'`: leaves out internal rooms, whose items begin with `!`, the character before `"`.

-- log_id --
SELECT value FROM meta WHERE key = 'log_id'

-- room --
SELECT room, head, oldest, at, coalesce(log, (SELECT value FROM meta WHERE key = 'log_id')) FROM rooms WHERE item = ?

-- create_room --
INSERT INTO rooms (item) VALUES (?)
RETURNING room, head, oldest, at, coalesce(log, (SELECT value FROM meta WHERE key = 'log_id'))

-- rooms --
SELECT item, room, head, oldest, at, coalesce(log, (SELECT value FROM meta WHERE key = 'log_id'))
FROM rooms WHERE item IN ((...))

-- rooms_with_different_entry --
-- The rooms whose entry at the seq that was seen has another time.
WITH seen (room, seq, at) AS (VALUES (...))
SELECT e.room FROM seen CROSS JOIN entries e USING (room, seq) WHERE e.at <> seen.at

-- start_history --
UPDATE rooms SET log = lower(hex(randomblob(16))) WHERE room = ? RETURNING log

-- delete_entries_after --
DELETE FROM entries WHERE room = ? AND seq > ?

-- delete_ids_after --
DELETE FROM ids WHERE room = ? AND seq > ?

-- lower_read_marks --
UPDATE marks SET seq = :head WHERE room = :room AND seq > :head

-- save_rooms --
INSERT OR ROLLBACK INTO rooms (room, item, head, oldest, at) VALUES (...)
ON CONFLICT (room) DO UPDATE SET head = excluded.head, oldest = excluded.oldest, at = excluded.at

-- insert_messages --
INSERT OR ROLLBACK INTO entries (room, seq, id, by_id, by_name, by_picture, by_role, at, body) VALUES (...)

-- insert_entry --
INSERT INTO entries (room, seq, kind, id, by_id, by_name, by_picture, by_role, at, target, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- find_id --
-- Finds the entry that a draft repeats, also if retention has removed the entry.
SELECT seq, at FROM entries WHERE room = :room AND by_id = :by_id AND id = :id
UNION ALL
SELECT seq, at FROM ids WHERE room = :room AND by_id = :by_id AND id = :id

-- seq_of --
SELECT e.seq FROM rooms r JOIN entries e USING (room) WHERE r.item = ? AND e.by_id = ? AND e.id = ?
UNION ALL
SELECT i.seq FROM rooms r JOIN ids i USING (room) WHERE r.item = ? AND i.by_id = ? AND i.id = ?

-- find_removed_ids --
WITH sent (room, by_id, id) AS (VALUES (...))
SELECT 1 FROM sent CROSS JOIN ids USING (room, by_id, id) LIMIT 1

-- entry --
SELECT seq, kind, id, by_id, by_name, at, target, body, edited, deleted, by_picture, by_role FROM texts WHERE room = ? AND seq = ?

-- edit_message --
UPDATE entries SET body = '      ', edited = ? WHERE room = ? AND seq = ?

-- delete_message --
UPDATE entries SET body = NULL, deleted = ? WHERE room = ? AND seq = ?

-- erase_edits --
UPDATE entries SET body = NULL WHERE room = ? AND target = ? AND kind = 'edit'

-- entries_after --
SELECT seq, kind, id, by_id, by_name, at, target, body, edited, deleted, by_picture, by_role FROM texts
WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?

-- entries_before --
SELECT seq, kind, id, by_id, by_name, at, target, body, edited, deleted, by_picture, by_role FROM texts
WHERE room = ? AND seq < ? ORDER BY seq DESC LIMIT ?

-- latest_read_marks --
SELECT member, seq FROM marks WHERE room = ? ORDER BY moved DESC LIMIT 100

-- move_read_mark --
INSERT INTO marks (room, member, seq, moved) VALUES (:room, :member, min(:seq, :head), :moved)
ON CONFLICT (room, member) DO UPDATE SET seq = excluded.seq, moved = excluded.moved WHERE excluded.seq > marks.seq

-- read_mark --
SELECT seq FROM marks WHERE room = ? AND member = ?

-- list_position --
-- Where a room is in the list of rooms, which is ordered by time and number.
SELECT at, room FROM rooms WHERE item = ? AND head > 0

-- recent_rooms --
-- Uses the index by time.
SELECT room, item, head, at FROM rooms WHERE head > 0 AND +item >= '"' AND (at, room) < (?, ?)
ORDER BY at DESC, room DESC LIMIT ?

-- rooms_in_range --
-- Uses the index by item.
SELECT room, item, head, at FROM rooms WHERE item >= ? AND item < ? AND head > 0 AND (+at, +room) < (?, ?)
ORDER BY +at DESC, +room DESC LIMIT ?

-- changed_since --
-- Uses the index by time.
SELECT item, head FROM rooms WHERE at >= ? AND head > 0 AND +item >= '"' ORDER BY at DESC, room DESC LIMIT ?

-- count_unread --
WITH wanted (item, member) AS (VALUES (...))
SELECT w.item, w.member, r.head, (
  SELECT count(*) FROM (
    SELECT 1 FROM entries e
    WHERE e.room = r.room AND e.kind = 'message' AND e.by_id <> w.member AND e.deleted IS NULL AND e.seq > coalesce(
      (SELECT m.seq FROM marks m WHERE m.room = r.room AND m.member = w.member), 0)
    LIMIT 1000
  )
)
FROM wanted w CROSS JOIN rooms r ON r.item = w.item

-- entries_by_seq --
WITH wanted (item, seq) AS (VALUES (...))
SELECT r.item, t.seq, t.kind, t.id, t.by_id, t.by_name, t.at, t.target, t.body, t.edited, t.deleted,
       t.by_picture, t.by_role
FROM wanted w CROSS JOIN rooms r ON r.item = w.item CROSS JOIN texts t ON t.room = r.room AND t.seq = w.seq

-- first_seq_since --
SELECT seq FROM entries WHERE room = ? AND at >= ? ORDER BY seq LIMIT 1

-- rooms_with_expired --
SELECT r.item, r.room, r.head, r.oldest, r.at, coalesce(r.log, (SELECT value FROM meta WHERE key = 'log_id')) FROM rooms r
CROSS JOIN entries e ON e.room = r.room AND e.seq = r.oldest
WHERE e.at < ? AND r.item NOT LIKE '!%' LIMIT 100

-- save_ids --
-- Keeps the ids of entries that are about to be removed.
INSERT OR IGNORE INTO ids (room, by_id, id, seq, at)
SELECT room, by_id, id, seq, at FROM entries WHERE room = ? AND seq < ?

-- delete_entries_before --
DELETE FROM entries WHERE room = ? AND seq < ?

-- rooms_with_removed_entries --
SELECT room FROM rooms WHERE oldest > 1

-- delete_ids --
DELETE FROM ids WHERE room = ? AND at < ?

-- check_writable --
INSERT INTO meta (key, value) VALUES ('checked', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- bus_key --
SELECT value FROM meta WHERE key = 'bus_key'

-- create_bus_key --
INSERT INTO meta (key, value) VALUES ('bus_key', ?) ON CONFLICT DO NOTHING

-- hide_room --
-- A deleted room keeps its number until its rows are removed. Items that begin with `!` are in no list.
UPDATE rooms SET item = '!deleted-' || room, head = 0, at = 0 WHERE room = ?

-- create_empty_room --
INSERT INTO rooms (item, log) VALUES (?, lower(hex(randomblob(16)))) RETURNING log

-- deleted_room --
-- The items that begin with `!deleted-`, because `.` is the character after `-`.
SELECT room FROM rooms WHERE item >= '!deleted-' AND item < '!deleted.' LIMIT 1

-- remove_entries --
DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE room = :room LIMIT :limit)

-- remove_ids --
DELETE FROM ids WHERE room = :room AND (by_id, id) IN (SELECT by_id, id FROM ids WHERE room = :room LIMIT :limit)

-- remove_marks --
DELETE FROM marks WHERE room = :room AND member IN (SELECT member FROM marks WHERE room = :room LIMIT :limit)

-- remove_room --
DELETE FROM rooms WHERE room = ?

-- marks_from --
SELECT member, seq FROM marks WHERE room = ? AND member >= ? ORDER BY member LIMIT ?

-- rooms_of_member --
-- Uses the indexes by room and member.
SELECT r.item FROM rooms r WHERE r.item >= '"' AND (
  EXISTS (SELECT 1 FROM entries e WHERE e.room = r.room AND e.by_id = :member)
  OR EXISTS (SELECT 1 FROM marks m WHERE m.room = r.room AND m.member = :member))

-- entries_of_member --
SELECT seq, kind, id, by_id, by_name, at, target, body, edited, deleted, by_picture, by_role FROM texts
WHERE room = ? AND by_id = ? AND seq > ? ORDER BY seq LIMIT ?

-- next_of_author --
-- How many entries come next in the order of their ids, up to a limit, and the last one's id.
SELECT count(*), max(id) FROM (
  SELECT id FROM entries WHERE room = ? AND by_id = ? AND id > ? ORDER BY id LIMIT ?)

-- erase_author --
-- Writes spaces of the same size, because a row that keeps its size is overwritten in its place (004.sql).
UPDATE entries SET by_name = printf('%*s', length(CAST(by_name AS BLOB)), ''),
  by_picture = printf('%*s', length(CAST(by_picture AS BLOB)), ''),
  by_role = printf('%*s', length(CAST(by_role AS BLOB)), ''),
  body = CASE WHEN kind = 'event' THEN NULL ELSE body END
WHERE room = ? AND by_id = ? AND id > ? AND id <= ?

-- delete_mark --
DELETE FROM marks WHERE room = ? AND member = ?
