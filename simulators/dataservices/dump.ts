import { hash } from "node:crypto";
import { byName, type Content, type Row, type Table } from "./content.ts";
import { DataServiceError } from "./errors.ts";

/*
 * A dump is one line that names it and one line of JSON per item:
 *
 *   drydock-dump 1 virtual 8c1f…(SHA-256 of the rest) 1234(bytes of the rest)
 *   {"rows":"accounts","lines":["[\"alice\",{\"balance\":3}]", …]}
 *   {"sequence":"orders","value":17}
 *
 * The same content gives the same bytes. `engine` says who can read the items: `virtual` (this file) or `postgresql`, whose
 * items are statements as well (see `live/sql-dump.ts`).
 */
export type Engine = "virtual" | "postgresql";

/** Rows of a table. A line is the engine's own text of a row; `into` is what a real server is told before the lines. */
export interface RowsItem {
  readonly rows: string;
  readonly into?: string;
  readonly lines: readonly string[];
}
export type Item =
  | RowsItem
  | { readonly sequence: string; readonly value: number }
  /** A statement; with `role` it is left out where no such role exists. */
  | { readonly sql: string; readonly role?: string };

const MAGIC = "drydock-dump";
const VERSION = "1";
/** A dump is held in memory as a whole. */
export const DUMP_BYTES_MAX = 64 * 1024 * 1024;

/** @throws DataServiceError DS_DUMP_TOO_LARGE */
export function encode(engine: Engine, items: readonly Item[]): Uint8Array {
  const body = Buffer.from(items.map((item) => `${JSON.stringify(item)}\n`).join(""));
  if (body.length > DUMP_BYTES_MAX) throw new DataServiceError("DS_DUMP_TOO_LARGE", `${DUMP_BYTES_MAX} bytes`);
  const head = `${MAGIC} ${VERSION} ${engine} ${hash("sha256", body, "hex")} ${body.length}\n`;
  return new Uint8Array(Buffer.concat([Buffer.from(head), body]));
}

/**
 * Reads a dump, its checksum first. With `isTrusting`, the defect of who skips verification, it takes what can be read.
 *
 * @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP
 */
export function decode(dump: Uint8Array, engine: Engine, isTrusting = false): readonly Item[] {
  const bytes = Buffer.from(dump.buffer, dump.byteOffset, dump.byteLength);
  const end = bytes.subarray(0, 256).indexOf("\n");
  const [magic, version, from, digest, length] = bytes.toString("latin1", 0, Math.max(0, end)).split(" ");
  const body = bytes.subarray(end + 1);
  if (magic !== MAGIC || version !== VERSION) throw new DataServiceError("DS_NOT_A_DUMP");
  if (from !== engine) throw new DataServiceError("DS_FOREIGN_DUMP", `${from}, not ${engine}`);
  const isWhole = String(body.length) === length && hash("sha256", body, "hex") === digest;
  if (!isWhole && !isTrusting) throw new DataServiceError("DS_NOT_A_DUMP", "its checksum differs");
  return body.toString("utf8").split("\n").flatMap(readItem);
}

function readItem(line: string): readonly Item[] {
  try {
    return line === "" ? [] : [JSON.parse(line) as Item];
  } catch {
    // Only who skips verification gets here: a torn line is passed over, which is the harm that verification prevents.
    return [];
  }
}

/** The defect of a dump that is silently short: the last table that has rows loses the later half of them. */
export function withoutTail(items: readonly Item[]): readonly Item[] {
  const last = items.findLastIndex((item) => "rows" in item && item.lines.length > 0);
  return items.map((item, at) =>
    at === last && "rows" in item ? { ...item, lines: item.lines.slice(0, Math.floor(item.lines.length / 2)) } : item,
  );
}

export function itemsOf(content: Content): readonly Item[] {
  const tables = [...content.tables].sort(byName).map(([name, { rows }]) => ({
    rows: name,
    lines: [...rows].sort(byName).map(([key, row]) => JSON.stringify([key, sorted(row)])),
  }));
  const sequences = [...content.sequences].sort(byName).map(([sequence, value]) => ({ sequence, value }));
  return [...tables, ...sequences];
}

const sorted = (row: Row): Row => Object.fromEntries(Object.entries(row).sort(byName));

export function contentOf(items: readonly Item[]): Content {
  const tables = new Map<string, Table>();
  const sequences = new Map<string, number>();
  for (const item of items) {
    if ("rows" in item) {
      const rows = new Map(item.lines.map((line) => JSON.parse(line) as [string, Row]));
      tables.set(item.rows, { rows, undo: null });
    }
    if ("sequence" in item) sequences.set(item.sequence, item.value);
  }
  return { tables, sequences };
}
