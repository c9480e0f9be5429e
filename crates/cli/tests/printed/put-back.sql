-- What only orders-west had, compared with the writer of epoch 2. Run it on the writer that takes writes now, in this folder:
--   psql -h <writer> -U <administrator> -d <database> -f put-back.sql
-- Look through the files first. A row that was deleted on the writer since stands in them, too, and a deletion that was
-- lost does not.
\set ON_ERROR_STOP on
BEGIN;

-- app.rows: 2 row(s) that the writer lacks.
CREATE TEMPORARY TABLE put_back AS SELECT "id", "a ""b"", c" FROM "app"."rows" WITH NO DATA;
ALTER TABLE put_back ADD COLUMN "note" text;
\copy put_back ("id", "a ""b"", c", "note") from 'app.rows/20260131T015910Z/only-here-000000000000.csv' (format csv, header)
INSERT INTO "app"."rows" ("id", "a ""b"", c") OVERRIDING SYSTEM VALUE
  SELECT "id", "a ""b"", c" FROM put_back ON CONFLICT DO NOTHING;
DROP TABLE put_back;

-- app.rows: 1 row(s) that the writer has otherwise. Decide about each, and write its UPDATE here.
CREATE TEMPORARY TABLE put_back AS SELECT "id", "a ""b"", c" FROM "app"."rows" WITH NO DATA;
ALTER TABLE put_back ADD COLUMN "note" text;
\copy put_back ("id", "a ""b"", c", "note") from 'app.rows/20260131T015910Z/differs-000000000000.csv' (format csv, header)
SELECT 'lost' AS side, p."id", p."a ""b"", c" FROM put_back p
  UNION ALL SELECT 'writer', t."id", t."a ""b"", c" FROM "app"."rows" t JOIN put_back p USING ("id")
  ORDER BY "id", side;
DROP TABLE put_back;

-- Nothing is changed. Write COMMIT in place of it once the counts and the rows above are right.
ROLLBACK;
