import type { HttpReply } from "../../../kernel/index.ts";
import type { RequestContext } from "../../service.ts";
import { LIMITS } from "../state/limits.ts";
import { archive, asVersion } from "../behaviour/versions.ts";
import type { ContainerRow, ObjectRow, Swift } from "../state/state.ts";
import { badRequest } from "../wire/errors.ts";
import { bareReply, httpDate } from "../wire/headers.ts";

/** @throws Refusal 400 when the name of an object is too long */
export function checkName(name: string): void {
  const length = Buffer.byteLength(name);
  if (length > LIMITS.max_object_name_length)
    throw badRequest(`Object name length of ${length} longer than ${LIMITS.max_object_name_length}`);
}

function parseSeconds({ request }: RequestContext, header: string): number | undefined {
  const given = request.headers[header.toLowerCase()];
  if (given !== undefined && !/^\s*-?\d+\s*$/.test(given)) throw badRequest(`Non-integer ${header}`);
  return given === undefined ? undefined : Number(given);
}

/** When the object is to expire, in seconds since 1970; `undefined` for never. @throws Refusal 400 */
export function parseDeleteAt(context: RequestContext): number | undefined {
  const nowS = context.cloud.kernel.nowMs / 1000;
  const after = parseSeconds(context, "X-Delete-After");
  if (after !== undefined && after <= 0) throw badRequest("X-Delete-After in past");
  const at = after === undefined ? parseSeconds(context, "X-Delete-At") : Math.floor(nowS + after);
  if (at !== undefined && at <= nowS) throw badRequest("X-Delete-At in past");
  return at;
}

/** Stores an object at the path of the request. */
export function store(
  swift: Swift,
  { params, cloud }: RequestContext,
  container: ContainerRow,
  object: ObjectRow,
): ObjectRow {
  const name = params.object ?? "";
  archive(swift, params.account ?? "", container, name);
  const stored = asVersion(swift, container, name, object);
  container.objects.set(name, stored);
  cloud.kernel.record("swift", "object.put", `${params.account}/${params.container}/${params.object}`, {
    bytes: object.data.length,
    etag: object.etag,
  });
  return stored;
}

/** The header that names a version; none if the container keeps none. */
export const versionHeader = ({ versionId }: Pick<ObjectRow, "versionId">): Record<string, string> =>
  versionId === undefined ? {} : { "X-Object-Version-Id": versionId };

/** 201: the object is stored. */
export const createdReply = (
  object: ObjectRow,
  etag: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply =>
  bareReply(201, { Etag: etag, "Last-Modified": httpDate(object.storedMs), ...versionHeader(object), ...headers });
