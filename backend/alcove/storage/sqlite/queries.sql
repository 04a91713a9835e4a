-- OR ROLLBACK: a violated constraint ends the whole transaction, so SQLite needs no journal for the single statement.
-- Whoever gets its IntegrityError stands outside of a transaction. CROSS JOIN: in this order, whatever SQLite guesses.

-- log_id --
SELECT value FROM meta WHERE key = 'log_id'

-- room --
SELECT room, head, oldest, at, coalesce(log, (SELECT value FROM meta WHERE key = 'log_id')) FROM rooms WHERE item = ?

-- make_room --
INSERT INTO rooms (item) VALUES (?)
RETURNING room, head, oldest, at, coalesce(log, (SELECT value FROM meta WHERE key = 'log_id'))

-- rooms --
SELECT item, room, head, oldest, at, coalesce(log, (SELECT value FROM meta WHERE key = 'log_id'))
FROM rooms WHERE item IN ((...))

-- rooms_with_another_entry --
-- Those of the places (room, seq, at) that hold an entry of another time.
WITH seen (room, seq, at) AS (VALUES (...))
SELECT e.room FROM seen CROSS JOIN entries e USING (room, seq) WHERE e.at <> seen.at

-- renew_log --
UPDATE rooms SET log = lower(hex(randomblob(16))) WHERE room = ? RETURNING log

-- remove_entries_beyond --
DELETE FROM entries WHERE room = ? AND seq > ?

-- forget_ids_beyond --
DELETE FROM ids WHERE room = ? AND seq > ?

-- lower_marks --
UPDATE marks SET seq = :head WHERE room = :room AND seq > :head

-- move_rooms --
INSERT OR ROLLBACK INTO rooms (room, item, head, oldest, at) VALUES (...)
ON CONFLICT (room) DO UPDATE SET head = excluded.head, oldest = excluded.oldest, at = excluded.at

-- add_messages --
INSERT OR ROLLBACK INTO entries (room, seq, id, by_id, by_name, at, body) VALUES (...)

-- add_entry --
INSERT INTO entries (room, seq, kind, id, by_id, by_name, at, target, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- known_id --
SELECT seq, at FROM entries WHERE room = :room AND by_id = :by_id AND id = :id
UNION ALL
SELECT seq, at FROM ids WHERE room = :room AND by_id = :by_id AND id = :id

-- known_ids_of_removed --
WITH sent (room, by_id, id) AS (VALUES (...))
SELECT 1 FROM sent CROSS JOIN ids USING (room, by_id, id) LIMIT 1

-- entry --
SELECT seq, kind, id, by_id, by_name, at, target, body, edited, deleted FROM texts WHERE room = ? AND seq = ?

-- edit_entry --
UPDATE entries SET body = '      ', edited = ? WHERE room = ? AND seq = ?

-- delete_entry --
UPDATE entries SET body = NULL, deleted = ? WHERE room = ? AND seq = ?

-- erase_edits --
UPDATE entries SET body = NULL WHERE room = ? AND target = ? AND kind = 'edit'

-- entries_after --
SELECT seq, kind, id, by_id, by_name, at, target, body, edited, deleted FROM texts
WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?

-- entries_before --
SELECT seq, kind, id, by_id, by_name, at, target, body, edited, deleted FROM texts
WHERE room = ? AND seq < ? ORDER BY seq DESC LIMIT ?

-- marks --
SELECT member, seq FROM marks WHERE room = ? ORDER BY moved DESC LIMIT 100

-- move_mark --
INSERT INTO marks (room, member, seq, moved) VALUES (:room, :member, min(:seq, :head), :moved)
ON CONFLICT (room, member) DO UPDATE SET seq = excluded.seq, moved = excluded.moved WHERE excluded.seq > marks.seq

-- mark --
SELECT seq FROM marks WHERE room = ? AND member = ?

-- place_in_list --
SELECT at, room FROM rooms WHERE item = ? AND head > 0

-- recent_rooms --
-- The sign keeps to the index by time.
SELECT room, item, head, at FROM rooms WHERE head > 0 AND +item >= '"' AND (at, room) < (?, ?)
ORDER BY at DESC, room DESC LIMIT ?

-- rooms_in_range --
-- The signs keep to the index by item.
SELECT room, item, head, at FROM rooms WHERE item >= ? AND item < ? AND head > 0 AND (+at, +room) < (?, ?)
ORDER BY +at DESC, +room DESC LIMIT ?

-- changed_since --
-- The sign keeps to the index by time.
SELECT item, head FROM rooms WHERE at >= ? AND head > 0 AND +item >= '"' ORDER BY at DESC, room DESC LIMIT ?

-- unread_of --
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

-- entries_at --
WITH wanted (item, seq) AS (VALUES (...))
SELECT r.item, t.seq, t.kind, t.id, t.by_id, t.by_name, t.at, t.target, t.body, t.edited, t.deleted
FROM wanted w CROSS JOIN rooms r ON r.item = w.item CROSS JOIN texts t ON t.room = r.room AND t.seq = w.seq

-- first_kept_since --
SELECT seq FROM entries WHERE room = ? AND at >= ? ORDER BY seq LIMIT 1

-- rooms_kept_from_before --
SELECT r.item, r.room, r.head, r.oldest, r.at, coalesce(r.log, (SELECT value FROM meta WHERE key = 'log_id')) FROM rooms r
CROSS JOIN entries e ON e.room = r.room AND e.seq = r.oldest
WHERE e.at < ? AND r.item NOT LIKE '!%' LIMIT 100

-- keep_ids --
INSERT OR IGNORE INTO ids (room, by_id, id, seq, at)
SELECT room, by_id, id, seq, at FROM entries WHERE room = ? AND seq < ?

-- remove_entries --
DELETE FROM entries WHERE room = ? AND seq < ?

-- rooms_with_removed --
SELECT room FROM rooms WHERE oldest > 1

-- forget_ids --
DELETE FROM ids WHERE room = ? AND at < ?

-- check --
INSERT INTO meta (key, value) VALUES ('checked', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value
