import { isDeepStrictEqual } from "node:util";
import type { HttpReply } from "../../../kernel/index.ts";
import { recordChange } from "../state/cinder.ts";
import type { Refusal } from "../../refusal.ts";
import { requireBody, requireMember } from "../wire/body.ts";
import { badRequest, notFound, overLimitPlain } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { STRICT_METADATA } from "../wire/schemas.ts";

type Metadata = Readonly<Record<string, string>>;

interface WithMetadata {
  readonly id: string;
  metadata: Metadata;
}

/** The resources with metadata: `Volume` and `Snapshot` in messages. */
interface Holder {
  readonly kind: "Volume" | "Snapshot";
  /** The volume or snapshot of the path. @throws Refusal 404 */
  readonly find: (call: CinderCall) => WithMetadata;
}

/** Changes the metadata of a volume or snapshot; does nothing if it stays the same. */
export function changeMetadata({ cinder }: CinderCall, kind: Holder["kind"], row: WithMetadata, next: Metadata): void {
  if (isDeepStrictEqual(row.metadata, next)) return;
  row.metadata = next;
  recordChange(cinder, `${kind.toLowerCase()}.metadata`, row.id, { keys: Object.keys(next) });
}

/** @throws Refusal 404 */
function requireItem(call: CinderCall, { kind, find }: Holder): { row: WithMetadata; key: string; value: string } {
  const row = find(call);
  const key = call.params.key ?? "";
  const value = row.metadata[key];
  if (value === undefined) throw notFound(`${kind} ${row.id} has no metadata with key ${key}.`);
  return { row, key, value };
}

const ANY = { type: "object" } as const;

/** Checks a snapshot's metadata, with texts of its own from before there were schemas. @throws Refusal 400, 413 */
function checkProperties(metadata: Readonly<Record<string, unknown>>): void {
  const invalid = (why: string): Refusal => badRequest(`Invalid metadata: Invalid input received: ${why}`);
  const tooLong = (what: string): Refusal =>
    overLimitPlain(`Invalid metadata size: Metadata property key ${what} greater than 255 characters.`);
  for (const [key, value] of Object.entries(metadata)) {
    if (key === "") throw invalid("Metadata key:  has 0 characters, less than 1.");
    if (typeof value !== "string") throw invalid(`Value for metadata key: ${key} is not a string or unicode`);
    if (Array.from(key).length > TEXT_CHARS_MAX) throw tooLong(key);
    if (Array.from(value).length > TEXT_CHARS_MAX) throw tooLong(`${key} value`);
  }
}

const TEXT_CHARS_MAX = 255;

/** The member of a body about a snapshot's metadata. @throws Refusal 400, 413 */
function snapshotMember(call: CinderCall, name: "metadata" | "meta"): Readonly<Record<string, string>> {
  const body = requireBody(call, ANY);
  const member = body[name];
  if (typeof member !== "object" || member === null)
    throw badRequest(`Missing required element '${name}' in request body.`);
  if (name === "metadata") checkProperties({ ...member });
  const key = call.params.key ?? "";
  if (name === "meta" && !Object.hasOwn(member, key)) throw badRequest("Request body and URI mismatch");
  if (name === "meta" && Object.keys(member).length > 1) throw badRequest("Request body contains too many items");
  if (name === "meta") checkProperties({ ...member });
  return Object.fromEntries(Object.entries(member).map(([each, value]) => [each, String(value)]));
}

function setAll(call: CinderCall, { kind, find }: Holder, merge: boolean): HttpReply {
  const row = find(call);
  if (kind === "Snapshot") {
    const wanted = snapshotMember(call, "metadata");
    changeMetadata(call, kind, row, merge ? { ...row.metadata, ...wanted } : wanted);
    return ok({ metadata: row.metadata });
  }
  const metadata = requireMember(call, "metadata", STRICT_METADATA);
  changeMetadata(call, kind, row, merge ? { ...row.metadata, ...metadata } : metadata);
  return ok({ metadata: row.metadata });
}

function setItem(call: CinderCall, { kind, find }: Holder): HttpReply {
  const row = find(call);
  const meta = kind === "Snapshot" ? snapshotMember(call, "meta") : requireMember(call, "meta", STRICT_METADATA);
  if (meta[call.params.key ?? ""] === undefined) throw badRequest("Request body and URI mismatch");
  if (Object.keys(meta).length > 1) throw badRequest("Request body contains too many items");
  changeMetadata(call, kind, row, { ...row.metadata, ...meta });
  return ok({ meta });
}

function removeItem(call: CinderCall, holder: Holder): HttpReply {
  const { row, key } = requireItem(call, holder);
  const next = Object.fromEntries(Object.entries(row.metadata).filter(([name]) => name !== key));
  changeMetadata(call, holder.kind, row, next);
  return emptyReply(200);
}

function showItem(call: CinderCall, holder: Holder): HttpReply {
  const { key, value } = requireItem(call, holder);
  return ok({ meta: { [key]: value } });
}

/** The routes of metadata, the same for volumes and snapshots. */
export function metadataRoutes(collection: "volumes" | "snapshots", holder: Holder): readonly CinderRoute[] {
  const path = `/${collection}/:id/metadata`;
  const item = `${path}/:key`;
  return [
    { method: "GET", path, clients: ["openstack"], handler: (call) => ok({ metadata: holder.find(call).metadata }) },
    { method: "POST", path, clients: ["bosh", "openstack"], handler: (call) => setAll(call, holder, true) },
    { method: "PUT", path, handler: (call) => setAll(call, holder, false) },
    { method: "GET", path: item, handler: (call) => showItem(call, holder) },
    { method: "PUT", path: item, handler: (call) => setItem(call, holder) },
    { method: "DELETE", path: item, handler: (call) => removeItem(call, holder) },
  ];
}
