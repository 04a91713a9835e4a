-- Set the search path of every function, so that objects in a caller's schemas cannot replace what it refers to.
DO $body$
DECLARE
  its_name regprocedure;
BEGIN
  FOR its_name IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'alcove'::regnamespace AND p.prokind = 'f' LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp', its_name);
  END LOOP;
END $body$;

-- Return whether text is a valid item id (H3); the module `alcove.item_ids` has the same rule and inserts the characters.
CREATE FUNCTION alcove.is_item_id(item text) RETURNS boolean LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $body$
  SELECT length(item) BETWEEN 1 AND 128 AND item NOT IN ('.', '..')
    AND item COLLATE "C" !~ $re$[^{item_characters}]$re$ AND item IS NFC NORMALIZED
$body$;

-- Rename rooms with invalid ids: the id in NFC, `_` for invalid characters, and a number if that id is taken.
DO $body$
DECLARE
  stands alcove.rooms;
  base text;
  usable text;
  number int;
BEGIN
  FOR stands IN SELECT * FROM alcove.rooms WHERE NOT starts_with(item, '!') ORDER BY item LOOP
    CONTINUE WHEN alcove.is_item_id(stands.item);
    base := left(normalize(left(stands.item, 512), NFC), 128) COLLATE "C";
    base := regexp_replace(base COLLATE "C", $re$[^{item_characters}]$re$, '_', 'g');
    base := CASE base WHEN '' THEN '_' WHEN '.' THEN '_' WHEN '..' THEN '__' ELSE base END;
    usable := base;
    number := 1;
    WHILE EXISTS (SELECT 1 FROM alcove.rooms r WHERE r.item = usable COLLATE "C") LOOP
      number := number + 1;
      usable := left(base, 120) || '_' || number;
    END LOOP;
    UPDATE alcove.rooms SET item = usable WHERE room = stands.room;
    RAISE WARNING 'the room % is now %: its id was none that an item may have', quote_literal(stands.item), usable;
  END LOOP;
END $body$;

-- Send a message to an item's room inside the caller's transaction (X5): its commit appends and delivers the message,
-- its rollback leaves nothing. A repeated id of the same sender stores nothing new (S5). `body` is any JSON value; text
-- becomes a JSON string. Roles other than the owner need EXECUTE on it.
CREATE OR REPLACE FUNCTION alcove.alcove_send(item text, id text, by_id text, by_name text, body jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
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
  ELSIF body IS NULL THEN
    RAISE check_violation USING MESSAGE = 'body: expected a value, not null';
  END IF;
  INSERT INTO alcove.outbox (item, id, by_id, by_name, body)
  VALUES (alcove_send.item, alcove_send.id, alcove_send.by_id, alcove_send.by_name, alcove_send.body::text);
END $body$;

CREATE OR REPLACE FUNCTION alcove.alcove_send(item text, id text, by_id text, by_name text, body text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
  SELECT alcove.alcove_send(item, id, by_id, by_name, to_jsonb(body))
$body$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA alcove FROM PUBLIC;

-- Wrappers that can be called without schema: in `public`, if this role may create functions there, and in each schema
-- where an earlier version created one (the first in the search path then). Grants on them stay.
DO $body$
DECLARE
  its_schema name;
  its_body text;
BEGIN
  FOR its_schema, its_body IN
    SELECT s.nspname, t.body
    FROM pg_namespace s CROSS JOIN unnest(ARRAY['jsonb', 'text']) AS t (body)
    WHERE s.nspname <> 'alcove' AND (
      s.nspname = 'public' AND has_schema_privilege(s.oid, 'CREATE') OR EXISTS (
        SELECT 1 FROM pg_proc p
        WHERE p.pronamespace = s.oid AND p.proname = 'alcove_send' AND pg_get_userbyid(p.proowner) = current_user))
  LOOP
    EXECUTE format($sql$
      CREATE OR REPLACE FUNCTION %1$I.alcove_send(item text, id text, by_id text, by_name text, body %2$s) RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
      'SELECT alcove.alcove_send(item, id, by_id, by_name, body)'
    $sql$, its_schema, its_body);
    EXECUTE format(
      'REVOKE ALL ON FUNCTION %I.alcove_send(text, text, text, text, %s) FROM PUBLIC', its_schema, its_body);
  END LOOP;
END $body$;
