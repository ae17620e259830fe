import { validate } from "../schema/index.ts";
import { badRequest, type Call, checkedBody, NO_JSON, type NovaRoute, nothing, notFound, ok } from "./call.ts";
import { TAG, TAGS } from "./schemas.ts";
import { serverOf } from "./servers.ts";
import { extrasOf, type Server } from "./state.ts";

const TAGS_MAX = 50;

/** Tags of a server that has reached a host; before that this part of the API does not know it. @throws Refusal 404 */
function tagged(call: Call): { readonly server: Server; readonly tags: readonly string[] } {
  const server = serverOf(call);
  if (server.task === "scheduling") throw notFound(`Instance ${server.id} could not be found.`);
  return { server, tags: server.extras?.tags ?? [] };
}

function put(call: Call): ReturnType<NovaRoute["handler"]> {
  const tag = call.params.tag ?? "";
  const failure = validate(TAG, tag);
  if (failure !== undefined)
    throw badRequest(
      `Tag '${tag}' is invalid. It must be a non empty string without characters '/' and ','. Validation error message: ${failure.message}`,
    );
  const { server, tags } = tagged(call);
  if (tags.includes(tag)) return nothing(204, NO_JSON);
  if (tags.length >= TAGS_MAX) throw badRequest(`The number of tags exceeded the per-server limit ${TAGS_MAX}`);
  extrasOf(server).tags = [...tags, tag].sort();
  const location = `${call.base}/servers/${server.id}/tags/${encodeURIComponent(tag)}`;
  return { status: 201, body: "", headers: { "Content-Type": NO_JSON, Location: location } };
}

function replace(call: Call): ReturnType<NovaRoute["handler"]> {
  const schema = { type: "object", properties: { tags: TAGS }, required: ["tags"], additionalProperties: false };
  const { tags } = checkedBody(call, schema) as { tags: readonly string[] };
  const { server } = tagged(call);
  const next = [...new Set(tags)].sort();
  extrasOf(server).tags = next;
  return ok({ tags: next });
}

const path = "/servers/:id/tags";

export const TAG_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path, from: 26, clients: ["openstack"], handler: (call) => ok({ tags: tagged(call).tags }) },
  { method: "PUT", path, from: 26, clients: ["openstack"], handler: replace },
  {
    method: "DELETE",
    path,
    from: 26,
    handler: (call) => {
      extrasOf(tagged(call).server).tags = [];
      return nothing(204);
    },
  },
  {
    method: "GET",
    path: `${path}/:tag`,
    from: 26,
    handler: (call) => {
      const { server, tags } = tagged(call);
      if (!tags.includes(call.params.tag ?? "")) throw notFound(`Server ${server.id} has no tag '${call.params.tag}'`);
      return nothing(204);
    },
  },
  { method: "PUT", path: `${path}/:tag`, from: 26, clients: ["openstack"], handler: put },
  {
    method: "DELETE",
    path: `${path}/:tag`,
    from: 26,
    clients: ["openstack"],
    handler: (call) => {
      const { server, tags } = tagged(call);
      const { tag } = call.params;
      if (!tags.includes(tag ?? "")) throw notFound(`Instance ${server.id} has no tag '${tag}'`);
      extrasOf(server).tags = tags.filter((each) => each !== tag);
      return nothing(204);
    },
  },
];
