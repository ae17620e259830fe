import {
  type Column,
  PREFIX,
  ROWS_MAX,
  type TableRow,
  type Statement,
  type CellValue,
  type TableShape,
} from "./statement.ts";

/** A statement in PostgreSQL's form. */
interface Sql {
  readonly text: string;
  readonly values: readonly CellValue[];
}

const plain = (text: string): Sql => ({ text, values: [] });
const likeOurs = `'${PREFIX.replaceAll("_", "\\_")}%'`;
const names = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(", ");
const keyOf = ([key]: readonly Column[]): string => key?.name ?? "";

const TABLES = `SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relname LIKE ${likeOurs}
  AND pg_table_is_visible(c.oid) ORDER BY c.relname::text COLLATE "C"`;

const OBJECTS = `SELECT 'index', c.relname::text, pg_get_indexdef(c.oid)
    FROM pg_class c WHERE c.relkind = 'i' AND c.relname LIKE ${likeOurs} AND pg_table_is_visible(c.oid)
  UNION ALL SELECT 'view', c.relname::text, pg_get_viewdef(c.oid)
    FROM pg_class c WHERE c.relkind = 'v' AND c.relname LIKE ${likeOurs} AND pg_table_is_visible(c.oid)
  UNION ALL SELECT 'grant', c.relname::text, a.privilege_type
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE a.grantee = 0 AND c.relname LIKE ${likeOurs} AND pg_table_is_visible(c.oid)
  UNION ALL SELECT 'sequence', c.relname::text,
      concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
    WHERE c.relname LIKE ${likeOurs} AND pg_table_is_visible(c.oid)
  UNION ALL SELECT 'type', t.typname::text, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
    FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
    WHERE t.typname LIKE ${likeOurs} AND pg_type_is_visible(t.oid) GROUP BY t.typname
  UNION ALL SELECT 'constraint', n.conname::text, pg_get_constraintdef(n.oid)
    FROM pg_constraint n WHERE n.conname LIKE ${likeOurs}
  UNION ALL SELECT 'extension', extname::text, extversion FROM pg_extension
  ORDER BY 1, 2, 3`;

function insert(table: string, columns: readonly Column[], rows: readonly TableRow[]): Sql {
  const tuples = rows.map(
    (_, at) => `(${columns.map(({ type }, of) => `$${at * columns.length + of + 1}::text::${type}`).join(", ")})`,
  );
  return { text: `INSERT INTO ${table} (${names(columns)}) VALUES ${tuples.join(", ")}`, values: rows.flat() };
}

function update({ table, key, column, value }: Extract<Statement, { do: "update" }>): Sql {
  const set = `${column.name} = $1::text::${column.type}`;
  return { text: `UPDATE ${table.name} SET ${set} WHERE ${keyOf(table.columns)} = $2`, values: [value, key] };
}

function transfer({ from, to, amount }: Extract<Statement, { do: "transfer" }>): Sql {
  const change = ({ table, key }: typeof from, sign: string): string => {
    const [, column] = table.columns;
    return `UPDATE ${table.name} SET ${column?.name} = (${column?.name}::bigint ${sign} ${amount})::text::${column?.type} WHERE ${keyOf(table.columns)} = '${key}'`;
  };
  return plain(`WITH taken AS (${change(from, "-")} RETURNING 1) ${change(to, "+")}`);
}

const COLUMNS = `SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
  WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;

const createType = ({ name, labels }: Extract<Statement, { do: "create-type" }>): Sql =>
  plain(`CREATE TYPE ${name} AS ENUM (${labels.map((each) => `'${each}'`).join(", ")})`);

const readRows = ({ name, columns }: TableShape): Sql => {
  const shown = columns.map((column) => `${column.name}::text`).join(", ");
  return plain(`SELECT ${shown} FROM ${name} ORDER BY ${keyOf(columns)} COLLATE "C" LIMIT ${ROWS_MAX + 1}`);
};

/** A statement in PostgreSQL's dialect. Values are sent as text, so that results can be compared with what was written. */
export function sqlOf(statement: Statement): Sql {
  switch (statement.do) {
    case "create-table": {
      const [key, ...others] = statement.table.columns.map(({ name, type }) => `${name} ${type}`);
      return plain(`CREATE TABLE ${statement.table.name} (${[`${key} PRIMARY KEY`, ...others].join(", ")})`);
    }
    case "drop-table":
      return plain(`DROP TABLE ${statement.table} CASCADE`);
    case "insert":
      return insert(statement.table.name, statement.table.columns, statement.rows);
    case "update":
      return update(statement);
    case "delete": {
      const { table, key } = statement;
      return { text: `DELETE FROM ${table.name} WHERE ${keyOf(table.columns)} = $1`, values: [key] };
    }
    case "create-sequence":
      return plain(`CREATE SEQUENCE ${statement.sequence}`);
    case "next":
      return plain(`SELECT nextval('${statement.sequence}')::text`);
    case "create-index":
      return plain(`CREATE INDEX ${statement.name} ON ${statement.table.name} (${statement.column})`);
    case "create-view":
      return plain(`CREATE VIEW ${statement.name} AS SELECT * FROM ${statement.table}`);
    case "create-type":
      return createType(statement);
    case "begin":
      return plain("BEGIN");
    case "transfer":
      return transfer(statement);
    case "native":
      return plain(statement.text);
    case "grant":
      return plain(`GRANT SELECT ON ${statement.table} TO PUBLIC`);
    case "tables":
      return plain(TABLES);
    case "rows":
      return readRows(statement.table);
    case "columns":
      return { text: COLUMNS, values: [statement.table] };
    case "objects":
      return plain(OBJECTS);
  }
}

/** The longest statement in evidence, in characters. */
const SHOWN_CHARS_MAX = 400;

/** The statement with its values filled in, for people to paste; a long one is cut. */
export function sqlText(statement: Statement): string {
  const { text, values } = sqlOf(statement);
  const literal = (value: CellValue | undefined): string =>
    value === null || value === undefined ? "NULL" : `'${value.replaceAll("'", "''")}'`;
  const whole = text.replaceAll(/\s+/g, " ").replaceAll(/\$(\d+)/g, (_, at: string) => literal(values[Number(at) - 1]));
  return whole.length > SHOWN_CHARS_MAX ? `${whole.slice(0, SHOWN_CHARS_MAX)}… (${whole.length} characters)` : whole;
}
