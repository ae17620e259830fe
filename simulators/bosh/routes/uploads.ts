import { bodyJson } from "../../kernel/index.ts";
import { receiveArchive } from "../artifacts/archive.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";

const UPLOAD_BYTES_MAX = 10_000 * 1024 * 1024;

export const upload = { bodyBytesMax: UPLOAD_BYTES_MAX, receive: receiveArchive };

export const REMOTE = { ok: false, reason: "not simulated: uploads by URL; send the tarball" };

export function jsonBody({ request }: RequestContext): Record<string, unknown> {
  const body = bodyJson(request);
  if (!body.ok || typeof body.value !== "object" || body.value === null) throw new DirectorError(40001, "Missing body");
  return body.value as Record<string, unknown>;
}
