import type { HttpReply } from "../../../kernel/index.ts";
import { requireMember } from "../wire/body.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { STRICT_METADATA } from "../wire/schemas.ts";

/** Metadata of volumes and snapshots: the same five routes. */
export function metadataRoutes<T extends { readonly id: string; metadata: Readonly<Record<string, string>> }>(
  collection: string,
  kind: string,
  find: (call: CinderCall) => T,
): readonly CinderRoute[] {
  const item = (call: CinderCall): { row: T; key: string; value: string } => {
    const row = find(call);
    const key = call.params.key ?? "";
    const value = row.metadata[key];
    if (value === undefined) throw notFound(`${kind} ${row.id} has no metadata with key ${key}.`);
    return { row, key, value };
  };
  const path = `/${collection}/:id/metadata`;
  const set = (call: CinderCall, merge: boolean): HttpReply => {
    const row = find(call);
    const metadata = requireMember(call, "metadata", STRICT_METADATA) as Record<string, string>;
    row.metadata = merge ? { ...row.metadata, ...metadata } : metadata;
    return ok({ metadata: row.metadata });
  };
  return [
    { method: "GET", path, clients: ["openstack"], handler: (call) => ok({ metadata: find(call).metadata }) },
    { method: "POST", path, clients: ["bosh", "openstack"], handler: (call) => set(call, true) },
    { method: "PUT", path, handler: (call) => set(call, false) },
    {
      method: "GET",
      path: `${path}/:key`,
      handler: (call) => {
        const { key, value } = item(call);
        return ok({ meta: { [key]: value } });
      },
    },
    {
      method: "PUT",
      path: `${path}/:key`,
      handler: (call) => {
        const row = find(call);
        const meta = requireMember(call, "meta", STRICT_METADATA) as Record<string, string>;
        const value = meta[call.params.key ?? ""];
        if (value === undefined) throw badRequest("Request body and URI mismatch");
        if (Object.keys(meta).length > 1) throw badRequest("Request body contains too many items");
        row.metadata = { ...row.metadata, ...meta };
        return ok({ meta });
      },
    },
    {
      method: "DELETE",
      path: `${path}/:key`,
      handler: (call) => {
        const { row, key } = item(call);
        row.metadata = Object.fromEntries(Object.entries(row.metadata).filter(([name]) => name !== key));
        return emptyReply(200);
      },
    },
  ];
}
