import type { Json, JsonObject } from "../../http/json.ts";
import { jsonOf, type WireRequest } from "../memory-broker/http.ts";
import type { Change } from "./middleware.ts";
import type { TrafficMemory } from "./traffic.ts";

export const is =
  (...statuses: readonly number[]) =>
  (status: number): boolean =>
    statuses.includes(status);

export const success = (status: number): boolean => status >= 200 && status < 300;

export const status =
  (to: number): Change =>
  (response) => ({ ...response, status: to });

export const body =
  (change: (body: JsonObject, request: WireRequest, memory: TrafficMemory) => JsonObject): Change =>
  (response, request, memory) => ({ ...response, text: JSON.stringify(change(jsonOf(response), request, memory)) });

export const set = (name: string, value: Json): Change => body((it) => ({ ...it, [name]: value }));

export const drop = (name: string): Change =>
  body((it) => Object.fromEntries(Object.entries(it).filter(([each]) => each !== name)));

/** Another status and body, with the headers of the answer in place of which it comes. */
export const instead =
  (to: number, reply: JsonObject = {}): Change =>
  (response) => ({ ...response, status: to, text: JSON.stringify(reply) });

export const text =
  (to: string): Change =>
  (response) => ({ ...response, text: to });

export const header =
  (name: string, value: string): Change =>
  (response) => ({ ...response, headers: { ...response.headers, [name]: value } });
