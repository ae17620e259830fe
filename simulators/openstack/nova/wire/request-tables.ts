import { own } from "../../../kernel/index.ts";
import { type Schema, validate } from "../../schema/index.ts";
import { checkValue, failureMessage, readBody } from "./body.ts";
import { badRequest } from "./errors.ts";
import { FORMATS } from "./formats.ts";
import type { NovaCall } from "./request.ts";
import TABLES from "./requests.json" with { type: "json" };

/*
 * What each request may carry, by microversion: the JSON Schemas that the controllers of Nova (Zed) declare for bodies and queries, with
 * the file that declares them beside each row. They are checked before anything else of a request, as the real service does.
 */

/** Name of a schema, and the first and last microversion in which it holds; under /v2 it is 0. */
type Dated = readonly [schema: string, from: number | null, to: number | null];

interface Row {
  readonly method: string;
  readonly path: string;
  readonly source: string;
  readonly action?: string;
  readonly from?: number;
  readonly to?: number;
  readonly body?: readonly Dated[];
  readonly query?: readonly Dated[];
}

/** Schemas with their parts filled in. */
const PARTS = new Map<string, Schema>();

function resolve(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== "object" || value === null) return value;
  if ("$part" in value && typeof value.$part === "string") return partOf(value.$part);
  return Object.fromEntries(Object.entries(value).map(([name, part]: [string, unknown]) => [name, resolve(part)]));
}

function partOf(name: string): Schema {
  let part = PARTS.get(name);
  if (part === undefined) PARTS.set(name, (part = resolve(own<unknown>(TABLES.parts, name)) as Schema));
  return part;
}

const SCHEMAS: ReadonlyMap<string, Schema> = new Map(
  Object.entries(TABLES.schemas).map(([name, schema]: [string, unknown]) => [name, resolve(schema) as Schema]),
);

const keyOf = (method: string, path: string): string => `${method} ${path.replace(/[:{][^/]*/g, "*")}`;

const ROWS = new Map<string, Row[]>();
for (const row of TABLES.routes as unknown as readonly Row[]) {
  const key = keyOf(row.method, row.path);
  ROWS.set(key, [...(ROWS.get(key) ?? []), row]);
}

/** The rows of a route, found once. */
export const tableOf = (method: string, path: string): readonly Row[] => ROWS.get(keyOf(method, path)) ?? [];

/** The schema for the microversion. The older API takes those without a date, and its own. */
function schemaFor({ isLegacy, version }: NovaCall, dated: readonly Dated[] = []): Schema | undefined {
  const found = dated.find(([, from, to]) =>
    isLegacy ? from === null || from === 0 : version >= (from ?? 0) && version <= (to ?? Infinity),
  );
  return found && SCHEMAS.get(found[0]);
}

function checkBody(call: NovaCall, rows: readonly Row[]): void {
  const isAction = rows.some(({ action }) => action !== undefined);
  const body = readBody(call);
  if (isAction && (typeof body !== "object" || body === null || Object.keys(body).length !== 1)) {
    if (body !== null) throw badRequest("Malformed request body");
    return;
  }
  const name = isAction ? Object.keys(body ?? {})[0] : undefined;
  for (const row of rows) {
    if (row.action !== name || call.version < (row.from ?? 0) || call.version > (row.to ?? Infinity)) continue;
    const schema = schemaFor(call, row.body);
    if (schema !== undefined) checkValue(call, schema, body);
  }
}

/** The query as the service sees it: lists by name. */
function listsOf(query: URLSearchParams): Readonly<Record<string, readonly string[]>> {
  const names = [...new Set(query.keys())];
  return Object.fromEntries(names.map((name) => [name, query.getAll(name)]));
}

function checkQueryOf(call: NovaCall, rows: readonly Row[]): void {
  for (const row of rows) {
    if (call.version < (row.from ?? 0) || call.version > (row.to ?? Infinity)) continue;
    const schema = schemaFor(call, row.query);
    const failure = schema && validate(schema, listsOf(call.query), FORMATS);
    if (failure === undefined) continue;
    const path = failure.path.slice(0, 1);
    throw badRequest(failureMessage({ ...failure, path }, "query parameters"));
  }
}

/** Checks query and body of a request. @throws Refusal 400, 415 */
export function checkRequest(call: NovaCall, rows: readonly Row[]): void {
  const dated = rows.filter(({ body }) => body !== undefined);
  if (dated.length > 0) checkBody(call, rows);
  checkQueryOf(call, rows);
}
