import { bodyText, type HttpReply, percentText } from "../../kernel/index.ts";
import { isoMicros } from "../time.ts";
import { dumps } from "../python/index.ts";
import { Refusal } from "../refusal.ts";
import type { Context } from "../service.ts";
import {
  badRequest,
  findContainer,
  HTML,
  md5,
  notSimulated,
  type ObjectRow,
  type Segment,
  type Swift,
} from "./state.ts";

/** Length and digest of a large object: the digest of its segments' digests. */
export const slo = (segments: readonly Segment[]): { readonly bytes: number; readonly etag: string } => ({
  bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
  etag: md5(segments.map(({ hash }) => hash).join("")),
});

/** `/container/object`, percent-encoded or not, as two names. */
export function pathOf(text: string): readonly [string, string] | undefined {
  const [container, ...rest] = text.replace(/^\//, "").split("/");
  const object = rest.join("/");
  return container && object ? [container, object] : undefined;
}

export function findObject(swift: Swift, account: string, path: string): ObjectRow | undefined {
  const at = pathOf(path);
  return at && findContainer(swift, account, at[0])?.objects.get(at[1]);
}

/** What an object delivers: its own bytes, or its segments'. */
export interface Content {
  readonly data: Uint8Array;
  /** As the header has it: quoted for large objects. */
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Of an object of many parts, which is put together in memory. */
const LARGE_BYTES_MAX = 256 * 1024 * 1024;
const tooLarge = (): Refusal => notSimulated(`objects of over ${LARGE_BYTES_MAX} bytes`);

export function contentOf(swift: Swift, account: string, object: ObjectRow): Content {
  if (object.segments !== undefined) return staticContent(swift, account, object, object.segments);
  const manifest = object.metadata["x-object-manifest"];
  if (manifest === undefined) return { data: object.data, etag: object.etag, headers: {} };
  const [container, prefix] = pathOf(percentText(manifest)) ?? ["", ""];
  const parts = [...(findContainer(swift, account, container)?.objects ?? [])]
    .filter(([name]) => name.startsWith(prefix))
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([, part]) => part);
  if (parts.reduce((sum, { data }) => sum + data.length, 0) > LARGE_BYTES_MAX) throw tooLarge();
  return {
    data: Buffer.concat(parts.map(({ data }) => data)),
    etag: `"${md5(parts.map(({ etag }) => etag).join(""))}"`,
    headers: {},
  };
}

function staticContent(swift: Swift, account: string, object: ObjectRow, segments: readonly Segment[]): Content {
  const parts = segments.map(({ name, hash }) => {
    const part = findObject(swift, account, name);
    const whole = part && contentOf(swift, account, part);
    // A segment that was lost or replaced spoils the whole.
    if (whole === undefined || whole.etag.replaceAll('"', "") !== hash) throw new Refusal(409, "", "");
    return whole.data;
  });
  return {
    data: Buffer.concat(parts),
    etag: `"${slo(segments).etag}"`,
    headers: { "X-Static-Large-Object": "True", "X-Manifest-Etag": object.etag },
  };
}

/** The manifest itself, as `multipart-manifest=get` shows it. */
export const manifestOf = (segments: readonly Segment[]): string => dumps(segments);

interface Entry {
  readonly path: string;
  readonly etag?: string;
  readonly size_bytes?: number;
}

function entries(context: Context): readonly Entry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bodyText(context.request));
  } catch {
    throw badRequest("Manifest must be valid JSON.\n", HTML);
  }
  if (!Array.isArray(parsed)) throw badRequest("Manifest must be a list.\n", HTML);
  const problems = parsed.flatMap((entry: unknown, at) => {
    const problem = problemOf(entry);
    return problem === undefined ? [] : [`Index ${at}: ${problem}\n`];
  });
  if (problems.length > 0) throw badRequest(problems.join(""), HTML);
  return parsed as Entry[];
}

function problemOf(entry: unknown): string | undefined {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return "not a JSON object";
  const { path } = entry as Record<string, unknown>;
  if ("range" in entry || "data" in entry) throw notSimulated("ranges and data in manifests");
  if (path === undefined) return 'expected keys to include one of "path" or "data"';
  if (typeof path === "string" && pathOf(path) !== undefined) return undefined;
  return "path does not refer to an object. Path must be of the form /container/object.";
}

/** Checks the manifest of a static large object against what is stored. */
export function checkedSegments(swift: Swift, context: Context): readonly Segment[] {
  const errors: [string, string][] = [];
  const segments = entries(context).map(({ path, etag, size_bytes: size }): Segment => {
    const name = `/${path.replace(/^\//, "")}`;
    const object = findObject(swift, context.params.account ?? "", name);
    const large = object?.segments && slo(object.segments);
    const bytes = large?.bytes ?? object?.data.length ?? 0;
    const hash = large?.etag ?? object?.etag ?? "";
    if (object === undefined) errors.push([name, "404 Not Found"]);
    else if (bytes < 1) errors.push([name, "Too Small; each segment must be at least 1 byte."]);
    else if (size !== undefined && size !== null && Number(size) !== bytes) errors.push([name, "Size Mismatch"]);
    else if (etag !== undefined && etag !== null && etag !== hash) errors.push([name, "Etag Mismatch"]);
    const type = object?.type ?? "";
    return { name, bytes, hash, content_type: type, last_modified: isoMicros(object?.storedMs ?? 0) };
  });
  const bytes = segments.reduce((sum, each) => sum + each.bytes, 0);
  if (errors.length === 0 && bytes > LARGE_BYTES_MAX) throw tooLarge();
  if (errors.length === 0) return segments;
  const reply: HttpReply = {
    status: 400,
    headers: { "Content-Type": "application/json" },
    body: dumps({ Errors: errors }),
  };
  throw new Refusal(400, "", "", { reply });
}
