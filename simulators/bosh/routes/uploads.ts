import { bodyJson, type HttpRequest } from "../../kernel/index.ts";
import { type Archive, type BrokenArchive, isArchive, receiveArchive } from "../artifacts/archive.ts";
import { isHash } from "../configs/fields.ts";

import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";

const UPLOAD_BYTES_MAX = 10_000 * 1024 * 1024;

/** Receives a tarball. */
export const UPLOAD = { bodyBytesMax: UPLOAD_BYTES_MAX, receive: receiveArchive };

/** Media types of an upload: the tarball itself, or JSON that says where it lies. */
export const UPLOAD_MEDIA = ["application/x-compressed", "application/json"] as const;

const REMOTE: BrokenArchive = { ok: false, reason: "not simulated: uploads by URL; send the tarball" };
const NOTHING: BrokenArchive = { ok: false, reason: "there is no archive" };

/** The archive that a request carries. An upload by URL counts as a broken one, which the task refuses. */
export function uploadedArchive({ headers, received }: HttpRequest): Archive | BrokenArchive {
  if (headers["content-type"]?.startsWith("application/json")) return REMOTE;
  return isArchive(received) ? received : NOTHING;
}

/** The body as a JSON object. @throws DirectorError 40001 */
export function requireBody({ request }: RequestContext): Readonly<Record<string, unknown>> {
  const body = bodyJson(request);
  if (!body.ok || !isHash(body.value)) throw new DirectorError(40001, "Missing body");
  return body.value;
}
