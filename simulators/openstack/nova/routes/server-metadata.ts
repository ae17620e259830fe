import { isDeepStrictEqual } from "node:util";
import type { HttpReply } from "../../../kernel/index.ts";
import { recordChange } from "../state/nova.ts";
import type { Server } from "../state/server.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope, METADATA, ONE_ITEM } from "./schemas/parts.ts";
import { SERVER_PATH } from "./servers.ts";
import { checkMetadataCount } from "./servers/checks.ts";
import { requireServer } from "./servers/require-server.ts";

/** Does nothing if the metadata stays the same. */
function changeMetadata({ nova }: NovaCall, server: Server, next: Readonly<Record<string, string>>): void {
  if (isDeepStrictEqual(server.metadata, next)) return;
  server.metadata = next;
  recordChange(nova, "server.metadata", server.id, { keys: Object.keys(next) });
}

function setMetadata(call: NovaCall, merge: boolean): HttpReply {
  const { metadata } = requireBody(call, envelope("metadata", METADATA));
  const server = requireServer(call);
  const next = merge ? { ...server.metadata, ...metadata } : metadata;
  checkMetadataCount(call, server, next);
  changeMetadata(call, server, next);
  return ok({ metadata: next });
}

function setItem(call: NovaCall): HttpReply {
  const { meta } = requireBody(call, envelope("meta", ONE_ITEM));
  const server = requireServer(call);
  if (!Object.hasOwn(meta, call.params.key ?? "")) throw badRequest("Request body and URI mismatch");
  const next = { ...server.metadata, ...meta };
  checkMetadataCount(call, server, next);
  changeMetadata(call, server, next);
  return ok({ meta });
}

function removeItem(call: NovaCall): HttpReply {
  const { server, key } = requireItem(call);
  changeMetadata(call, server, Object.fromEntries(Object.entries(server.metadata).filter(([name]) => name !== key)));
  return emptyReply(204);
}

function requireItem(call: NovaCall): { server: Server; key: string; value: string } {
  const server = requireServer(call);
  const key = call.params.key ?? "";
  const value = server.metadata[key];
  if (value === undefined) throw notFound("Metadata item was not found");
  return { server, key, value };
}

/** Routes of the API reference, "Server metadata". */
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
    handler: removeItem,
  },
];
