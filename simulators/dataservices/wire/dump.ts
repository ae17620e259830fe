import { createHash, hash } from "node:crypto";
import type { Content, Row, Table } from "../behaviour/content.ts";
import { byKey } from "../../kernel/index.ts";
import { DataServiceError } from "./errors.ts";

/*
 * A dump is one line that names it and one line of JSON per item:
 *
 *   drydock-dump 1 virtual 8c1f…(SHA-256 of the rest) 1234(bytes of the rest)
 *   {"rows":"accounts","lines":["[\"alice\",{\"balance\":3}]", …]}
 *   {"sequence":"orders","value":17}
 *
 * The same content gives the same bytes. `engine` says who can read the items: `virtual` (this file) or `postgresql`, whose
 * items are statements as well (see `live/postgresql/sql-dump.ts`) and whose tables come in several items when they are long.
 */
type Engine = "virtual" | "postgresql";

/** Rows of a table. A line is the engine's own text of a row; `into` is the target of a real server's COPY. */
interface RowsItem {
  readonly rows: string;
  readonly into?: string;
  readonly lines: readonly string[];
}
/** One line of a dump: rows of a table, a sequence and its last value, or a statement. */
export type Item =
  | RowsItem
  | { readonly sequence: string; readonly value: number }
  /** A statement; with `role` it is skipped if no such role exists. */
  | { readonly sql: string; readonly role?: string };

const MAGIC = "drydock-dump";
const VERSION = "1";
/** The largest dump, in bytes: it is held in memory as a whole. */
export const DUMP_BYTES_MAX = 64 * 1024 * 1024;

/** Makes a dump item by item: it holds only the bytes of the dump, and stops at the limit. */
class DumpWriter {
  readonly #engine: Engine;
  readonly #hash = createHash("sha256");
  readonly #lines: Buffer[] = [];
  #bytes = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Appends an item. @throws DataServiceError DS_DUMP_TOO_LARGE */
  add(item: Item): void {
    const line = Buffer.from(`${JSON.stringify(item)}\n`);
    this.#bytes += line.length;
    if (this.#bytes > DUMP_BYTES_MAX) throw tooLarge();
    this.#hash.update(line);
    this.#lines.push(line);
  }

  /** The dump; nothing can be added after it. Its memory is its own. */
  finish(): Uint8Array {
    const head = headOf(this.#engine, this.#hash.digest("hex"), this.#bytes);
    const dump = new Uint8Array(head.length + this.#bytes);
    let at = 0;
    for (const line of [Buffer.from(head), ...this.#lines.splice(0)]) {
      dump.set(line, at);
      at += line.length;
    }
    return dump;
  }
}

/** The refusal of a dump over `DUMP_BYTES_MAX`. */
export const tooLarge = (): DataServiceError => new DataServiceError("DS_DUMP_TOO_LARGE", `${DUMP_BYTES_MAX} bytes`);

/** A dump of the items. @throws DataServiceError DS_DUMP_TOO_LARGE */
export function encode(engine: Engine, items: Iterable<Item>): Uint8Array {
  const writer = new DumpWriter(engine);
  for (const item of items) writer.add(item);
  return writer.finish();
}

/**
 * Verifies a dump and reads its items one by one. With `isTrusting`, the defect of a restore that skips verification, it accepts what can be read.
 *
 * @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP
 */
export function decode(dump: Uint8Array, engine: Engine, isTrusting = false): Iterable<Item> {
  const body = openBytes(dump, engine, isTrusting);
  return { [Symbol.iterator]: () => itemsIn(body, isTrusting) };
}

const headOf = (engine: Engine, digest: string, bytes: number): string =>
  `${MAGIC} ${VERSION} ${engine} ${digest} ${bytes}\n`;

/** Verifies a dump and returns what follows its first line. `isTrusting` as in `decode`. @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP */
function openBytes(dump: Uint8Array, engine: Engine, isTrusting = false): Buffer {
  const bytes = Buffer.from(dump.buffer, dump.byteOffset, dump.byteLength);
  const end = bytes.subarray(0, 256).indexOf("\n");
  const [magic, version, from, digest, length] = bytes.toString("latin1", 0, Math.max(0, end)).split(" ");
  const body = bytes.subarray(end + 1);
  if (magic !== MAGIC || version !== VERSION) throw new DataServiceError("DS_NOT_A_DUMP");
  if (from !== engine) throw new DataServiceError("DS_FOREIGN_DUMP", `${from}, not ${engine}`);
  const isWhole = String(body.length) === length && hash("sha256", body, "hex") === digest;
  if (!isWhole && !isTrusting) throw new DataServiceError("DS_NOT_A_DUMP", "its checksum differs");
  return body;
}

const NEWLINE = 0x0a;

function* itemsIn(body: Buffer, isTrusting: boolean): Generator<Item> {
  for (let from = 0, line = 1; from < body.length; line++) {
    const to = body.indexOf(NEWLINE, from);
    const text = body.toString("utf8", from, to === -1 ? body.length : to);
    const item = readItem(text);
    // Skipping a torn line is the very harm that verification prevents.
    if (item !== undefined) yield item;
    else if (!isTrusting) throw new DataServiceError("DS_NOT_A_DUMP", `line ${line} is not an item`);
    from = to === -1 ? body.length : to + 1;
  }
}

function readItem(line: string): Item | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isItem(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isTextOrAbsent = (value: unknown): boolean => value === undefined || typeof value === "string";

function isItem(value: unknown): value is Item {
  if (typeof value !== "object" || value === null) return false;
  const { rows, into, lines, sequence, value: last, sql, role }: Record<string, unknown> = { ...value };
  if (sql !== undefined) return typeof sql === "string" && isTextOrAbsent(role);
  if (sequence !== undefined) return typeof sequence === "string" && Number.isSafeInteger(last);
  const areLines = Array.isArray(lines) && lines.every((line) => typeof line === "string");
  return typeof rows === "string" && isTextOrAbsent(into) && areLines;
}

/** The defect of a dump that is silently short: the last item with rows loses the second half of them. */
export function withoutTail(items: Iterable<Item>): readonly Item[] {
  const all = [...items];
  const last = all.findLastIndex((item) => "rows" in item && item.lines.length > 0);
  return all.map((item, at) =>
    at === last && "rows" in item ? { ...item, lines: item.lines.slice(0, Math.floor(item.lines.length / 2)) } : item,
  );
}

/** The items of virtual content: the same content gives the same items in the same order. */
export function itemsOf(content: Content): readonly Item[] {
  const tables = [...content.tables].sort(byKey).map(([name, { rows }]) => ({
    rows: name,
    lines: [...rows].sort(byKey).map(([key, row]) => JSON.stringify([key, sortColumns(row)])),
  }));
  const sequences = [...content.sequences].sort(byKey).map(([sequence, value]) => ({ sequence, value }));
  return [...tables, ...sequences];
}

const sortColumns = (row: Row): Row => Object.fromEntries(Object.entries(row).sort(byKey));

/** The virtual content of a dump's items; it has no place for statements. */
export function contentOf(items: Iterable<Item>): Content {
  const tables = new Map<string, Table>();
  const sequences = new Map<string, number>();
  for (const item of items) {
    if ("rows" in item) {
      const rows = new Map(item.lines.map((line): [string, Row] => JSON.parse(line)));
      tables.set(item.rows, { rows, undo: null });
    }
    if ("sequence" in item) sequences.set(item.sequence, item.value);
  }
  return { tables, sequences };
}
