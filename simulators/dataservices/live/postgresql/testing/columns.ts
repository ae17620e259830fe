/**
 * Types of columns, and for each the SQL of a value that differs from row to row. `n` stands for a number of 31 bits and `h` for 32
 * hexadecimal digits, both of this row and column; `t` for a text of mixed characters, as long as the column is wide.
 */
export const COLUMN_TYPES = {
  smallint: "(n % 65536 - 32768)::smallint",
  integer: "n - 1073741824",
  bigint: "n::bigint * n * sign(n - 1073741824)",
  numeric: "(n::numeric * n) / 7",
  "numeric(38,10)": "CASE WHEN n % 50 = 0 THEN 'NaN' ELSE n::numeric / 1234567 END",
  real: "CASE n % 50 WHEN 0 THEN '-Infinity' WHEN 1 THEN '-0' ELSE (n / 3.0)::real END",
  "double precision": "CASE n % 50 WHEN 0 THEN 'NaN' WHEN 1 THEN 5e-324 ELSE exp((n % 1400 - 700)::float8) END",
  boolean: "n % 2 = 0",
  text: "t",
  "character varying(5000)": "left(t, 5000)",
  "character(12)": "left(h, n % 13)",
  name: "h",
  '"char"': "chr(33 + n % 90)",
  bytea: "convert_to(t, 'UTF8') || decode(h, 'hex')",
  date: "CASE WHEN n % 50 = 0 THEN 'infinity' ELSE 'epoch'::date + (n % 1000000 - 500000) END",
  time: "make_time(n % 24, n % 60, (n % 60000000) / 1000000.0)",
  "time with time zone": "make_time(n % 24, n % 60, n % 60) AT TIME ZONE make_interval(mins => n % 1400 - 700)",
  timestamp: "'2000-01-01'::timestamp + make_interval(secs => (n - 1073741824) * 1.000001)",
  "timestamp with time zone": "to_timestamp(n::float8 * 3 + 0.123456)",
  interval: "make_interval(months => n % 200 - 100, days => n % 70 - 35, secs => n / 1000.0)",
  uuid: "h::uuid",
  json: `json_build_object('n', n, 'k "\\', t, 'l', json_build_array(1, NULL, h))`,
  jsonb: "jsonb_build_object(h, t, 'n', n, 'none', NULL)",
  jsonpath: "format('$.%I ? (@ > %s)', 'k' || n % 100, n)::jsonpath",
  inet: "('10.' || n % 256 || '.7.1/' || n % 33)::inet",
  cidr: "('2001:db8:' || to_hex(n % 65536) || '::/48')::cidr",
  macaddr: "substr(h, 1, 12)::macaddr",
  macaddr8: "substr(h, 1, 16)::macaddr8",
  "bit(31)": "n::bit(31)",
  "bit varying": "substring(n::bit(31), 1, n % 32)",
  money: "(n / 100.0)::numeric::money",
  oid: "n::oid",
  pg_lsn: "(to_hex(n % 65536) || '/' || to_hex(n))::pg_lsn",
  point: "point(n / 3.0, -n)",
  lseg: "lseg(point(n, 1), point(2, n / 7.0))",
  box: "box(point(n, 1), point(2, n))",
  path: "path(polygon(3 + n % 4, circle(point(n % 10, 1), 1)))",
  polygon: "polygon(3 + n % 4, circle(point(n % 10, 1), 1))",
  circle: "circle(point(n, 1), n % 100)",
  "integer[]": "ARRAY[n, NULL, n % 10]",
  "integer[][]": "ARRAY[ARRAY[n, 1], ARRAY[NULL, 2]]",
  "text[]": `ARRAY[t, NULL, '', 'a "b", {c}\\', h]`,
  tsvector: "to_tsvector('simple', h || ' ' || n || ' it''s')",
  tsquery: "to_tsquery('simple', 'a' || h || ' & !b' || n)",
  int4range: "int4range(n % 1000, 1000 + n % 1000, '(]')",
  numrange: "CASE WHEN n % 9 = 0 THEN 'empty' ELSE numrange(n / 7.0, NULL) END",
  tstzrange: "tstzrange(to_timestamp(n), to_timestamp(n::float8 + 1000))",
  int4multirange: "int4multirange(int4range(n % 10, 20), int4range(30, 40 + n % 10))",
  "shared.mood": "(ARRAY['sad', 'o''k', 'happy'])[1 + n % 3]::shared.mood",
  "shared.positive": "n % 1000 + 1",
  "shared.pair": "ROW(n, t)::shared.pair",
} as const satisfies Readonly<Record<string, string>>;

export type ColumnType = keyof typeof COLUMN_TYPES;

/** Types whose width is that of their column. */
export const WIDE_TYPES: ReadonlySet<ColumnType> = new Set([
  "text",
  "character varying(5000)",
  "bytea",
  "json",
  "jsonb",
  "text[]",
  "shared.pair",
]);

/** Types that the columns above need. */
export const MADE_TYPES = `
  CREATE TYPE shared.mood AS ENUM ('sad', 'o''k', 'happy');
  CREATE DOMAIN shared.positive AS integer DEFAULT 7 CHECK (VALUE > 0);
  CREATE TYPE shared.pair AS (a integer, b text);`;

/** Functions of the session that the values need: a digest of row and salt, and a text of up to so many characters out of it. */
export const VALUE_FUNCTIONS = `
  CREATE FUNCTION pg_temp.h(row_number integer, salt text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT md5($1 || $2)';
  CREATE FUNCTION pg_temp.n(h text) RETURNS integer IMMUTABLE LANGUAGE sql AS $$ SELECT ('x' || left($1, 8))::bit(32)::integer & 2147483647 $$;
  CREATE FUNCTION pg_temp.t(h text, n integer, chars integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT left(repeat(translate($1, '01234567', E'\\t\\n\\r\\\\ äß好👩') || $1, 1 + $3 / 32), ($2 % (2 * $3 + 1))) $$;`;
