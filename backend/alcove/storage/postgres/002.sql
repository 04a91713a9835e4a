-- The id of the history that a room's numbers belong to (R5). Null: the log's id, until the room has lost entries.
ALTER TABLE alcove.rooms ADD COLUMN log text;

-- Start a new history in a room that has lost entries, and remove what refers to them. The caller has locked the room.
CREATE FUNCTION alcove.renew(its_room bigint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stands alcove.rooms;
BEGIN
  UPDATE alcove.rooms SET log = replace(gen_random_uuid()::text, '-', '') WHERE room = its_room RETURNING * INTO stands;
  DELETE FROM alcove.entries WHERE room = its_room AND seq > stands.head;
  DELETE FROM alcove.ids WHERE room = its_room AND seq > stands.head;
  UPDATE alcove.marks SET seq = stands.head WHERE room = its_room AND seq > stands.head;
END $$;

-- Compare what a process has seen of rooms with what they hold; start a new history in rooms that lost entries (X8).
-- `heads` and `ats` are the last entry that was seen and its time (null: unknown). `logs` are the histories it was seen
-- in: if several processes notice a loss, only the first one starts a new history. The caller has locked the rooms.
CREATE FUNCTION alcove.renew_lost(items text[], logs text[], heads bigint[], ats bigint[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM alcove.renew(lost.room) FROM (
    SELECT r.room
    FROM unnest(items, logs, heads, ats) AS seen (item, log, head, at)
    CROSS JOIN LATERAL (SELECT * FROM alcove.rooms r WHERE r.item = seen.item COLLATE "C" LIMIT 1) r
    LEFT JOIN LATERAL (SELECT e.at FROM alcove.entries e WHERE e.room = r.room AND e.seq = seen.head LIMIT 1) e ON true
    WHERE coalesce(r.log, (SELECT value FROM alcove.meta WHERE key = 'log_id')) = seen.log
      AND (r.head < seen.head OR e.at <> seen.at)
  ) lost;
END $$;

-- Compare what a process has seen of one room with what it holds; return the id of its history.
CREATE FUNCTION alcove.verify(its_item text, its_log text, its_head bigint, its_at bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF its_head > 0 THEN
    PERFORM alcove.lock_rooms(ARRAY[its_item]);
    PERFORM alcove.renew_lost(ARRAY[its_item], ARRAY[its_log], ARRAY[its_head], ARRAY[its_at]);
  END IF;
  RETURN coalesce((SELECT r.log FROM alcove.rooms r WHERE r.item = its_item COLLATE "C"),
                  (SELECT value FROM alcove.meta WHERE key = 'log_id'));
END $$;

-- Store a batch; return outcomes in its order, with the first seq that each room keeps afterwards and the id of its
-- history. `seen_…` is what the process has seen of these rooms; it is compared in the same transaction, so that no entry
-- gets a number in a history that has lost entries.
CREATE FUNCTION alcove.append(
  items text[], kinds text[], ids text[], by_ids text[], by_names text[], ats bigint[], bodies text[],
  targets bigint[], moderates boolean[], keep bigint, since bigint,
  seen_items text[], seen_logs text[], seen_heads bigint[], seen_ats bigint[]
) RETURNS TABLE (seq bigint, at bigint, duplicate boolean, refused text, oldest bigint, log text) LANGUAGE plpgsql
SET enable_seqscan = off SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  outcomes alcove.outcome[];
BEGIN
  -- Overrides the database's setting: what is acknowledged must be on disk (S3).
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  PERFORM alcove.lock_rooms(items);
  IF cardinality(seen_items) > 0 THEN
    PERFORM alcove.renew_lost(seen_items, seen_logs, seen_heads, seen_ats);
  END IF;
  IF 'message' = ALL (kinds) THEN
    outcomes := ARRAY(
      SELECT o::alcove.outcome FROM alcove.append_messages(items, ids, by_ids, by_names, ats, bodies) o);
  ELSE
    FOR i IN 1 .. cardinality(items) LOOP
      outcomes[i] := alcove.append_one(
        items[i], kinds[i], ids[i], by_ids[i], by_names[i], ats[i], bodies[i], targets[i], moderates[i]);
    END LOOP;
  END IF;
  IF keep IS NOT NULL OR since IS NOT NULL THEN
    PERFORM alcove.retain(r.room, keep, since) FROM alcove.rooms r
    WHERE r.item = ANY (items) AND NOT starts_with(r.item, '!');
  END IF;
  RETURN QUERY
  SELECT o.seq, o.at, o.duplicate, o.refused, r.oldest,
         coalesce(r.log, (SELECT value FROM alcove.meta WHERE key = 'log_id'))
  FROM unnest(outcomes) WITH ORDINALITY AS o (room, seq, at, duplicate, refused, n)
  CROSS JOIN LATERAL (SELECT r.oldest, r.log FROM alcove.rooms r WHERE r.room = o.room LIMIT 1) r
  ORDER BY o.n;
END $$;

-- Append without this comparison, for processes of an earlier version and for alcove_send.
CREATE OR REPLACE FUNCTION alcove.append(
  items text[], kinds text[], ids text[], by_ids text[], by_names text[], ats bigint[], bodies text[],
  targets bigint[], moderates boolean[], keep bigint, since bigint
) RETURNS TABLE (seq bigint, at bigint, duplicate boolean, refused text, oldest bigint) LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.seq, a.at, a.duplicate, a.refused, a.oldest
  FROM alcove.append(items, kinds, ids, by_ids, by_names, ats, bodies, targets, moderates, keep, since,
                     NULL, NULL, NULL, NULL) a
$$;
