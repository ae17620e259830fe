import { type Answer, type Intent, METHOD, type Operation, pathOf } from "./answer.ts";
import type { Offer } from "./catalog.ts";
import { isObject, type Json, type JsonObject, stringOf } from "./http/json.ts";
import { bodyOf, type Observation } from "./http/observation.ts";
import type { RawRequest } from "./http/transport.ts";
import type { ClientSettings } from "./settings.ts";
import { NEWEST_MINOR } from "./spec-version.ts";
import { authorizationOf, secretsOf } from "./target.ts";

/** The details of a request besides its operation, and its purpose. */
export interface RequestOptions {
  readonly instanceId?: string;
  readonly bindingId?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** Sent verbatim in place of `body`. */
  readonly text?: string;
  /** Headers to add to the usual ones, or with null to remove. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Default `plain`. */
  readonly intent?: Intent;
  /** The operation to poll. */
  readonly polled?: Operation;
  /** Abandons the request before the answer; see `SendOptions`. */
  readonly abandon?: boolean;
  /** Takes the first answer even if it is a 5xx: what the check is about would be over at the next attempt. Default: it is sent again. */
  readonly isOnce?: boolean;
}

/** Whether an answer has a 2xx status. */
export const isSuccess = (answer: Pick<Answer, "status">): boolean => answer.status >= 200 && answer.status < 300;

/** An observation as the answer to a request. */
export function answerTo(operation: Operation, options: RequestOptions, observation: Observation): Answer {
  return {
    ...observation,
    operation,
    intent: options.intent ?? "plain",
    instanceId: options.instanceId ?? "",
    bindingId: options.bindingId ?? "",
    query: options.query ?? {},
    sent: isObject(options.body) ? options.body : {},
    polled: options.polled,
  };
}

/** The query of a DELETE, or the hints of a GET. */
export function planIds(offer: Offer): { service_id: string; plan_id: string } {
  return { service_id: offer.service.id, plan_id: offer.plan.id };
}

/** The plan that a body names. */
export const planIn = (body: Json | undefined): string | undefined =>
  isObject(body) ? stringOf(body["plan_id"]) : undefined;

/** The poll of the operation that an answer began, with the operation string of its 202 if it had one. */
export function pollOf(
  offer: Offer,
  of: Answer,
): { readonly operation: "poll-instance" | "poll-binding"; readonly asked: RequestOptions } {
  const token = stringOf(bodyOf(of)["operation"]);
  const asked: RequestOptions = {
    query: { ...planIds(offer), ...(token === undefined ? {} : { operation: token }) },
    instanceId: of.instanceId,
    bindingId: of.bindingId,
    intent: of.intent === "cleanup" ? "cleanup" : "plain",
    polled: of.operation,
  };
  return { operation: of.bindingId === "" ? "poll-instance" : "poll-binding", asked };
}

/** The first minor version in which bindings may be created and removed asynchronously. */
const ASYNC_BINDING_MINOR = 14;

/** The query of a deletion, as a platform sends it in this version. */
export function deletionQuery(
  offer: Offer,
  kind: "instance" | "binding" = "instance",
  minor: number = NEWEST_MINOR,
): Record<string, string> {
  const isFlagged = kind === "instance" || minor >= ASYNC_BINDING_MINOR;
  return { ...planIds(offer), ...(isFlagged ? { accepts_incomplete: "true" } : {}) };
}

/** The members of a provision request that a platform always sends. */
export function provisionBody(offer: Offer, context: JsonObject, parameters?: JsonObject): JsonObject {
  return {
    ...planIds(offer),
    context,
    organization_guid: stringOf(context["organization_guid"]) ?? "drydock-organization",
    space_guid: stringOf(context["space_guid"]) ?? "drydock-space",
    ...(parameters === undefined ? {} : { parameters }),
  };
}

function headersFor(
  { target, minor, newId }: ClientSettings,
  hasBody: boolean,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const authorization = authorizationOf(target.auth);
  const usual: Record<string, string | null> = {
    Accept: "application/json",
    "X-Broker-API-Version": `2.${minor}`,
    ...(minor >= 15 ? { "X-Broker-API-Request-Identity": newId() } : {}),
    ...(authorization === undefined ? {} : { Authorization: authorization }),
    ...(hasBody ? { "Content-Type": "application/json" } : {}),
    ...target.headers,
    ...changes,
  };
  return Object.fromEntries(Object.entries(usual).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** The names of headers that a check changed to values without a secret of the target, plain or in base64. */
function madeUpHeaders({ target }: ClientSettings, changes: Readonly<Record<string, string | null>>): string[] {
  const secrets = secretsOf(target);
  const holdsSecret = (value: string): boolean => {
    const decoded = Buffer.from(value.slice(value.indexOf(" ") + 1), "base64").toString("utf8");
    return secrets.some((secret) => value.includes(secret) || decoded.includes(secret));
  };
  return Object.entries(changes).flatMap(([name, value]) => (value === null || holdsSecret(value) ? [] : [name]));
}

/** The request of an operation as sent: URL with the target's base path, headers of the client's version. */
export function buildRequest(settings: ClientSettings, operation: Operation, options: RequestOptions): RawRequest {
  const query = new URLSearchParams(options.query).toString().replaceAll("+", "%20");
  const path = pathOf(operation, options.instanceId ?? "", options.bindingId ?? "");
  const text = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  return {
    method: METHOD[operation],
    url: `${settings.target.url}${path}${query === "" ? "" : `?${query}`}`,
    headers: headersFor(settings, text !== undefined, options.headers ?? {}),
    ...(options.headers === undefined ? {} : { madeUp: madeUpHeaders(settings, options.headers) }),
    ...(text === undefined ? {} : { body: text }),
  };
}
