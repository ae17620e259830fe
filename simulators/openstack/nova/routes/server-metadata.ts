import type { HttpReply } from "../../../kernel/index.ts";
import { quotaOf } from "../state/quotas.ts";
import type { Server } from "../state/server.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, forbidden, notFound } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope, METADATA } from "./schemas/parts.ts";
import { SERVER_PATH } from "./servers.ts";
import { requireServer } from "./servers/require-server.ts";

/** @throws Refusal 403 */
function checkItems(call: NovaCall, server: Server, next: Readonly<Record<string, string>>): void {
  const limit = quotaOf(call.nova, server.projectId, "metadata_items");
  if (limit >= 0 && Object.keys(next).length > limit)
    throw forbidden(`Maximum number of metadata items exceeds ${limit}`);
}

function setMetadata(call: NovaCall, merge: boolean): HttpReply {
  const { metadata } = requireBody(call, envelope("metadata", METADATA)) as { metadata: Record<string, string> };
  const server = requireServer(call);
  const next = merge ? { ...server.metadata, ...metadata } : metadata;
  checkItems(call, server, next);
  server.metadata = next;
  return ok({ metadata: next });
}

function setItem(call: NovaCall): HttpReply {
  const one = { ...METADATA, minProperties: 1, maxProperties: 1 };
  const { meta } = requireBody(call, envelope("meta", one)) as { meta: Record<string, string> };
  const server = requireServer(call);
  if (!Object.hasOwn(meta, call.params.key ?? "")) throw badRequest("Request body and URI mismatch");
  const next = { ...server.metadata, ...meta };
  checkItems(call, server, next);
  server.metadata = next;
  return ok({ meta });
}

function requireItem(call: NovaCall): { server: Server; key: string; value: string } {
  const server = requireServer(call);
  const key = call.params.key ?? "";
  const value = server.metadata[key];
  if (value === undefined) throw notFound("Metadata item was not found");
  return { server, key, value };
}

export const SERVER_METADATA_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: `${SERVER_PATH}/metadata`,
    clients: ["bosh"],
    handler: (call) => ok({ metadata: requireServer(call).metadata }),
  },
  { method: "POST", path: `${SERVER_PATH}/metadata`, clients: ["bosh"], handler: (call) => setMetadata(call, true) },
  { method: "PUT", path: `${SERVER_PATH}/metadata`, handler: (call) => setMetadata(call, false) },
  {
    method: "GET",
    path: `${SERVER_PATH}/metadata/:key`,
    clients: ["bosh"],
    handler: (call) => {
      const { key, value } = requireItem(call);
      return ok({ meta: { [key]: value } });
    },
  },
  { method: "PUT", path: `${SERVER_PATH}/metadata/:key`, handler: setItem },
  {
    method: "DELETE",
    path: `${SERVER_PATH}/metadata/:key`,
    clients: ["openstack"],
    handler: (call) => {
      const { server, key } = requireItem(call);
      server.metadata = Object.fromEntries(Object.entries(server.metadata).filter(([name]) => name !== key));
      return emptyReply(204);
    },
  },
];
