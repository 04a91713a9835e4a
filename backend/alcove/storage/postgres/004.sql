-- Picture and role of an entry's author, as their token said (A9), and entries of the kind `event` (S14).
ALTER TABLE alcove.entries ADD COLUMN by_picture text, ADD COLUMN by_role text;
ALTER TABLE alcove.outbox ADD COLUMN kind text NOT NULL DEFAULT 'message';

CREATE OR REPLACE VIEW alcove.report AS
SELECT r.item, e.seq, e.kind, e.id, e.by_id, e.by_name, to_timestamp(e.at / 1000.0) AS at, e.target, e.body,
       to_timestamp(e.edited / 1000.0) AS edited_at, to_timestamp(e.deleted / 1000.0) AS deleted_at,
       e.by_picture, e.by_role
FROM alcove.entries e JOIN alcove.rooms r USING (room)
WHERE NOT starts_with(r.item, '!');

-- Store messages in one statement; return their outcomes in their order. The caller has locked their rooms.
-- The settings and the LIMIT enforce index scans: plans are cached, and those made for small tables would be kept.
CREATE FUNCTION alcove.append_messages(
  items text[], ids text[], by_ids text[], by_names text[], by_pictures text[], by_roles text[], ats bigint[],
  bodies text[]
) RETURNS SETOF alcove.outcome LANGUAGE sql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET search_path = pg_catalog, pg_temp AS $$
  WITH draft AS MATERIALIZED (
    SELECT d.n, r.room, r.head, r.at AS room_at, d.id, d.by_id, d.by_name, d.by_picture, d.by_role, d.at, d.body,
           k.seq AS known, k.at AS known_at,
           k.seq IS NULL AND row_number() OVER (PARTITION BY r.room, d.by_id, d.id ORDER BY d.n) = 1 AS new
    FROM unnest(items, ids, by_ids, by_names, by_pictures, by_roles, ats, bodies) WITH ORDINALITY
         AS d (item, id, by_id, by_name, by_picture, by_role, at, body, n)
    JOIN alcove.rooms r ON r.item = d.item COLLATE "C"
    LEFT JOIN LATERAL (
      SELECT i.seq, i.at FROM alcove.ids i
      WHERE i.room = r.room AND i.by_id = d.by_id COLLATE "C" AND i.id = d.id COLLATE "C" LIMIT 1
    ) k ON true
  ), placed AS MATERIALIZED (
    SELECT n, room, id, by_id, by_name, by_picture, by_role, body, new,
           coalesce(known, head + count(*) FILTER (WHERE new) OVER w) AS seq,
           coalesce(known_at, greatest(room_at, max(at) FILTER (WHERE new) OVER w)) AS at
    FROM draft WINDOW w AS (PARTITION BY room ORDER BY n)
  ), stored AS (
    INSERT INTO alcove.entries (room, seq, kind, id, by_id, by_name, by_picture, by_role, at, body)
    SELECT room, seq, 'message', id, by_id, by_name, by_picture, by_role, at, body FROM placed WHERE new
  ), remembered AS (
    INSERT INTO alcove.ids (room, by_id, id, seq, at) SELECT room, by_id, id, seq, at FROM placed WHERE new
  ), moved AS (
    UPDATE alcove.rooms r SET head = m.head, at = m.at
    FROM (SELECT room, max(seq) AS head, max(at) AS at FROM placed WHERE new GROUP BY room) m WHERE r.room = m.room
  )
  SELECT room, first_value(seq) OVER same, first_value(at) OVER same, NOT new, NULL::text
  FROM placed WINDOW same AS (PARTITION BY room, by_id, id ORDER BY n)
  ORDER BY n
$$;

-- Store one draft of any kind. The caller has locked its room.
CREATE FUNCTION alcove.append_one(
  its_item text, its_kind text, its_id text, its_by_id text, its_by_name text, its_by_picture text, its_by_role text,
  its_at bigint, its_body text, its_target bigint, may_moderate boolean
) RETURNS alcove.outcome LANGUAGE plpgsql SET enable_seqscan = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stands alcove.rooms;
  aim alcove.entries;
  result alcove.outcome;
BEGIN
  SELECT * INTO stands FROM alcove.rooms WHERE item = its_item COLLATE "C";
  SELECT room, seq, at, true, NULL INTO result FROM alcove.ids
  WHERE room = stands.room AND by_id = its_by_id COLLATE "C" AND id = its_id COLLATE "C";
  IF FOUND THEN
    RETURN result;
  END IF;
  its_at := greatest(its_at, stands.at);
  IF its_kind IN ('edit', 'delete') THEN
    SELECT * INTO aim FROM alcove.entries WHERE room = stands.room AND seq = its_target;
    IF NOT FOUND OR aim.kind <> 'message' OR aim.deleted IS NOT NULL THEN
      RETURN (stands.room, NULL, NULL, NULL, 'invalid')::alcove.outcome;
    ELSIF aim.by_id <> its_by_id COLLATE "C" AND NOT may_moderate THEN
      RETURN (stands.room, NULL, NULL, NULL, 'forbidden')::alcove.outcome;
    ELSIF its_kind = 'edit' THEN
      UPDATE alcove.entries SET body = its_body, edited = its_at WHERE room = stands.room AND seq = its_target;
    ELSE
      UPDATE alcove.entries SET body = NULL, deleted = its_at WHERE room = stands.room AND seq = its_target;
      UPDATE alcove.entries SET body = NULL WHERE room = stands.room AND target = its_target AND kind = 'edit';
    END IF;
  END IF;
  INSERT INTO alcove.entries (room, seq, kind, id, by_id, by_name, by_picture, by_role, at, target, body)
  VALUES (stands.room, stands.head + 1, its_kind, its_id, its_by_id, its_by_name, its_by_picture, its_by_role, its_at,
          its_target, its_body);
  INSERT INTO alcove.ids (room, by_id, id, seq, at) VALUES (stands.room, its_by_id, its_id, stands.head + 1, its_at);
  UPDATE alcove.rooms SET head = stands.head + 1, at = its_at WHERE room = stands.room;
  RETURN (stands.room, stands.head + 1, its_at, false, NULL)::alcove.outcome;
END $$;

-- Store a batch; return outcomes in its order, with the first seq that each room keeps afterwards and the id of its
-- history. `seen_…` is what the process has seen of these rooms; it is compared in the same transaction, so that no entry
-- gets a number in a history that has lost entries.
CREATE FUNCTION alcove.append(
  items text[], kinds text[], ids text[], by_ids text[], by_names text[], by_pictures text[], by_roles text[],
  ats bigint[], bodies text[], targets bigint[], moderates boolean[], keep bigint, since bigint,
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
      SELECT o::alcove.outcome
      FROM alcove.append_messages(items, ids, by_ids, by_names, by_pictures, by_roles, ats, bodies) o);
  ELSE
    FOR i IN 1 .. cardinality(items) LOOP
      outcomes[i] := alcove.append_one(
        items[i], kinds[i], ids[i], by_ids[i], by_names[i], by_pictures[i], by_roles[i], ats[i], bodies[i], targets[i],
        moderates[i]);
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

-- Append for processes of earlier versions, whose authors have neither picture nor role.
CREATE OR REPLACE FUNCTION alcove.append(
  items text[], kinds text[], ids text[], by_ids text[], by_names text[], ats bigint[], bodies text[],
  targets bigint[], moderates boolean[], keep bigint, since bigint,
  seen_items text[], seen_logs text[], seen_heads bigint[], seen_ats bigint[]
) RETURNS TABLE (seq bigint, at bigint, duplicate boolean, refused text, oldest bigint, log text) LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.seq, a.at, a.duplicate, a.refused, a.oldest, a.log
  FROM alcove.append(items, kinds, ids, by_ids, by_names, NULL, NULL, ats, bodies, targets, moderates, keep, since,
                     seen_items, seen_logs, seen_heads, seen_ats) a
$$;
DROP FUNCTION alcove.append_messages(text[], text[], text[], text[], bigint[], text[]);
DROP FUNCTION alcove.append_one(text, text, text, text, text, bigint, text, bigint, boolean);

-- Append what the transaction sends, and notify the processes (001.sql).
CREATE OR REPLACE FUNCTION alcove.send_outbox() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  items text[]; kinds text[]; ids text[]; by_ids text[]; by_names text[]; bodies text[];
BEGIN
  WITH mine AS (DELETE FROM alcove.outbox WHERE xact = pg_current_xact_id() RETURNING *)
  SELECT array_agg(item ORDER BY n), array_agg(kind ORDER BY n), array_agg(id ORDER BY n), array_agg(by_id ORDER BY n),
         array_agg(by_name ORDER BY n), array_agg(body ORDER BY n)
  INTO items, kinds, ids, by_ids, by_names, bodies FROM mine;
  IF items IS NULL THEN  -- the trigger of another row of this transaction has appended them all
    RETURN NULL;
  END IF;
  PERFORM alcove.append(
    items, kinds, ids, by_ids, by_names, NULL, NULL, array_fill(alcove.now_ms(), ARRAY[cardinality(items)]), bodies,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  PERFORM pg_notify('alcove_send', 'host 1/1 !sends' || E'\n' ||
    json_build_object('kind', 'head', 'item', item, 'head', head))
  FROM alcove.rooms WHERE item = ANY (items);
  RETURN NULL;
END $$;

-- Check the arguments that alcove_send and alcove_event share. Raises check_violation.
CREATE FUNCTION alcove.check_sent(item text, id text, by_id text, by_name text) RETURNS void LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  normalized text;
BEGIN
  IF alcove.is_item_id(item) IS NOT TRUE THEN
    normalized := normalize(left(item, 512), NFC);
    IF normalized <> item COLLATE "C" AND alcove.is_item_id(normalized) THEN
      RAISE check_violation USING MESSAGE = format('item %L: expected Unicode form NFC: %s', item, normalized);
    END IF;
    RAISE check_violation USING MESSAGE = format(
      'item %L: expected 1 to 128 letters, marks and digits of any script and . _ : @ -, but not . or .. alone',
      left(item, 512));
  ELSIF id IS NULL OR length(id) NOT BETWEEN 1 AND 64 THEN
    RAISE check_violation USING MESSAGE = format('id %L: expected 1 to 64 characters', left(id, 128));
  ELSIF by_id IS NULL OR length(by_id) NOT BETWEEN 1 AND 128 THEN
    RAISE check_violation USING MESSAGE = format('by_id %L: expected 1 to 128 characters', left(by_id, 256));
  ELSIF by_name IS NULL OR length(by_name) NOT BETWEEN 1 AND 64 THEN
    RAISE check_violation USING MESSAGE = format('by_name %L: expected 1 to 64 characters', left(by_name, 128));
  END IF;
END $body$;

CREATE OR REPLACE FUNCTION alcove.alcove_send(item text, id text, by_id text, by_name text, body jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
  PERFORM alcove.check_sent(item, id, by_id, by_name);
  IF body IS NULL THEN
    RAISE check_violation USING MESSAGE = 'body: expected a value, not null';
  END IF;
  INSERT INTO alcove.outbox (item, id, by_id, by_name, body)
  VALUES (alcove_send.item, alcove_send.id, alcove_send.by_id, alcove_send.by_name, alcove_send.body::text);
END $body$;

-- Tell an item's room of an event of the application, inside the caller's transaction as alcove_send does (S14, X5).
-- `text` is what people read; `data`, any JSON value, is for programs. Roles other than the owner need EXECUTE on it.
CREATE FUNCTION alcove.alcove_event(item text, id text, by_id text, by_name text, text text, data jsonb DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
  PERFORM alcove.check_sent(item, id, by_id, by_name);
  IF coalesce(text, '') = '' THEN
    RAISE check_violation USING MESSAGE = 'text: expected at least one character';
  END IF;
  INSERT INTO alcove.outbox (item, kind, id, by_id, by_name, body)
  VALUES (alcove_event.item, 'event', alcove_event.id, alcove_event.by_id, alcove_event.by_name,
          (jsonb_build_object('text', alcove_event.text)
           || CASE WHEN data IS NULL THEN '{}' ELSE jsonb_build_object('data', data) END)::text);
END $body$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA alcove FROM PUBLIC;

-- A wrapper that can be called without schema: in `public`, if this role may create functions there, and in each other
-- schema where an earlier version created one of alcove_send.
DO $body$
DECLARE
  its_schema name;
BEGIN
  FOR its_schema IN
    SELECT s.nspname FROM pg_namespace s
    WHERE s.nspname <> 'alcove' AND (
      s.nspname = 'public' AND has_schema_privilege(s.oid, 'CREATE') OR EXISTS (
        SELECT 1 FROM pg_proc p
        WHERE p.pronamespace = s.oid AND p.proname = 'alcove_send' AND pg_get_userbyid(p.proowner) = current_user))
  LOOP
    EXECUTE format($sql$
      CREATE OR REPLACE FUNCTION %I.alcove_event(
        item text, id text, by_id text, by_name text, text text, data jsonb DEFAULT NULL
      ) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
      'SELECT alcove.alcove_event(item, id, by_id, by_name, text, data)'
    $sql$, its_schema);
    EXECUTE format('REVOKE ALL ON FUNCTION %I.alcove_event(text, text, text, text, text, jsonb) FROM PUBLIC', its_schema);
  END LOOP;
END $body$;

-- Delete a room with its entries, ids and read marks; return the id of the empty room's history (R5, W11).
CREATE FUNCTION alcove.delete_room(its_item text) RETURNS text LANGUAGE plpgsql
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
  UPDATE alcove.rooms SET head = 0, oldest = 1, at = 0, log = replace(gen_random_uuid()::text, '-', '')
  WHERE room = stands.room RETURNING * INTO stands;
  RETURN stands.log;
END $$;
REVOKE ALL ON FUNCTION alcove.delete_room(text) FROM PUBLIC;
