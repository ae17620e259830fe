import type { RecordedSession } from "./recorded-session.ts";
import type { TableRow, TableShape } from "./statement.ts";

/**
 * The suites' tables as a tenant's own session sees them, fact by fact: `row drydock_types/unicode` is a
 * fact, and so is a column list, an index, a right. Read in a session, like an application, so that it does
 * not depend on what the service calls a dump.
 */
export type DatabaseContents = ReadonlyMap<string, string>;

const text = (row: TableRow): string => JSON.stringify(row);

/** Whether a table still has the shape in which the suite created it. A different shape is a separate fact. */
const fitsShape = (columns: readonly TableRow[], { columns: wanted }: TableShape): boolean =>
  columns.length === 0 || wanted.every(({ name }) => columns.some(([each]) => each === name));

async function factsOf(
  session: RecordedSession,
  name: string,
  shape: TableShape | undefined,
): Promise<[string, string][]> {
  const columns = await session.run({ do: "columns", table: name });
  const facts: [string, string][] = [[`table ${name}`, columns.map((column) => column.join(" ")).join(", ")]];
  if (shape === undefined || !fitsShape(columns, shape)) return facts;
  const rows = await session.run({ do: "rows", table: shape });
  return [...facts, ...rows.map((row): [string, string] => [`row ${name}/${row[0]}`, text(row)])];
}

/** The kinds of objects besides tables. */
const OBJECTS = ["index", "view", "grant", "type"] as const;

/** Reads everything that the suites created; rows only of tables with the known shape. @throws DataError */
export async function readContents(session: RecordedSession, shapes: readonly TableShape[]): Promise<DatabaseContents> {
  const tables = (await session.run({ do: "tables" })).map(([name]) => String(name));
  const facts: [string, string][] = [];
  for (const name of tables)
    facts.push(
      ...(await factsOf(
        session,
        name,
        shapes.find((shape) => shape.name === name),
      )),
    );
  const hasObjects = OBJECTS.some((kind) => session.extras.has(kind));
  const objects = hasObjects ? await session.run({ do: "objects" }) : [];
  return new Map([
    ...facts,
    ...objects.map(([kind, name, definition]): [string, string] => [`${kind} ${name}`, String(definition)]),
  ]);
}

/** The facts that written rows must show. */
export function writtenFacts(shape: TableShape, rows: readonly TableRow[]): DatabaseContents {
  return new Map(rows.map((row) => [`row ${shape.name}/${row[0]}`, text(row)]));
}

/** One fact that is not as expected. */
export interface Difference {
  readonly kind: "missing" | "changed" | "extra";
  readonly fact: string;
  readonly expected: string | undefined;
  readonly seen: string | undefined;
}

/** The differences from the expected contents: every fact that is missing, has changed, or should not be there. */
export function differences(expected: DatabaseContents, seen: DatabaseContents): readonly Difference[] {
  const lost = [...expected].flatMap(([fact, value]): Difference[] => {
    const now = seen.get(fact);
    if (now === value) return [];
    return [{ kind: now === undefined ? "missing" : "changed", fact, expected: value, seen: now }];
  });
  const extra = [...seen].flatMap(([fact, value]): Difference[] =>
    expected.has(fact) ? [] : [{ kind: "extra", fact, expected: undefined, seen: value }],
  );
  return [...lost, ...extra];
}

/** The longest value in a difference, in characters. */
const VALUE_CHARS_MAX = 80;

function short(value: string | undefined): string {
  const whole = value ?? "nothing";
  return whole.length > VALUE_CHARS_MAX ? `${whole.slice(0, VALUE_CHARS_MAX)}… (${whole.length} characters)` : whole;
}

function describeDifference({ kind, fact, expected, seen }: Difference): string {
  if (kind === "missing") return `${fact} is missing`;
  if (kind === "extra") return `${fact} is there`;
  return `${fact} is ${short(seen)} instead of ${short(expected)}`;
}

/** The number of differences that a verdict lists one by one. */
const SHOWN_MAX = 3;

/** "row a/1 is missing; row a/2 is missing; and 7 more" */
export function describeDifferences(found: readonly Difference[]): string {
  const more = found.length > SHOWN_MAX ? [`and ${found.length - SHOWN_MAX} more`] : [];
  return [...found.slice(0, SHOWN_MAX).map(describeDifference), ...more].join("; ");
}
