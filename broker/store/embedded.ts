import type { PostgresPool, PostgresPoolClient } from "kysely";
import { newDb, type QueryOrAst, type QueryResult } from "pg-mem";

/** Statements kept parsed. The broker has some forty; whoever has more pays for parsing again. */
const STATEMENTS_MAX = 500;

type Node = Readonly<Record<string, unknown>>;
type Statements = Exclude<QueryOrAst, string>;
/** pg-mem's schema parses; its types keep that to itself. */
type Parser = { parse(text: string): Statements };

/** A value where a parsed statement has a parameter; bigger numbers and other types are not in the broker's rows. */
function literal(value: unknown): Node {
  if (value === null || value === undefined) return { type: "null" };
  if (typeof value === "number") return { type: Number.isInteger(value) ? "integer" : "numeric", value };
  if (typeof value === "boolean") return { type: "boolean", value };
  if (typeof value === "string") return { type: "string", value };
  throw new TypeError(`the embedded store takes no ${typeof value}`);
}

function fillParameters(node: unknown, values: readonly unknown[]): unknown {
  if (Array.isArray(node)) return node.map((each) => fillParameters(each, values));
  if (typeof node !== "object" || node === null) return node;
  const { type, name } = node as Node;
  if (type === "parameter") return literal(values[Number(String(name).slice(1)) - 1]);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, fillParameters(value, values)]));
}

/**
 * A pool on an embedded database (pg-mem), gone with the process. Each statement is parsed once: most of what pg-mem's own pool costs
 * is the parsing of values that it has written into the text.
 */
export function embeddedPool(): PostgresPool {
  // The first time, pg-mem looks whether it has understood every part of a statement.
  const options = { noAstCoverageCheck: false };
  const db = newDb(options);
  const parsed = new Map<string, Statements>();
  const statementsOf = (text: string): Statements => {
    const known = parsed.get(text);
    options.noAstCoverageCheck = known !== undefined;
    if (known !== undefined) return known;
    const fresh = (db.public as unknown as Parser).parse(text);
    if (parsed.size < STATEMENTS_MAX) parsed.set(text, fresh);
    return fresh;
  };
  const query = async (text: string, values: readonly unknown[] = []): Promise<QueryResult> => {
    const result = db.public.query(fillParameters(statementsOf(text), values) as Statements);
    return { ...result, rows: result.rows.map((row) => ({ ...row })) };
  };
  const client = { query, release: () => {} } as unknown as PostgresPoolClient;
  return { connect: () => Promise.resolve(client), end: () => Promise.resolve(), options: {} } as PostgresPool;
}
