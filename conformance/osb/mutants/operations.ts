import type { JsonObject } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { jsonOf, type WireRequest } from "../memory-broker/http.ts";

/** Every operation of the API. */
export const ENDPOINTS: readonly Operation[] = [
  "catalog",
  "poll-instance",
  "poll-binding",
  "fetch-instance",
  "fetch-binding",
  "provision",
  "update",
  "bind",
  "unbind",
  "deprovision",
];

/** The operation of the API that a request asks for. */
export function operationOf({ method, path }: WireRequest): Operation {
  const [, root, , sub, , leaf] = path;
  if (root === "catalog") return "catalog";
  if (sub === "last_operation") return "poll-instance";
  if (leaf === "last_operation") return "poll-binding";
  const isBinding = sub === "service_bindings";
  const byMethod: Readonly<Record<string, readonly [Operation, Operation]>> = {
    PUT: ["provision", "bind"],
    PATCH: ["update", "update"],
    DELETE: ["deprovision", "unbind"],
    GET: ["fetch-instance", "fetch-binding"],
  };
  return (byMethod[method] ?? ["fetch-instance", "fetch-binding"])[isBinding ? 1 : 0];
}

/** The path of the instance or binding that a request is about. */
export function keyOf({ path }: WireRequest): string {
  return path.filter((part) => part !== "last_operation").join("/");
}

/** The body of a request as JSON; `{}` where it is none. */
export const sentOf = (request: WireRequest): JsonObject => jsonOf(request);
