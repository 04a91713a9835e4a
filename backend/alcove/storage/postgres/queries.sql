-- append --
SELECT seq, at, duplicate, refused, oldest, log
FROM alcove.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)

-- verify_history --
SELECT alcove.verify($1, $2, $3, $4)

-- entries_by_seq --
SELECT e.seq, e.kind, e.id, e.by_id, e.by_name, e.at, e.target, e.body, e.edited, e.deleted,
       e.by_picture, e.by_role, r.item
FROM unnest($1::text[], $2::bigint[]) AS w (item, seq)
JOIN alcove.rooms r ON r.item = w.item COLLATE "C"
JOIN alcove.entries e ON e.room = r.room AND e.seq = w.seq

-- entries_after --
-- Each row has an entry, and the bounds and history of its room; without such entries, one row has these alone. The bodies
-- have at most $4 bytes together, but the first entry is always returned.
SELECT p.seq, p.kind, p.id, p.by_id, p.by_name, p.at, p.target, p.body, p.edited, p.deleted,
       p.by_picture, p.by_role, r.oldest, r.head,
       coalesce(r.log, (SELECT value FROM alcove.meta WHERE key = 'log_id'))
FROM alcove.rooms r LEFT JOIN LATERAL (
  SELECT * FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY seq) AS size, row_number() OVER (ORDER BY seq) AS n FROM (
      SELECT * FROM alcove.entries e WHERE e.room = r.room AND e.seq > $2 ORDER BY e.seq LIMIT $3
    ) found
  ) sized WHERE n = 1 OR size IS NULL OR size <= $4
) p ON true
WHERE r.item = $1 ORDER BY p.seq

-- entries_before --
-- As `entries_after`, from $2 back, or from the head if $2 is null.
SELECT p.seq, p.kind, p.id, p.by_id, p.by_name, p.at, p.target, p.body, p.edited, p.deleted,
       p.by_picture, p.by_role, r.oldest, r.head,
       coalesce(r.log, (SELECT value FROM alcove.meta WHERE key = 'log_id'))
FROM alcove.rooms r LEFT JOIN LATERAL (
  SELECT * FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY seq DESC) AS size, row_number() OVER (ORDER BY seq DESC) AS n FROM (
      SELECT * FROM alcove.entries e WHERE e.room = r.room AND e.seq < coalesce($2, r.head + 1)
      ORDER BY e.seq DESC LIMIT $3
    ) found
  ) sized WHERE n = 1 OR size IS NULL OR size <= $4
) p ON true
WHERE r.item = $1 ORDER BY p.seq

-- rooms --
SELECT r.item, coalesce(r.log, (SELECT value FROM alcove.meta WHERE key = 'log_id')), r.oldest, r.head,
       m.members, m.seqs
FROM alcove.rooms r CROSS JOIN LATERAL (
  SELECT array_agg(member ORDER BY moved DESC) AS members, array_agg(seq ORDER BY moved DESC) AS seqs
  FROM (SELECT * FROM alcove.marks m WHERE m.room = r.room ORDER BY moved DESC LIMIT 100) latest
) m
WHERE r.item = ANY ($1)

-- move_read_marks --
INSERT INTO alcove.marks (room, member, seq, moved)
SELECT r.room, w.member COLLATE "C", least(max(w.seq), max(r.head)), alcove.now_ms()
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS w (item, member, seq)
JOIN alcove.rooms r ON r.item = w.item COLLATE "C"
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (room, member) DO UPDATE SET seq = excluded.seq, moved = excluded.moved WHERE excluded.seq > marks.seq

-- read_marks --
SELECT coalesce(m.seq, 0)
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (item, member, n)
LEFT JOIN alcove.rooms r ON r.item = w.item COLLATE "C"
LEFT JOIN alcove.marks m ON m.room = r.room AND m.member = w.member COLLATE "C"
ORDER BY w.n

-- list_position --
-- Where a room is in the list of rooms, which is ordered by time and number.
SELECT at, room FROM alcove.rooms WHERE item = $1 AND head > 0

-- changed_since --
SELECT item, head FROM alcove.rooms WHERE at >= $1 AND head > 0 AND NOT starts_with(item, '!')
ORDER BY at DESC LIMIT $2

-- count_unread --
SELECT w.item, coalesce(r.head, 0), u.unread
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (item, member, n)
LEFT JOIN LATERAL (SELECT * FROM alcove.rooms r WHERE r.item = w.item COLLATE "C" LIMIT 1) r ON true
LEFT JOIN LATERAL (
  SELECT m.seq FROM alcove.marks m WHERE m.room = r.room AND m.member = w.member COLLATE "C" LIMIT 1
) m ON true
CROSS JOIN LATERAL (
  SELECT count(*) AS unread FROM (
    SELECT 1 FROM alcove.entries e
    WHERE e.room = r.room AND e.seq > coalesce(m.seq, 0) AND e.kind = 'message' AND e.by_id <> w.member COLLATE "C"
      AND e.deleted IS NULL
    LIMIT 1000
  ) counted
) u
ORDER BY w.n

-- recent_rooms --
-- The number of recent rooms that exist, up to $1, and those of them that are in the ranges $2 (bounds in ascending order).
WITH recent AS MATERIALIZED (
  SELECT room, item, at FROM alcove.rooms
  WHERE head > 0 AND NOT starts_with(item, '!') AND (at, room) < ($4::bigint, $5::bigint)
  ORDER BY at DESC, room DESC LIMIT $1
)
SELECT (SELECT count(*) FROM recent), ARRAY(
  SELECT room FROM recent WHERE width_bucket(item COLLATE "C", $2::text[]) % 2 = 1
  ORDER BY at DESC, room DESC LIMIT $3)

-- rooms_in_ranges --
-- Reads each range by the index by item; `at + 0` keeps PostgreSQL from using the index by time.
SELECT found.room
FROM unnest($1::text[], $2::text[]) AS range (first, behind) CROSS JOIN LATERAL (
  SELECT r.room, r.at FROM alcove.rooms r
  WHERE r.item >= range.first COLLATE "C" AND r.item < range.behind COLLATE "C" AND r.head > 0
    AND (r.at + 0, r.room) < ($4::bigint, $5::bigint)
  ORDER BY r.at + 0 DESC, r.room DESC LIMIT $3
) found
ORDER BY found.at DESC, found.room DESC LIMIT $3

-- list_rooms --
SELECT r.item, r.head, u.unread,
       e.seq, e.kind, e.id, e.by_id, e.by_name, e.at, e.target, e.body, e.edited, e.deleted,
       e.by_picture, e.by_role
FROM unnest($1::bigint[]) WITH ORDINALITY AS found (room, n)
JOIN alcove.rooms r ON r.room = found.room
LEFT JOIN alcove.marks m ON m.room = r.room AND m.member = $2
LEFT JOIN alcove.entries e ON e.room = r.room AND e.seq = r.head
CROSS JOIN LATERAL (
  SELECT count(*) AS unread FROM (
    SELECT 1 FROM alcove.entries n
    WHERE n.room = r.room AND n.seq > coalesce(m.seq, 0) AND n.kind = 'message' AND n.by_id <> $2 AND n.deleted IS NULL
    LIMIT 1000
  ) counted
) u
ORDER BY found.n

-- remove_expired --
WITH due AS MATERIALIZED (
  SELECT r.room FROM alcove.rooms r JOIN alcove.entries e ON e.room = r.room AND e.seq = r.oldest
  WHERE e.at < $2 AND NOT starts_with(r.item, '!')
  ORDER BY r.item LIMIT 100
), locked AS MATERIALIZED (
  SELECT room FROM alcove.rooms WHERE room IN (SELECT room FROM due) ORDER BY item FOR NO KEY UPDATE
)
SELECT count(*) FROM (SELECT alcove.retain(room, $1, $2) FROM locked) retained

-- delete_ids --
DELETE FROM alcove.ids i USING alcove.rooms r
WHERE r.room = i.room AND r.oldest > 1 AND i.seq < r.oldest AND i.at < $1

-- bus_key --
SELECT value FROM alcove.meta WHERE key = 'bus_key'

-- create_bus_key --
INSERT INTO alcove.meta (key, value) VALUES ('bus_key', $1) ON CONFLICT (key) DO NOTHING

-- check_writable --
INSERT INTO alcove.meta (key, value) VALUES ('checked', alcove.now_ms()::text)
ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- room_to_trim --
SELECT room, oldest, head FROM alcove.rooms WHERE item = $1 FOR NO KEY UPDATE

-- trim_entries --
DELETE FROM alcove.entries WHERE room = $1 AND seq < $2

-- trim_ids --
DELETE FROM alcove.ids WHERE room = $1 AND seq < $2

-- trim_room --
UPDATE alcove.rooms SET oldest = $2 WHERE room = $1

-- room_to_delete --
SELECT room FROM alcove.rooms WHERE item = $1 FOR UPDATE

-- empty_room --
-- The item's row stays, because appends wait for its lock; a new number separates it from the rows of the old one.
UPDATE alcove.rooms SET room = DEFAULT, head = 0, oldest = 1, at = 0, log = replace(gen_random_uuid()::text, '-', '')
WHERE room = $1 RETURNING log

-- hide_room --
-- Items that begin with `!` are in no list. The rows from `oldest` on are removed already: removal begins at the end.
INSERT INTO alcove.rooms (room, item, oldest) OVERRIDING SYSTEM VALUE
SELECT $1::bigint, '!deleted-' || $1::bigint, coalesce(max(seq), 0) + 1 FROM alcove.entries WHERE room = $1

-- delete_positions --
DELETE FROM alcove.positions WHERE consumer IN (SELECT consumer FROM alcove.consumers) AND room = $1

-- deleted_room --
-- The items that begin with `!deleted-`, because `.` is the character after `-`.
SELECT room FROM alcove.rooms WHERE item >= '!deleted-' AND item < '!deleted.' LIMIT 1

-- lock_deleted_room --
SELECT oldest FROM alcove.rooms WHERE room = $1 FOR UPDATE

-- remove_entries --
-- Removes the last entries before a seq, and their ids. It begins at the end, because index entries of removed rows stay
-- for a while.
WITH part AS MATERIALIZED (
  SELECT seq FROM alcove.entries WHERE room = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3
), removed AS (
  DELETE FROM alcove.entries e USING part WHERE e.room = $1 AND e.seq = part.seq RETURNING e.by_id, e.id
), removed_ids AS (
  DELETE FROM alcove.ids i USING removed WHERE i.room = $1 AND i.by_id = removed.by_id AND i.id = removed.id
), updated_room AS (
  UPDATE alcove.rooms SET oldest = (SELECT min(seq) FROM part) WHERE room = $1 AND EXISTS (SELECT 1 FROM part)
)
SELECT count(*) FROM part

-- remove_ids --
-- Removes ids of entries that retention removed.
DELETE FROM alcove.ids i USING (SELECT by_id, id FROM alcove.ids WHERE room = $1 ORDER BY by_id, id LIMIT $2) part
WHERE i.room = $1 AND i.by_id = part.by_id AND i.id = part.id

-- remove_marks --
DELETE FROM alcove.marks m USING (SELECT member FROM alcove.marks WHERE room = $1 ORDER BY member LIMIT $2) part
WHERE m.room = $1 AND m.member = part.member

-- remove_imported --
DELETE FROM alcove.imported WHERE room = $1

-- remove_room --
DELETE FROM alcove.rooms WHERE room = $1

-- marks_from --
SELECT m.member, m.seq FROM alcove.marks m JOIN alcove.rooms r ON r.room = m.room
WHERE r.item = $1 AND m.member >= $2 COLLATE "C" ORDER BY m.member LIMIT $3

-- seqs_of --
SELECT w.item, w.by_id, w.id, i.seq
FROM unnest($1::text[], $2::text[], $3::text[]) AS w (item, by_id, id)
CROSS JOIN LATERAL (SELECT * FROM alcove.rooms r WHERE r.item = w.item COLLATE "C" LIMIT 1) r
CROSS JOIN LATERAL (
  SELECT i.seq FROM alcove.ids i
  WHERE i.room = r.room AND i.by_id = w.by_id COLLATE "C" AND i.id = w.id COLLATE "C" LIMIT 1
) i

-- rooms_of_member --
SELECT r.item FROM alcove.rooms r WHERE NOT starts_with(r.item, '!') AND (
  EXISTS (SELECT 1 FROM alcove.ids i WHERE i.room = r.room AND i.by_id = $1 COLLATE "C")
  OR EXISTS (SELECT 1 FROM alcove.marks m WHERE m.room = r.room AND m.member = $1 COLLATE "C"))

-- entries_of_member --
SELECT e.seq, e.kind, e.id, e.by_id, e.by_name, e.at, e.target, e.body, e.edited, e.deleted, e.by_picture, e.by_role
FROM alcove.rooms r
JOIN alcove.ids i ON i.room = r.room AND i.by_id = $2 COLLATE "C"
JOIN alcove.entries e ON e.room = i.room AND e.seq = i.seq
WHERE r.item = $1 AND e.seq > $3 ORDER BY e.seq LIMIT $4

-- erase_author --
-- Erases the author of the next entries in the order of their ids; returns how many these are, and the last one's id.
WITH part AS MATERIALIZED (
  SELECT i.room, i.seq, i.id FROM alcove.rooms r JOIN alcove.ids i ON i.room = r.room
  WHERE r.item = $1 AND i.by_id = $2 COLLATE "C" AND i.id > $3 COLLATE "C" ORDER BY i.id LIMIT $4
), erased AS (
  UPDATE alcove.entries e SET by_name = '', by_picture = NULL, by_role = NULL,
    body = CASE WHEN e.kind = 'event' THEN NULL ELSE e.body END
  FROM part WHERE e.room = part.room AND e.seq = part.seq
)
SELECT count(*), max(id) FROM part

-- delete_marks_of_member --
DELETE FROM alcove.marks m USING alcove.rooms r
WHERE r.room = m.room AND r.item = ANY ($1::text[]) AND m.member = $2 COLLATE "C"
