-- `p.log = r.history`: a position in another history counts as none.
-- `item >= '"'`: leaves out internal rooms (queries.sql).

-- create --
INSERT INTO consumers (name) VALUES (?) ON CONFLICT DO NOTHING

-- begin_at_heads --
INSERT INTO positions (consumer, room, log, seq)
SELECT c.consumer, r.room, coalesce(r.log, (SELECT value FROM meta WHERE key = 'log_id')), r.head
FROM consumers c CROSS JOIN rooms r WHERE c.name = ? AND r.head > 0 AND r.item >= '"'

-- names --
SELECT name FROM consumers ORDER BY name

-- records --
SELECT name, revision, disabled FROM consumers

-- position --
SELECT r.item, r.history, r.head, p.log, p.seq, p.revision, p.attempts, p.since, p.due, p.error, p.parked
FROM (SELECT room, item, head, coalesce(log, (SELECT value FROM meta WHERE key = 'log_id')) AS history
      FROM rooms WHERE item = :item) r
LEFT JOIN positions p ON p.consumer = (SELECT consumer FROM consumers WHERE name = :name) AND p.room = r.room

-- last_room --
SELECT max(room), count(*) FROM (SELECT room FROM rooms WHERE room > ? ORDER BY room LIMIT ?)

-- pending_positions --
SELECT r.item, r.history, r.head, p.log, p.seq, p.revision, p.attempts, p.since, p.due, p.error, p.parked
FROM (SELECT room, item, head, coalesce(log, (SELECT value FROM meta WHERE key = 'log_id')) AS history
      FROM rooms WHERE room > :after AND room <= :last AND head > 0 AND item >= '"') r
LEFT JOIN positions p ON p.consumer = (SELECT consumer FROM consumers WHERE name = :name) AND p.room = r.room
WHERE p.log IS NULL OR p.log <> r.history OR p.seq < r.head AND NOT p.parked
ORDER BY r.room

-- save --
INSERT INTO positions (consumer, room, log, seq, revision, attempts, since, due, error, parked)
SELECT c.consumer, r.room, :log, :seq, :revision, :attempts, :since, :due, :error, :parked
FROM consumers c CROSS JOIN rooms r
WHERE c.name = :name AND r.item = :item AND coalesce(r.log, (SELECT value FROM meta WHERE key = 'log_id')) = :log
ON CONFLICT (consumer, room) DO UPDATE
SET log = excluded.log, seq = excluded.seq, attempts = excluded.attempts, since = excluded.since, due = excluded.due,
    error = excluded.error, parked = excluded.parked
WHERE positions.revision = excluded.revision
RETURNING 1

-- disable --
UPDATE consumers SET disabled = :digest, revision = revision + 1 WHERE name = :name

-- backlog --
SELECT count(*), coalesce(sum(head - seq), 0) FROM (
  SELECT r.head, CASE WHEN p.log = coalesce(r.log, (SELECT value FROM meta WHERE key = 'log_id')) THEN p.seq ELSE 0 END AS seq
  FROM rooms r
  LEFT JOIN positions p ON p.consumer = (SELECT consumer FROM consumers WHERE name = ?) AND p.room = r.room
  WHERE r.head > 0 AND r.item >= '"'
) WHERE head > seq

-- parked_count --
SELECT count(*) FROM positions WHERE consumer = (SELECT consumer FROM consumers WHERE name = ?) AND attempts > 0 AND parked

-- failing_positions --
SELECT r.item, coalesce(r.log, (SELECT value FROM meta WHERE key = 'log_id')), r.head,
       p.log, p.seq, p.revision, p.attempts, p.since, p.due, p.error, p.parked
FROM positions p JOIN rooms r USING (room)
WHERE p.consumer = (SELECT consumer FROM consumers WHERE name = ?) AND p.attempts > 0
ORDER BY p.parked DESC, p.room LIMIT ?

-- retry --
UPDATE positions SET due = 0, since = :now, attempts = 1, parked = 0, revision = revision + 1
WHERE consumer = (SELECT consumer FROM consumers WHERE name = :name) AND attempts > 0
  AND (:item IS NULL OR room = (SELECT room FROM rooms WHERE item = :item))

-- skip --
UPDATE positions
SET seq = seq + 1, attempts = 0, since = 0, due = 0, error = '', parked = 0, revision = revision + 1
WHERE consumer = (SELECT consumer FROM consumers WHERE name = :name) AND attempts > 0
  AND room = (SELECT room FROM rooms WHERE item = :item)

-- increment_revision --
UPDATE consumers SET revision = revision + 1 WHERE name = ?

-- delete_positions --
DELETE FROM positions WHERE consumer IN (SELECT consumer FROM consumers) AND room = ?

-- move_positions_to_history --
UPDATE positions SET log = :log, seq = min(seq, :head), revision = revision + 1
WHERE consumer IN (SELECT consumer FROM consumers) AND room = :room

-- record_imported --
INSERT INTO imported (room, first, last) SELECT room, :first, :last FROM rooms WHERE item = :item

-- imported_ranges --
SELECT first, last FROM imported
WHERE room = (SELECT room FROM rooms WHERE item = :item) AND last >= :first AND first <= :last

-- delete_imported_after --
DELETE FROM imported WHERE room = :room AND first > :head

-- shorten_imported --
UPDATE imported SET last = :head WHERE room = :room AND last > :head
