import { type HttpReply, json, type Slot } from "../../../kernel/index.ts";
import type { Actor, Cloud } from "../../cloud.ts";
import { EVENTLET_FRONT } from "../../common/front.ts";
import { Refusal, refuseWith } from "../../common/refusal.ts";
import { keystoneUnauthorized, type Style } from "../../common/service.ts";
import { isUtf8 } from "../../common/text.ts";
import { isoSeconds } from "../../common/time.ts";
import { errorPage, explained } from "../../common/webob.ts";
import type { Dated, NetworkRow, NeutronState, Row } from "../state/state.ts";

/** What Neutron's parts work on. */
export interface Neutron {
  readonly cloud: Cloud;
  readonly slot: Slot<NeutronState>;
}

export type Fields = Readonly<Record<string, unknown>>;

const UNCOMPREHENDED =
  "The server could not comply with the request since it is either malformed or otherwise incorrect.";

const neutronError = (status: number, type: string, message: string, headers = {}): HttpReply =>
  json(status, { NeutronError: { type, message, detail: "" } }, headers);

export const STYLE: Style = {
  refuse: ({ status, type, message, extras }) => neutronError(status, type, message, extras.headers),
  unauthenticated: keystoneUnauthorized,
  unmatched: ({ request }, allowed) => {
    if (!request.path.startsWith("/v2.0")) return json(404, { code: 404, title: "Not Found", description: null });
    if (allowed.length === 0) return neutronError(404, "HTTPNotFound", "The resource could not be found.");
    const refused = neutronError(405, "HTTPMethodNotAllowed", UNCOMPREHENDED);
    // The body of a HEAD is not sent, its length is.
    return request.method === "HEAD" ? { ...refused, headers: { "Content-Length": "176" } } : refused;
  },
  headers: ({ requestId }) => ({ "X-Openstack-Request-Id": requestId }),
  isOpen: (request) => request.path === "/" || request.path === "",
  crashed: () =>
    neutronError(
      500,
      "HTTPInternalServerError",
      "Request Failed: internal server error while processing your request.",
    ),
  front: EVENTLET_FRONT,
  ignoresChunks: true,
  admit: ({ request }) => {
    if (!isUtf8(request.path)) throw new Refusal(400, "HTTPBadRequest", UNCOMPREHENDED);
    if (!isUtf8(request.query)) throw refuseWith(errorPage(request, 400, explained(UNCOMPREHENDED)));
    const accept = request.headers.accept ?? "*/*";
    if (request.path !== "/" && !/json|\*\/\*|application\/\*/.test(accept))
      throw new Refusal(406, "HTTPNotAcceptable", UNCOMPREHENDED);
  },
};

const WORDS: Readonly<Record<string, (id: string) => string>> = {
  SecurityGroup: (id) => `Security group ${id} does not exist`,
  SecurityGroupRule: (id) => `Security group rule ${id} does not exist`,
  FloatingIP: (id) => `Floating IP ${id} could not be found`,
  Router: (id) => `Router ${id} could not be found`,
  SubnetPool: (id) => `Subnet pool ${id} could not be found.`,
  RbacPolicy: (id) => `RBAC policy of type None with ID ${id} not found`,
};

export const notFound = (kind: string, id: string): Refusal =>
  new Refusal(404, `${kind}NotFound`, WORDS[kind]?.(id) ?? `${kind} ${id} could not be found.`);
export const badInput = (message: string): Refusal =>
  new Refusal(400, "InvalidInput", `Invalid input for operation: ${message}.`.replace(/\.\.$/, "."));
export const badRequest = (resource: string, message: string): Refusal =>
  new Refusal(400, "BadRequest", `Bad ${resource} request: ${message}`);
export const httpBadRequest = (message: string): Refusal => new Refusal(400, "HTTPBadRequest", message);
export const conflict = (type: string, message: string): Refusal => new Refusal(409, type, message);
export const denied = (rule: string): Refusal =>
  new Refusal(403, "PolicyNotAuthorized", `${rule} is disallowed by policy`);
/** What is not modelled, in Neutron's own error form. */
export const notSimulated = (what: string): Refusal => new Refusal(501, "HTTPNotImplemented", `not simulated: ${what}`);

export const owned = (projectId: string): object => ({ project_id: projectId, tenant_id: projectId });
export const dated = ({ createdMs, updatedMs, revision }: Dated): object => ({
  created_at: isoSeconds(createdMs),
  updated_at: isoSeconds(updatedMs),
  revision_number: revision,
});

/** The parts that every new row has. */
export const fresh = ({ cloud }: Neutron, projectId: string, description: unknown, revision: number): Row => ({
  id: cloud.uuid("neutron"),
  projectId,
  description: String(description ?? ""),
  tags: [],
  createdMs: cloud.kernel.nowMs,
  updatedMs: cloud.kernel.nowMs,
  revision,
});

export function touch({ cloud }: Neutron, row: Dated): void {
  row.updatedMs = cloud.kernel.nowMs;
  row.revision++;
}

/** Whether a policy gives a network to a project that does not own it. */
export function isSharedWith({ slot }: Neutron, networkId: string, projectId: string): boolean {
  for (const { objectId, action, target } of slot.value.rbac.values())
    if (objectId === networkId && action === "access_as_shared" && (target === projectId || target === "*"))
      return true;
  return false;
}

/** May the actor plug into the network, and see what is in it? */
export const shares = (neutron: Neutron, actor: Actor, row: NetworkRow): boolean =>
  owns(actor, row) || row.shared || isSharedWith(neutron, row.id, actor.projectId);

export const sees = (neutron: Neutron, actor: Actor, row: NetworkRow): boolean =>
  row.external || shares(neutron, actor, row);

export const owns = (actor: Actor, row: { readonly projectId: string }): boolean =>
  actor.isAdmin || row.projectId === actor.projectId;
