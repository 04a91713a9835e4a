-- Number the rows of the outbox by a separate sequence. The sequence of an identity column is unlogged like its table,
-- and PostgreSQL 15 cannot read an unlogged sequence after a standby is promoted: alcove_send failed there for good.
CREATE SEQUENCE alcove.outbox_order;
ALTER TABLE alcove.outbox ALTER COLUMN n DROP IDENTITY;
ALTER TABLE alcove.outbox ALTER COLUMN n SET DEFAULT nextval('alcove.outbox_order');
