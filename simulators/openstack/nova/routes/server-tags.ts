import { isDeepStrictEqual } from "node:util";
import type { HttpReply } from "../../../kernel/index.ts";
import { recordChange } from "../state/nova.ts";
import { extrasOf, type Server } from "../state/server.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { emptyReply, HTML_TYPE, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope, TAG, TAGS } from "./schemas/parts.ts";
import { requireServer } from "./servers/require-server.ts";
import { validate } from "../../schema/validate.ts";

const TAGS_MAX = 50;

/** A server that has reached a host; before that, this part of the API does not find it. @throws Refusal 404 */
function requireTags(call: NovaCall): { readonly server: Server; readonly tags: readonly string[] } {
  const server = requireServer(call);
  if (server.task === "scheduling") throw notFound(`Instance ${server.id} could not be found.`);
  return { server, tags: server.extras?.tags ?? [] };
}

/** Does nothing if the tags stay the same. */
function setTags({ nova }: NovaCall, server: Server, tags: string[]): void {
  if (isDeepStrictEqual(server.extras?.tags ?? [], tags)) return;
  extrasOf(server).tags = tags;
  recordChange(nova, "server.tags", server.id, { tags });
}

function addTag(call: NovaCall): HttpReply {
  const tag = call.params.tag ?? "";
  const failure = validate(TAG, tag);
  if (failure !== undefined)
    throw badRequest(
      `Tag '${tag}' is invalid. It must be a non empty string without characters '/' and ','. Validation error message: ${failure.message}`,
    );
  const { server, tags } = requireTags(call);
  if (tags.includes(tag)) return emptyReply(204, HTML_TYPE);
  if (tags.length >= TAGS_MAX) throw badRequest(`The number of tags exceeded the per-server limit ${TAGS_MAX}`);
  setTags(call, server, [...tags, tag].sort());
  const location = `${call.base}/servers/${server.id}/tags/${encodeURIComponent(tag)}`;
  return { status: 201, body: "", headers: { "Content-Type": HTML_TYPE, Location: location } };
}

function replaceTags(call: NovaCall): HttpReply {
  const { tags } = requireBody(call, envelope("tags", TAGS));
  const { server } = requireTags(call);
  const next = [...new Set(tags)].sort();
  setTags(call, server, next);
  return ok({ tags: next });
}

const path = "/servers/:id/tags";

/** Routes of the API reference, "Server tags". From 2.26 on. */
export const SERVER_TAG_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path, from: 26, clients: ["openstack"], handler: (call) => ok({ tags: requireTags(call).tags }) },
  { method: "PUT", path, from: 26, clients: ["openstack"], handler: replaceTags },
  {
    method: "DELETE",
    path,
    from: 26,
    handler: (call) => {
      setTags(call, requireTags(call).server, []);
      return emptyReply(204);
    },
  },
  {
    method: "GET",
    path: `${path}/:tag`,
    from: 26,
    handler: (call) => {
      const { server, tags } = requireTags(call);
      if (!tags.includes(call.params.tag ?? "")) throw notFound(`Server ${server.id} has no tag '${call.params.tag}'`);
      return emptyReply(204);
    },
  },
  { method: "PUT", path: `${path}/:tag`, from: 26, clients: ["openstack"], handler: addTag },
  {
    method: "DELETE",
    path: `${path}/:tag`,
    from: 26,
    clients: ["openstack"],
    handler: (call) => {
      const { server, tags } = requireTags(call);
      const { tag } = call.params;
      if (!tags.includes(tag ?? "")) throw notFound(`Instance ${server.id} has no tag '${tag}'`);
      setTags(
        call,
        server,
        tags.filter((each) => each !== tag),
      );
      return emptyReply(204);
    },
  },
];
