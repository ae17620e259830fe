import type { Json, JsonObject } from "../../client/http/json.ts";
import { jsonOf, type WireRequest } from "../memory-broker/http.ts";
import type { Change } from "./middleware.ts";
import type { TrafficMemory } from "./traffic.ts";

/** One of these statuses. */
export const is =
  (...statuses: readonly number[]) =>
  (status: number): boolean =>
    statuses.includes(status);

/** Any 2xx. */
export const success = (status: number): boolean => status >= 200 && status < 300;

/** Another status. */
export const status =
  (to: number): Change =>
  (response) => ({ ...response, status: to });

/** Another body, made of the one that the broker sent. */
export const body =
  (change: (body: JsonObject, request: WireRequest, memory: TrafficMemory) => JsonObject): Change =>
  (response, request, memory) => ({ ...response, text: JSON.stringify(change(jsonOf(response), request, memory)) });

/** Sets a member of the body. */
export const set = (name: string, value: Json): Change => body((it) => ({ ...it, [name]: value }));

/** Leaves a member of the body out. */
export const drop = (name: string): Change =>
  body((it) => Object.fromEntries(Object.entries(it).filter(([each]) => each !== name)));

/** Another status and body, with the headers of the answer in place of which it comes. */
export const instead =
  (to: number, reply: JsonObject = {}): Change =>
  (response) => ({ ...response, status: to, text: JSON.stringify(reply) });

/** Another body, as text. */
export const text =
  (to: string): Change =>
  (response) => ({ ...response, text: to });

/** Sets a header; its name in lower case. */
export const header =
  (name: string, value: string): Change =>
  (response) => ({ ...response, headers: { ...response.headers, [name]: value } });

/** Removes a header. */
export const withoutHeader =
  (name: string): Change =>
  (response) => ({
    ...response,
    headers: Object.fromEntries(Object.entries(response.headers).filter(([each]) => each !== name)),
  });
