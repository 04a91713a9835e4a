-- Rooms, their entries, and the ids of sends, in a separate schema beside the host application's tables.

CREATE TABLE alcove.rooms (
  room   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  item   text COLLATE "C" NOT NULL UNIQUE,
  head   bigint NOT NULL DEFAULT 0,
  oldest bigint NOT NULL DEFAULT 1,
  at     bigint NOT NULL DEFAULT 0
);
CREATE INDEX rooms_by_time ON alcove.rooms (at);
-- Each batch updates the rows of its rooms; free space on a page lets PostgreSQL remove their old versions early.
ALTER TABLE alcove.rooms SET (fillfactor = 50);

CREATE TABLE alcove.entries (
  room    bigint NOT NULL,
  seq     bigint NOT NULL,
  kind    text NOT NULL,
  id      text COLLATE "C" NOT NULL,
  by_id   text COLLATE "C" NOT NULL,
  by_name text NOT NULL,
  at      bigint NOT NULL,
  target  bigint,
  -- JSON text as it was sent: jsonb would not keep every value.
  body    text,
  edited  bigint,
  deleted bigint,
  PRIMARY KEY (room, seq)
);
CREATE INDEX entries_by_target ON alcove.entries (room, target) WHERE target IS NOT NULL;

-- A separate table, so that a repeated send is recognized after retention removed its entry (S5).
CREATE TABLE alcove.ids (
  room  bigint NOT NULL,
  by_id text COLLATE "C" NOT NULL,
  id    text COLLATE "C" NOT NULL,
  seq   bigint NOT NULL,
  at    bigint NOT NULL,
  PRIMARY KEY (room, by_id, id)
);

CREATE TABLE alcove.marks (
  room   bigint NOT NULL,
  member text COLLATE "C" NOT NULL,
  seq    bigint NOT NULL,
  moved  bigint NOT NULL,
  PRIMARY KEY (room, member)
);
CREATE INDEX marks_by_time ON alcove.marks (room, moved);

-- For reports: every entry with its item. `body` is JSON text (cast it: body::jsonb), times are timestamps.
CREATE VIEW alcove.report AS
SELECT r.item, e.seq, e.kind, e.id, e.by_id, e.by_name, to_timestamp(e.at / 1000.0) AS at, e.target, e.body,
       to_timestamp(e.edited / 1000.0) AS edited_at, to_timestamp(e.deleted / 1000.0) AS deleted_at
FROM alcove.entries e JOIN alcove.rooms r USING (room)
WHERE NOT starts_with(r.item, '!');

-- Return the time in ms since the epoch (F3).
CREATE FUNCTION alcove.now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

-- Create missing rooms of the items, and lock all of them until the transaction ends. Every transaction locks rooms in
-- the order of their items, so there are no deadlocks; only the holder of a room's lock numbers its entries, so that
-- numbers are dense and in commit order.
CREATE FUNCTION alcove.lock_rooms(items text[]) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  INSERT INTO alcove.rooms (item)
  SELECT DISTINCT i COLLATE "C" FROM unnest(items) i
  WHERE NOT EXISTS (SELECT 1 FROM alcove.rooms r WHERE r.item = i)
  ORDER BY 1
  ON CONFLICT DO NOTHING;
  PERFORM 1 FROM alcove.rooms WHERE item = ANY (items) ORDER BY item FOR NO KEY UPDATE;
END $$;

-- The outcome of a draft: the place of its entry, whether it was stored earlier (S5), or why it is refused (S8).
CREATE TYPE alcove.outcome AS (room bigint, seq bigint, at bigint, duplicate boolean, refused text);

-- Store messages in one statement; return their outcomes in their order. The caller has locked their rooms.
-- The settings and the LIMIT enforce index scans: plans are cached, and those made for small tables would be kept.
CREATE FUNCTION alcove.append_messages(
  items text[], ids text[], by_ids text[], by_names text[], ats bigint[], bodies text[]
) RETURNS SETOF alcove.outcome LANGUAGE sql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  WITH draft AS MATERIALIZED (
    SELECT d.n, r.room, r.head, r.at AS room_at, d.id, d.by_id, d.by_name, d.at, d.body, k.seq AS known, k.at AS known_at,
           k.seq IS NULL AND row_number() OVER (PARTITION BY r.room, d.by_id, d.id ORDER BY d.n) = 1 AS new
    FROM unnest(items, ids, by_ids, by_names, ats, bodies) WITH ORDINALITY
         AS d (item, id, by_id, by_name, at, body, n)
    JOIN alcove.rooms r ON r.item = d.item COLLATE "C"
    LEFT JOIN LATERAL (
      SELECT i.seq, i.at FROM alcove.ids i
      WHERE i.room = r.room AND i.by_id = d.by_id COLLATE "C" AND i.id = d.id COLLATE "C" LIMIT 1
    ) k ON true
  ), placed AS MATERIALIZED (
    SELECT n, room, id, by_id, by_name, body, new,
           coalesce(known, head + count(*) FILTER (WHERE new) OVER w) AS seq,
           coalesce(known_at, greatest(room_at, max(at) FILTER (WHERE new) OVER w)) AS at
    FROM draft WINDOW w AS (PARTITION BY room ORDER BY n)
  ), stored AS (
    INSERT INTO alcove.entries (room, seq, kind, id, by_id, by_name, at, body)
    SELECT room, seq, 'message', id, by_id, by_name, at, body FROM placed WHERE new
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
  its_item text, its_kind text, its_id text, its_by_id text, its_by_name text, its_at bigint, its_body text,
  its_target bigint, may_moderate boolean
) RETURNS alcove.outcome LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
  IF its_kind <> 'message' THEN
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
  INSERT INTO alcove.entries (room, seq, kind, id, by_id, by_name, at, target, body)
  VALUES (stands.room, stands.head + 1, its_kind, its_id, its_by_id, its_by_name, its_at, its_target, its_body);
  INSERT INTO alcove.ids (room, by_id, id, seq, at) VALUES (stands.room, its_by_id, its_id, stands.head + 1, its_at);
  UPDATE alcove.rooms SET head = stands.head + 1, at = its_at WHERE room = stands.room;
  RETURN (stands.room, stands.head + 1, its_at, false, NULL)::alcove.outcome;
END $$;

-- Remove all but the last `keep` entries of a room, and entries older than `since` (L5). The caller has locked the room.
CREATE FUNCTION alcove.retain(its_room bigint, keep bigint, since bigint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
  stands alcove.rooms;
  first bigint;
BEGIN
  SELECT * INTO stands FROM alcove.rooms WHERE room = its_room;
  first := greatest(stands.oldest, stands.head - keep + 1);
  IF since IS NOT NULL THEN
    first := greatest(first, coalesce(
      (SELECT seq FROM alcove.entries WHERE room = its_room AND seq >= first AND at >= since ORDER BY seq LIMIT 1),
      stands.head + 1));
  END IF;
  IF first > stands.oldest THEN
    -- From the oldest on: index entries of rows that were removed earlier remain until they are vacuumed.
    DELETE FROM alcove.entries WHERE room = its_room AND seq >= stands.oldest AND seq < first;
    UPDATE alcove.rooms SET oldest = first WHERE room = its_room;
  END IF;
END $$;

-- Store a batch; return outcomes in its order, with the first seq that each room keeps afterwards.
CREATE FUNCTION alcove.append(
  items text[], kinds text[], ids text[], by_ids text[], by_names text[], ats bigint[], bodies text[],
  targets bigint[], moderates boolean[], keep bigint, since bigint
) RETURNS TABLE (seq bigint, at bigint, duplicate boolean, refused text, oldest bigint) LANGUAGE plpgsql
SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  outcomes alcove.outcome[];
BEGIN
  -- Overrides the database's setting: what is acknowledged must be on disk (S3).
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  PERFORM alcove.lock_rooms(items);
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
  SELECT o.seq, o.at, o.duplicate, o.refused, (SELECT r.oldest FROM alcove.rooms r WHERE r.room = o.room)
  FROM unnest(outcomes) WITH ORDINALITY AS o (room, seq, at, duplicate, refused, n)
  ORDER BY n;
END $$;

-- The arguments of alcove_send in open transactions; no transaction sees the rows of another one.
CREATE UNLOGGED TABLE alcove.outbox (
  n       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xact    xid8 NOT NULL DEFAULT pg_current_xact_id(),
  item    text NOT NULL,
  id      text NOT NULL,
  by_id   text NOT NULL,
  by_name text NOT NULL,
  body    text NOT NULL
);
CREATE INDEX outbox_by_xact ON alcove.outbox (xact);

-- Append what the transaction sends, and notify the processes. Deferred to the commit, so that rooms are locked only
-- during it and not as long as the host's transaction is open.
CREATE FUNCTION alcove.send_outbox() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  items text[]; ids text[]; by_ids text[]; by_names text[]; bodies text[];
BEGIN
  WITH mine AS (DELETE FROM alcove.outbox WHERE xact = pg_current_xact_id() RETURNING *)
  SELECT array_agg(item ORDER BY n), array_agg(id ORDER BY n), array_agg(by_id ORDER BY n),
         array_agg(by_name ORDER BY n), array_agg(body ORDER BY n)
  INTO items, ids, by_ids, by_names, bodies FROM mine;
  IF items IS NULL THEN  -- the trigger of another row of this transaction has appended them all
    RETURN NULL;
  END IF;
  PERFORM alcove.append(
    items, array_fill('message'::text, ARRAY[cardinality(items)]), ids, by_ids, by_names,
    array_fill(alcove.now_ms(), ARRAY[cardinality(items)]), bodies, NULL, NULL, NULL, NULL);
  PERFORM pg_notify('alcove_send', 'host 1/1 !sends' || E'\n' ||
    json_build_object('kind', 'head', 'item', item, 'head', head))
  FROM alcove.rooms WHERE item = ANY (items);
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER send AFTER INSERT ON alcove.outbox DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION alcove.send_outbox();
