-- Keep rows from growing. A row that grows may move other rows to another page of the file. Copies of these stay behind in
-- unused space that `secure_delete` does not overwrite: a body would survive its deletion there (S9). So a body is padded
-- with spaces to at least 12 bytes, which leaves space for the two times that a change adds. An edited message has 6 spaces
-- in place of a body: its body is that of its last edit.
UPDATE entries SET body = substr(body || '            ', 1, 12) WHERE length(body) < 12;

-- Entries with their current bodies, without padding.
CREATE VIEW texts AS
SELECT e.room, e.seq, e.kind, e.id, e.by_id, e.by_name, e.at, e.target, e.edited, e.deleted,
       CASE WHEN e.body = '      ' THEN (
         SELECT rtrim(n.body, ' ') FROM entries n
         WHERE n.room = e.room AND n.target = e.seq AND n.kind = 'edit' ORDER BY n.rowid DESC LIMIT 1
       ) ELSE rtrim(e.body, ' ') END AS body
FROM entries e;
