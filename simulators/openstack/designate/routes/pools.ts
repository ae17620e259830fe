import { type HttpReply, json } from "../../../kernel/index.ts";
import { storedTime } from "../../time.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { type Designate, NAMESERVER, POOL_ID } from "../state/state.ts";
import { notFound } from "../wire/errors.ts";
import { forAdmins, rootOf, type View } from "../wire/request.ts";

const view = (context: RequestContext, createdMs: number): View => ({
  id: POOL_ID,
  name: "default",
  description: "Default Pool",
  attributes: {},
  ns_records: [{ hostname: NAMESERVER, priority: 1 }],
  project_id: null,
  created_at: storedTime(createdMs),
  updated_at: null,
  links: { self: `${rootOf(context)}/pools/${POOL_ID}` },
});

const list = (context: RequestContext, pool: View): HttpReply =>
  json(200, { pools: [pool], links: { self: `${rootOf(context)}/pools` }, metadata: { total_count: 1 } });

function show({ params }: RequestContext, pool: View): HttpReply {
  if (params.pool_id !== POOL_ID) throw notFound("pool_not_found", "Pool");
  return json(200, pool);
}

/** `/v2/pools`, for administrators: the one pool, as old as the cloud. */
export function poolRoutes({ cloud }: Designate): readonly OpenStackRoute[] {
  const createdMs = cloud.kernel.nowMs;
  return [
    { method: "GET", path: "/v2/pools", handler: forAdmins((context) => list(context, view(context, createdMs))) },
    {
      method: "GET",
      path: "/v2/pools/:pool_id",
      handler: forAdmins((context) => show(context, view(context, createdMs))),
    },
  ];
}
