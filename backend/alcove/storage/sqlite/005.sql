-- Picture and role of an entry's author, as their token said (A9).
ALTER TABLE entries ADD COLUMN by_picture TEXT;
ALTER TABLE entries ADD COLUMN by_role TEXT;

DROP VIEW texts;
CREATE VIEW texts AS
SELECT e.room, e.seq, e.kind, e.id, e.by_id, e.by_name, e.at, e.target, e.edited, e.deleted, e.by_picture, e.by_role,
       CASE WHEN e.body = '      ' THEN (
         SELECT rtrim(n.body, ' ') FROM entries n
         WHERE n.room = e.room AND n.target = e.seq AND n.kind = 'edit' ORDER BY n.rowid DESC LIMIT 1
       ) ELSE rtrim(e.body, ' ') END AS body
FROM entries e;
