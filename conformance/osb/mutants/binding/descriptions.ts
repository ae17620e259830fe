import { isObject, type JsonObject } from "../../../client/http/json.ts";
import type { Operation } from "../../../client/answer.ts";
import { body } from "../changes.ts";
import { alter } from "../middleware.ts";
import type { Middleware } from "../traffic.ts";

/** The operations whose answers describe a binding. */
export const DESCRIBING: readonly Operation[] = ["bind", "fetch-binding"];

/** The statuses of answers that describe a binding. */
export const isDone = (at: number): boolean => at === 200 || at === 201;

/** The binding of a service that generates credentials, wherever it is described. */
export const ofCredentials = (change: (it: JsonObject) => JsonObject, operations = DESCRIBING): Middleware =>
  alter(
    operations,
    isDone,
    body((it) => (it["credentials"] === undefined ? it : change(it))),
  );

/** The metadata of a binding, wherever it is described. */
export const ofMetadata = (change: JsonObject, operations = DESCRIBING): Middleware =>
  ofCredentials(
    (it) => ({ ...it, metadata: { ...(isObject(it["metadata"]) ? it["metadata"] : {}), ...change } }),
    operations,
  );
