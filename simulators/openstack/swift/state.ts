import { createHash } from "node:crypto";
import type { HttpReply, Slot } from "../../kernel/index.ts";
import type { Cloud } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import type { Context } from "../service.ts";

/** Headers by their names in lower case. */
export type Headers = Readonly<Record<string, string>>;

export interface Segment {
  readonly name: string;
  readonly bytes: number;
  readonly hash: string;
  readonly content_type: string;
  readonly last_modified: string;
}

export interface ObjectRow {
  /** As stored: of a static large object its manifest. */
  readonly data: Uint8Array;
  /** Of `data`. */
  readonly etag: string;
  readonly type: string;
  readonly storedMs: number;
  /** `x-object-meta-…` and the other headers that belong to an object. */
  readonly metadata: Headers;
  readonly deleteAtS?: number;
  /** Of a static large object. */
  readonly segments?: readonly Segment[];
}

export interface ContainerRow {
  readonly objects: Map<string, ObjectRow>;
  readonly createdMs: number;
  /** `x-container-meta-…`, `x-container-read`, `x-container-write`. */
  metadata: Headers;
  changedMs: number;
  /** What the proxy last saw of it; quotas go by this. */
  seen?: { readonly count: number; readonly bytes: number; readonly atMs: number };
}

export interface SwiftState {
  /** Account (`AUTH_` and the project) → container. */
  readonly accounts: Map<string, Map<string, ContainerRow>>;
  /** Account → `x-account-meta-…`. */
  readonly metadata: Map<string, Headers>;
}

export interface Swift {
  readonly cloud: Cloud;
  readonly slot: Slot<SwiftState>;
}

/** What `/info` publishes and what requests are checked against. */
export const LIMITS = {
  version: "2.30.1",
  strict_cors_mode: true,
  policies: [{ name: "Policy-0", aliases: "Policy-0", default: true }],
  allow_account_management: true,
  account_autocreate: true,
  max_file_size: 5_368_709_122,
  max_meta_name_length: 128,
  max_meta_value_length: 256,
  max_meta_count: 90,
  max_meta_overall_size: 4096,
  max_header_size: 8192,
  max_object_name_length: 1024,
  container_listing_limit: 10_000,
  account_listing_limit: 10_000,
  max_account_name_length: 256,
  max_container_name_length: 256,
  extra_header_count: 0,
} as const;

/** How long the proxy goes on with what it knows of a container. */
const SEEN_MS = 60_000;
/** Containers tell their account about their objects after a while. */
export const REPORT_MS = 30_000;

export const HTML = { "Content-Type": "text/html; charset=UTF-8" };
export const PLAIN = { "Content-Type": "text/plain" };

export const md5 = (data: string | Uint8Array): string => createHash("md5").update(data).digest("hex");

/** A successful answer without a body. */
export const bare = (status: number, headers: Readonly<Record<string, string>> = {}): HttpReply => ({
  status,
  headers: { ...HTML, "Content-Length": "0", ...headers },
});

export const notFound = (): Refusal => new Refusal(404, "", "");
export const badRequest = (message: string, headers: Readonly<Record<string, string>> = PLAIN): Refusal =>
  new Refusal(400, "", message, { headers });
export const notSimulated = (what: string): Refusal => new Refusal(501, "", `not simulated: ${what}`);

export const stamp = (ms: number): string => (ms / 1000).toFixed(5);
/** HTTP dates have whole seconds; Swift rounds up. */
export const httpDate = (ms: number): string => new Date(Math.ceil(ms / 1000) * 1000).toUTCString();
export const isoListed = (ms: number): string => new Date(ms).toISOString().replace("Z", "000");

/** Swift writes header names with a capital after each dash. */
export const titled = (headers: Headers): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => dash + letter.toUpperCase()),
      value,
    ]),
  );

/** The body's bytes. */
export const bytesOf = ({ request }: Context): Uint8Array =>
  typeof request.body === "string" ? Buffer.from(request.body) : request.body;

/** The account's containers, made when there is none. */
export function accountOf({ slot }: Swift, name: string): Map<string, ContainerRow> {
  const { accounts } = slot.value;
  const known = accounts.get(name) ?? new Map<string, ContainerRow>();
  accounts.set(name, known);
  return known;
}

/** Takes away the objects whose time has come. */
export function fresh({ cloud }: Swift, container: ContainerRow): ContainerRow {
  const nowS = cloud.kernel.nowMs / 1000;
  for (const [name, { deleteAtS }] of container.objects)
    if (deleteAtS !== undefined && deleteAtS <= nowS) container.objects.delete(name);
  return container;
}

export function findContainer(swift: Swift, account: string, name: string): ContainerRow | undefined {
  const found = swift.slot.value.accounts.get(account)?.get(name);
  return found && fresh(swift, found);
}

export function containerOf(swift: Swift, { params }: Context): ContainerRow {
  const container = findContainer(swift, params.account ?? "", params.container ?? "");
  if (container === undefined) throw notFound();
  return container;
}

export function objectOf(swift: Swift, context: Context): ObjectRow {
  const object = containerOf(swift, context).objects.get(context.params.object ?? "");
  if (object === undefined) throw notFound();
  return object;
}

/** Objects and bytes; with `untilMs` only what was stored by then. */
export function totals(
  { objects }: ContainerRow,
  untilMs = Infinity,
): { readonly count: number; readonly bytes: number } {
  let count = 0;
  let bytes = 0;
  for (const { data, storedMs } of objects.values()) {
    if (storedMs > untilMs) continue;
    count++;
    bytes += data.length;
  }
  return { count, bytes };
}

/** What the proxy believes of a container: up to a minute old. */
export function seenTotals(
  { cloud }: Swift,
  container: ContainerRow,
): { readonly count: number; readonly bytes: number } {
  const { nowMs } = cloud.kernel;
  if (container.seen === undefined || container.seen.atMs + SEEN_MS <= nowMs)
    container.seen = { ...totals(container), atMs: nowMs };
  return container.seen;
}

/** Bytes that the account has heard of from its containers. */
export function reportedBytes(swift: Swift, account: string): number {
  const untilMs = swift.cloud.kernel.nowMs - REPORT_MS;
  let bytes = 0;
  for (const container of swift.slot.value.accounts.get(account)?.values() ?? [])
    bytes += totals(container, untilMs).bytes;
  return bytes;
}

/** Applies `x-<kind>-meta-*` and `x-remove-<kind>-meta-*` to what is known; refuses what breaks the limits. */
export function mergedMetadata(known: Headers, headers: Headers, kind: "account" | "container"): Headers {
  const merged: Record<string, string> = { ...known };
  const prefix = `x-${kind}-meta-`;
  const owns = (name: string): boolean =>
    name.startsWith(prefix) || (kind === "container" && (name === "x-container-read" || name === "x-container-write"));
  checkMetadata(headers, prefix);
  for (const [name, value] of Object.entries(headers)) {
    const removed = name.startsWith("x-remove-") ? `x-${name.slice("x-remove-".length)}` : undefined;
    if (removed !== undefined && owns(removed)) delete merged[removed];
    if (!owns(name)) continue;
    if (value === "") delete merged[name];
    else merged[name] = value;
  }
  return merged;
}

export function checkMetadata(headers: Headers, prefix: string): void {
  const items = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  for (const [header, value] of items) {
    const name = header.slice(prefix.length);
    if (name === "") throw badRequest("Metadata name cannot be empty");
    if (name.length > LIMITS.max_meta_name_length) throw badRequest(`Metadata name too long: ${header}`);
    if (Buffer.byteLength(value) > LIMITS.max_meta_value_length)
      throw badRequest(`Metadata value longer than ${LIMITS.max_meta_value_length}: ${header}`);
  }
  if (items.length > LIMITS.max_meta_count) throw badRequest(`Too many metadata items; max ${LIMITS.max_meta_count}`);
  const size = items.reduce(
    (sum, [header, value]) => sum + header.length - prefix.length + Buffer.byteLength(value),
    0,
  );
  if (size > LIMITS.max_meta_overall_size)
    throw badRequest(`Total metadata too large; max ${LIMITS.max_meta_overall_size}`);
}
