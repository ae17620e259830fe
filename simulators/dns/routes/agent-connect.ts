import type { HttpReply, Route } from "../../kernel/index.ts";
import { textIn } from "../config-entries/fields.ts";
import { type Intention, matchingIntentions } from "../config-entries/intentions.ts";
import { listIn } from "../config-entries/store.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { STRING, structOf } from "../wire/json/shape.ts";
import { refuseBadRequest } from "../wire/refusal.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { readAgentRoots, readLeaf } from "./connect-ca.ts";

const REQUEST = structOf("structs.ConnectAuthorizeRequest", {
  Target: STRING,
  ClientCertURI: STRING,
  ClientCertSerial: STRING,
  Namespace: STRING,
  Partition: STRING,
});

/** The name of a service in the identity of its certificate. */
const IDENTITY = /^spiffe:\/\/[^/]*(?:\/ap\/[^/]+)?\/ns\/[^/]+\/dc\/[^/]+\/svc\/([^/]+)$/;
/** Identities of other kinds: of agents, gateways, servers, or of the authority itself. */
const OTHER_IDENTITY =
  /^spiffe:\/\/(?:[^/]*(?:\/ap\/[^/]+)?\/(?:agent\/client\/dc\/[^/]+\/id\/[^/]+|gateway\/mesh\/dc\/[^/]+|agent\/server\/dc\/[^/]+)|[^/.]+\.[^/]+)$/;

/** Whether the holder of a certificate may connect to a service. */
function authorizeConnection(call: ConsulCall): HttpReply {
  const { badRequestPrefix: prefix, isToday } = call.agent.options.profile;
  call.refuseEnterprise();
  const { Target: target = "", ClientCertURI: uri = "" } = decodeBody(
    call,
    REQUEST,
    `${prefix}Request decode failed: `,
  );
  if (target === "") refuseBadRequest(`${prefix}Target service must be specified`);
  const [, source] = IDENTITY.exec(uri) ?? [];
  if (source === undefined)
    return refuseBadRequest(
      `${prefix}ClientCertURI not a valid ${OTHER_IDENTITY.test(uri) ? "Service" : "Connect"} identifier`,
    );
  const datacenter = call.agent.datacenter;
  const authorizer = call.authorizer(datacenter);
  call.require(authorizer, "service", "write", target);
  const found = matchingIntentions(datacenter.configEntries, "destination", target).find(({ source: each }) =>
    ["*", decodeURIComponent(source)].includes(textIn(each, "Name")),
  );
  return call.json(decisionOf(call, found, isToday), { "X-Cache": "MISS" });
}

function decisionOf(
  call: ConsulCall,
  found: Intention | undefined,
  isToday: boolean,
): { readonly Authorized: boolean; readonly Reason: string } {
  if (found !== undefined) {
    const { source, entry } = found;
    const count = listIn(source, "Permissions").length;
    const detail = count > 0 ? `Permissions: ${count}` : `Action: ${textIn(source, "Action").toUpperCase()}`;
    const id = textIn(source, "LegacyID") === "" ? "" : `ID: ${textIn(source, "LegacyID")}, `;
    const shown = `default/${textIn(source, "Name")} => default/${entry.name} (${id}Precedence: ${Number(source.Precedence)}, ${detail})`;
    const isAllowed = count === 0 && textIn(source, "Action") === "allow";
    return { Authorized: isAllowed, Reason: `Matched L${count > 0 ? 7 : 4} intention: ${shown}` };
  }
  const policy = call.agent.options.config.default_intention_policy ?? "";
  if (policy !== "") return { Authorized: policy === "allow", Reason: "Default intention policy" };
  const byDefault = call.authorizer(call.agent.datacenter).allowsByDefault;
  if (!isToday && !call.agent.datacenter.acl.options.enabled)
    return { Authorized: true, Reason: "ACLs disabled, access is allowed by default" };
  return { Authorized: byDefault, Reason: "Default behavior configured by ACLs" };
}

/** `POST /v1/agent/connect/authorize` (Consul 1.8, "Authorize"). */
export const AUTHORIZE_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "POST", path: "/v1/agent/connect/authorize", handler: answerAtOnce(authorizeConnection) },
];

/** `/v1/agent/connect/…` (Consul 1.22, "Connect - Agent HTTP API"). */
export const AGENT_CONNECT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/agent/connect/ca/roots", handler: answerAtOnce(readAgentRoots) },
  { method: "GET", path: "/v1/agent/connect/ca/leaf/*rest", handler: answerAtOnce(readLeaf) },
];
