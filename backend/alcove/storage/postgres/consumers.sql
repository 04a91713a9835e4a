-- `p.log = r.history`: a position in another history counts as none.

-- register --
WITH created AS (
  INSERT INTO alcove.consumers (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING consumer
)
INSERT INTO alcove.positions (consumer, room, log, seq)
SELECT c.consumer, r.room, coalesce(r.log, (SELECT value FROM alcove.meta WHERE key = 'log_id')), r.head
FROM created c CROSS JOIN alcove.rooms r WHERE r.head > 0 AND NOT starts_with(r.item, '!')

-- names --
SELECT name FROM alcove.consumers ORDER BY name

-- lease --
UPDATE alcove.consumers SET holder = $2, expires = alcove.now_ms() + $3
WHERE name = ANY ($1::text[]) AND (holder = $2 OR holder IS NULL OR expires < alcove.now_ms())
RETURNING name, revision, disabled

-- release --
UPDATE alcove.consumers SET holder = NULL, expires = 0 WHERE holder = $1

-- find --
SELECT revision, disabled FROM alcove.consumers WHERE name = $1

-- positions --
SELECT r.item, r.history, r.head, p.log, p.seq, p.revision, p.attempts, p.since, p.due, p.error, p.parked
FROM (
  SELECT room, item, head, coalesce(log, (SELECT value FROM alcove.meta WHERE key = 'log_id')) AS history
  FROM alcove.rooms WHERE item = ANY ($2::text[])
) r
LEFT JOIN alcove.positions p
  ON p.consumer = (SELECT consumer FROM alcove.consumers WHERE name = $1) AND p.room = r.room

-- last_room --
SELECT max(room), count(*) FROM (SELECT room FROM alcove.rooms WHERE room > $1 ORDER BY room LIMIT $2) next

-- pending_positions --
SELECT r.item, r.history, r.head, p.log, p.seq, p.revision, p.attempts, p.since, p.due, p.error, p.parked
FROM (
  SELECT room, item, head, coalesce(log, (SELECT value FROM alcove.meta WHERE key = 'log_id')) AS history
  FROM alcove.rooms WHERE room > $2 AND room <= $3 AND head > 0 AND NOT starts_with(item, '!')
) r
LEFT JOIN alcove.positions p
  ON p.consumer = (SELECT consumer FROM alcove.consumers WHERE name = $1) AND p.room = r.room
WHERE p.log IS NULL OR p.log <> r.history OR p.seq < r.head AND NOT p.parked
ORDER BY r.room

-- save --
INSERT INTO alcove.positions AS p (consumer, room, log, seq, revision, attempts, since, due, error, parked)
SELECT c.consumer, r.room, w.log, w.seq, w.revision, w.attempts, w.since, w.due, w.error, w.parked
FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[],
            $11::boolean[]) AS w (item, log, seq, revision, attempts, since, due, error, parked)
JOIN alcove.rooms r ON r.item = w.item COLLATE "C"
JOIN alcove.consumers c ON c.name = $1 AND c.holder = $2 AND c.expires >= alcove.now_ms()
WHERE coalesce(r.log, (SELECT value FROM alcove.meta WHERE key = 'log_id')) = w.log
ORDER BY r.room
ON CONFLICT (consumer, room) DO UPDATE
SET log = excluded.log, seq = excluded.seq, attempts = excluded.attempts, since = excluded.since, due = excluded.due,
    error = excluded.error, parked = excluded.parked
WHERE p.revision = excluded.revision
RETURNING (SELECT r.item FROM alcove.rooms r WHERE r.room = p.room)

-- disable --
UPDATE alcove.consumers SET disabled = $2, revision = revision + 1 WHERE name = $1

-- backlog --
SELECT count(*), coalesce(sum(head - seq), 0)::bigint FROM (
  SELECT r.head, CASE WHEN p.log = coalesce(r.log, (SELECT value FROM alcove.meta WHERE key = 'log_id'))
                      THEN p.seq ELSE 0 END AS seq
  FROM alcove.rooms r
  LEFT JOIN alcove.positions p
    ON p.consumer = (SELECT consumer FROM alcove.consumers WHERE name = $1) AND p.room = r.room
  WHERE r.head > 0 AND NOT starts_with(r.item, '!')
) found WHERE head > seq

-- parked_count --
SELECT count(*) FROM alcove.positions
WHERE consumer = (SELECT consumer FROM alcove.consumers WHERE name = $1) AND attempts > 0 AND parked

-- failing_positions --
SELECT r.item, coalesce(r.log, (SELECT value FROM alcove.meta WHERE key = 'log_id')), r.head,
       p.log, p.seq, p.revision, p.attempts, p.since, p.due, p.error, p.parked
FROM alcove.positions p JOIN alcove.rooms r USING (room)
WHERE p.consumer = (SELECT consumer FROM alcove.consumers WHERE name = $1) AND p.attempts > 0
ORDER BY p.parked DESC, p.room LIMIT $2

-- retry --
UPDATE alcove.positions SET due = 0, since = alcove.now_ms(), attempts = 1, parked = false, revision = revision + 1
WHERE consumer = (SELECT consumer FROM alcove.consumers WHERE name = $1) AND attempts > 0
  AND ($2::text IS NULL OR room = (SELECT r.room FROM alcove.rooms r WHERE r.item = $2 COLLATE "C"))

-- skip --
UPDATE alcove.positions
SET seq = seq + 1, attempts = 0, since = 0, due = 0, error = '', parked = false, revision = revision + 1
WHERE consumer = (SELECT consumer FROM alcove.consumers WHERE name = $1) AND attempts > 0
  AND room = (SELECT r.room FROM alcove.rooms r WHERE r.item = $2 COLLATE "C")

-- increment_revision --
UPDATE alcove.consumers SET revision = revision + 1 WHERE name = $1

-- record_imported --
INSERT INTO alcove.imported (room, first, last)
SELECT room, $2, $3 FROM alcove.rooms WHERE item = $1 COLLATE "C"

-- imported_ranges --
SELECT first, last FROM alcove.imported
WHERE room = (SELECT room FROM alcove.rooms WHERE item = $1 COLLATE "C") AND last >= $2 AND first <= $3
