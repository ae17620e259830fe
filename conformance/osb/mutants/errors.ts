import type { Json } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { set } from "./changes.ts";
import { alter } from "./middleware.ts";
import type { Middleware } from "./traffic.ts";

/** A status by which a broker refuses a request. */
export const isRefusal = (status: number): boolean => status >= 400 && status < 500;

/** Sets a member in the bodies of refusals. */
export const setInErrors = (operations: readonly Operation[], name: string, value: Json): Middleware =>
  alter(operations, isRefusal, set(name, value));
