import { text as readText } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { bodyJson, type HttpRequest } from "../../kernel/index.ts";
import { isArchive, receiveArchive } from "../artifacts/archive.ts";
import { downloadArchive, type Fetcher, fetchLocally } from "../artifacts/download.ts";
import type { Upload } from "../artifacts/uploads.ts";
import { isHash } from "../configs/fields.ts";
import { Unforeseen } from "../wire/bodies.ts";

const UPLOAD_BYTES_MAX = 10_000 * 1024 * 1024;
/** The content type of a request that gives the address of an archive. */
const JSON_CHARS_MAX = 64 * 1024;

/** A request with the address of an archive, and that archive. */
interface ReceivedJson {
  readonly fields: unknown;
  readonly download: Awaited<ReturnType<typeof downloadArchive>>;
}

/** Receives a tarball, or the address of one. */
export const uploadWith = (fetcher: Fetcher) => ({
  bodyBytesMax: UPLOAD_BYTES_MAX,
  receive: async (stream: Readable, request: HttpRequest): Promise<unknown> => {
    if (!isJson(request.headers["content-type"])) return receiveArchive(stream);
    const parsed = bodyJson({ ...request, body: (await readText(stream)).slice(0, JSON_CHARS_MAX) });
    const fields = parsed.ok ? parsed.value : undefined;
    const download = await downloadArchive(isHash(fields) ? fields.location : undefined, fetcher);
    return { fields, download } satisfies ReceivedJson;
  },
});

const isJson = (type = ""): boolean => type.startsWith("application/json");

/** Media types of an upload: the tarball itself, or JSON with its address. */
export const UPLOAD_MEDIA = ["application/x-compressed", "application/json", "multipart/form-data"] as const;

/** nginx stores no empty file. */
export const isEmptyUpload = ({ received }: HttpRequest): boolean =>
  isArchive(received) && received.digests.sha1 === EMPTY_SHA1;

const EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

const isReceivedJson = (value: unknown): value is ReceivedJson => isHash(value) && "download" in value;

/** Receives a tarball, or the address of one on this machine. */
export const UPLOAD = uploadWith(fetchLocally);

/**
 * The upload of a request, with the digests in its JSON.
 * @throws Unforeseen for malformed JSON, and for a form without an archive
 */
export function readUpload({ headers, received }: HttpRequest): { readonly upload: Upload; readonly sha1: unknown } {
  if (headers["content-type"]?.startsWith("multipart/") === true) throw new Unforeseen();
  if (isArchive(received)) return { upload: { kind: "archive", archive: received }, sha1: null };
  if (!isJson(headers["content-type"]) || !isReceivedJson(received) || !isHash(received.fields)) throw new Unforeseen();
  const { fields, download } = received;
  const { location, sha1 = null } = received.fields;
  if (location === undefined || location === null) return { upload: { kind: "nothing" }, sha1 };
  return { upload: { kind: "url", download }, sha1: isHash(fields) ? (fields.sha1 ?? null) : null };
}
