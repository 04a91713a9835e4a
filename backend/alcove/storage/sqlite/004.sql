-- Rows that never grow. A row that grows may move others to another page of the file, where copies of them stay behind
-- in space that is not in use and that `secure_delete` does not know of: a body would survive its deletion there. So a
-- body has at least 12 bytes, filled up with spaces, which is room for the two times that a change adds. A message that
-- was edited keeps 6 of them in place of its body, which is that of its last edit.
UPDATE entries SET body = substr(body || '            ', 1, 12) WHERE length(body) < 12;

-- Entries with the bodies that readers get.
CREATE VIEW texts AS
SELECT e.room, e.seq, e.kind, e.id, e.by_id, e.by_name, e.at, e.target, e.edited, e.deleted,
       CASE WHEN e.body = '      ' THEN (
         SELECT rtrim(n.body, ' ') FROM entries n
         WHERE n.room = e.room AND n.target = e.seq AND n.kind = 'edit' ORDER BY n.rowid DESC LIMIT 1
       ) ELSE rtrim(e.body, ' ') END AS body
FROM entries e;
