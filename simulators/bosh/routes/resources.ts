import { type DirectorRoute, route } from "../wire/route.ts";
import { pathParam } from "../wire/context.ts";
import type { HttpReply } from "../../kernel/index.ts";
import { packBlob } from "../artifacts/blobs.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";

/** @throws DirectorError 100001, 100002 */
function showResource(director: Director, id: string): HttpReply {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
    throw new DirectorError(
      100001,
      `Blobstore error accessing resource '${id}': invalid blobstore object id format: "${id}"`,
    );
  const blob = director.slot.value.blobs.get(id);
  if (blob === undefined) throw new DirectorError(100002, `Resource '${id}' not found in the blobstore`);
  return {
    status: 200,
    body: packBlob(blob),
    headers: { "Content-Type": "application/x-gzip", "Accept-Ranges": "bytes" },
  };
}

/** The routes of /resources. */
export const RESOURCES: readonly DirectorRoute[] = [
  route("GET", "/resources/:id", {}, (context) => showResource(context.director, pathParam(context, "id"))),
];
