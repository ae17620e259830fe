import { own } from "../kernel/index.ts";
import type { Schema } from "./schema/index.ts";

/*
 * What each request may carry, by microversion: the JSON Schemas that the controllers of a real service declare for bodies and queries,
 * with the file that declares them beside each row. They are resolved once, and found by method and path.
 */

/** Name of a schema, and the first and last microversion for which it applies. */
type Dated = readonly [schema: string, from: number | null, to: number | null];

/** A controller's method: where it is, and what it takes. */
export interface RequestRow {
  readonly method: string;
  readonly path: string;
  readonly source: string;
  /** The member of the body that chooses it. */
  readonly action?: string;
  readonly from?: number;
  readonly to?: number;
  readonly body?: readonly Dated[];
  readonly query?: readonly Dated[];
}

/** The tables of a service, as read from JSON. */
interface RawTables {
  readonly routes: unknown;
  readonly schemas: object;
  readonly parts: Readonly<Record<string, unknown>>;
}

/** The tables of a service. */
interface RequestTables {
  readonly rowsOf: (method: string, path: string) => readonly RequestRow[];
  /** The schema for a microversion; `isLegacy`: for an API older than all of them. */
  schemaFor(dated: readonly Dated[] | undefined, version: number, isLegacy?: boolean): Schema | undefined;
}

const keyOf = (method: string, path: string): string => `${method} ${path.replace(/[:{][^/]*/g, "*")}`;

/** Reads the tables of a service: parts are filled in, rows are found by method and path. */
export function readTables(raw: RawTables): RequestTables {
  const parts = new Map<string, unknown>();
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== "object" || value === null) return value;
    if ("$part" in value && typeof value.$part === "string") return partOf(value.$part);
    return Object.fromEntries(Object.entries(value).map(([name, part]: [string, unknown]) => [name, resolve(part)]));
  };
  const partOf = (name: string): unknown => {
    if (!parts.has(name)) parts.set(name, resolve(own(raw.parts, name)));
    return parts.get(name);
  };
  // The one place where JSON becomes schemas and rows.
  const schemas: Readonly<Record<string, Schema>> = JSON.parse(JSON.stringify(resolve(raw.schemas)));
  const routes: readonly RequestRow[] = JSON.parse(JSON.stringify(raw.routes));
  const rows = new Map<string, RequestRow[]>();
  for (const row of routes) {
    const key = keyOf(row.method, row.path);
    rows.set(key, [...(rows.get(key) ?? []), row]);
  }
  return {
    rowsOf: (method, path) => rows.get(keyOf(method, path)) ?? [],
    schemaFor: (dated = [], version, isLegacy = false) => {
      const found = dated.find(([, from, to]) =>
        isLegacy ? from === null || from === 0 : version >= (from ?? 0) && version <= (to ?? Infinity),
      );
      return found && own(schemas, found[0]);
    },
  };
}

/** Whether a row applies to a microversion. */
export const holdsAt = ({ from, to }: RequestRow, version: number): boolean =>
  version >= (from ?? 0) && version <= (to ?? Infinity);
