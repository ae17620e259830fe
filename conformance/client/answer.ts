import type { JsonObject } from "./http/json.ts";
import type { Observation } from "./http/observation.ts";

/** The requests of the API, by operation. */
export type Operation =
  | "catalog"
  | "provision"
  | "fetch-instance"
  | "update"
  | "deprovision"
  | "poll-instance"
  | "bind"
  | "fetch-binding"
  | "unbind"
  | "poll-binding";

/**
 * Why a request was sent: `plain` as a platform would, `bad` with one planted defect, `race` while something is in flight,
 * `cleanup` to remove what is left.
 */
export type Intent = "plain" | "bad" | "race" | "cleanup";

/** An answer of the broker together with its request. */
export interface Answer extends Observation {
  readonly operation: Operation;
  readonly intent: Intent;
  readonly instanceId: string;
  readonly bindingId: string;
  readonly query: Readonly<Record<string, string>>;
  /** The body that was sent, if it was a JSON object. */
  readonly sent: JsonObject;
  /** The subject of a poll. */
  readonly polled: Operation | undefined;
}

/** The HTTP method of each operation. */
export const METHOD: Readonly<Record<Operation, string>> = {
  catalog: "GET",
  provision: "PUT",
  "fetch-instance": "GET",
  update: "PATCH",
  deprovision: "DELETE",
  "poll-instance": "GET",
  bind: "PUT",
  "fetch-binding": "GET",
  unbind: "DELETE",
  "poll-binding": "GET",
};

/** The path of an operation's resource, percent-encoded. */
export function pathOf(operation: Operation, instanceId: string, bindingId: string): string {
  if (operation === "catalog") return "/v2/catalog";
  const instance = `/v2/service_instances/${encodeURIComponent(instanceId)}`;
  const binding = `${instance}/service_bindings/${encodeURIComponent(bindingId)}`;
  if (operation === "poll-instance") return `${instance}/last_operation`;
  if (operation === "poll-binding") return `${binding}/last_operation`;
  return operation === "bind" || operation === "unbind" || operation === "fetch-binding" ? binding : instance;
}
