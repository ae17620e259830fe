import { holdsAt, readTables, type RequestRow } from "../../request-tables.ts";
import { validate } from "../../schema/index.ts";
import { checkValue, failureMessage, readBody } from "./body.ts";
import { badRequest } from "./errors.ts";
import { FORMATS } from "./formats.ts";
import type { NovaCall } from "./request.ts";
import RAW from "./requests.json" with { type: "json" };

/*
 * The JSON Schemas of Nova (Zed) for bodies and queries. They are checked before anything else of a request, as the real service does.
 */

const TABLES = readTables(RAW);

/** The rows of a route, found once. */
export const tableOf = TABLES.rowsOf;

function checkBody(call: NovaCall, rows: readonly RequestRow[]): void {
  const isAction = rows.some(({ action }) => action !== undefined);
  const body = readBody(call);
  if (isAction && (typeof body !== "object" || body === null || Object.keys(body).length !== 1)) {
    if (body !== null) throw badRequest("Malformed request body");
    return;
  }
  const name = isAction ? Object.keys(body ?? {})[0] : undefined;
  for (const row of rows) {
    if (row.action !== name || !holdsAt(row, call.version)) continue;
    const schema = TABLES.schemaFor(row.body, call.version, call.isLegacy);
    if (schema !== undefined) checkValue(call, schema, body);
  }
}

/** The query as the service sees it: lists by name. */
function listsOf(query: URLSearchParams): Readonly<Record<string, readonly string[]>> {
  const names = [...new Set(query.keys())];
  return Object.fromEntries(names.map((name) => [name, query.getAll(name)]));
}

function checkQueryOf(call: NovaCall, rows: readonly RequestRow[]): void {
  for (const row of rows) {
    if (!holdsAt(row, call.version)) continue;
    const schema = TABLES.schemaFor(row.query, call.version, call.isLegacy);
    const failure = schema && validate(schema, listsOf(call.query), FORMATS);
    if (failure === undefined) continue;
    const path = failure.path.slice(0, 1);
    throw badRequest(failureMessage({ ...failure, path }, "query parameters"));
  }
}

/** Checks query and body of a request. @throws Refusal 400, 415 */
export function checkRequest(call: NovaCall, rows: readonly RequestRow[]): void {
  const dated = rows.filter(({ body }) => body !== undefined);
  if (dated.length > 0) checkBody(call, rows);
  checkQueryOf(call, rows);
}
