import { reply } from "../../memory-broker/http.ts";
import { instead, is, status } from "../changes.ts";
import { instanceKeyOf, not } from "../conditions.ts";
import { alter, combine, type When } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { keyOf, sentOf } from "../operations.ts";
import { withoutSchemas } from "../requests.ts";
import type { Middleware } from "../traffic.ts";

const PROVISION = ["provision"] as const;

/** Each repeat of a PUT makes one more, and each DELETE removes one. */
const multiply: Middleware = async (request, next, { facts }) => {
  const key = `more of ${instanceKeyOf(request)}`;
  const more = Number(facts.get(key) ?? 0);
  const isInstance = request.path.length === 3;
  if (isInstance && request.method === "DELETE" && more > 0) {
    facts.set(key, more - 1);
    return reply(200, {});
  }
  const response = await next(request);
  if (isInstance && request.method === "PUT" && response.status === 200) facts.set(key, more + 1);
  return response;
};

/** Answers a conflict rightly, and takes over what was asked all the same. */
const overwrite: Middleware = async (request, next) => {
  const response = await next(request);
  if (request.method === "PUT" && request.path.length === 3 && response.status === 409)
    await next({ ...request, method: "PATCH" });
  return response;
};

/** It names the plan with which the instance was created. */
const asksForSamePlan: When = (request, { asked }) =>
  sentOf(request)["plan_id"] === asked.get(keyOf(request))?.["plan_id"];

/** Planted defects for the checks of spec.md, "Provisioning": the same id again. */
export const provisioningRepetitionMutants: readonly Mutant[] = [
  mutant(
    "provision-identical-200",
    "The same provision again is a conflict: 409.",
    alter(PROVISION, is(200), status(409)),
  ),
  mutant(
    "provision-identical-200-2-12",
    "The same provision again is a conflict in 2.13: 409.",
    alter(PROVISION, is(200), status(409)),
    { minor: 13 },
  ),
  mutant(
    "provision-identical-no-second-resource",
    "The same request again makes one more instance under the same id.",
    multiply,
  ),
  mutant(
    "provision-conflict-409",
    "It goes by the id alone: a request with other attributes is taken for a repeat.",
    alter(PROVISION, is(409), instead(200)),
  ),
  mutant(
    "provision-conflict-409",
    "It publishes no schema, and mistakes a provision with other parameters for a repeat.",
    combine(withoutSchemas, alter(PROVISION, is(409), instead(200), asksForSamePlan)),
    { id: "not-provision-conflict-409-parameters" },
  ),
  mutant(
    "provision-conflict-409",
    "It compares only the parameters: a provision of another offering's plan is mistaken for a repeat.",
    alter(PROVISION, is(409), instead(200), not(asksForSamePlan)),
    { id: "not-provision-conflict-409-plan" },
  ),
  mutant("provision-conflict-leaves-original", "It answers 409 to other attributes, and takes them over.", overwrite),
];
