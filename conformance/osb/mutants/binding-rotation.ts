import { stringOf } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import type { WireRequest } from "../memory-broker/http.ts";
import { is, status, success } from "./changes.ts";
import { all, isUnflagged, not, sends } from "./conditions.ts";
import { alter, pretend, rewrite, type When } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { sentOf } from "./operations.ts";
import { withoutMember } from "./requests.ts";
import type { Middleware } from "./traffic.ts";

const BIND: readonly Operation[] = ["bind"];

const isRotation = sends("predecessor_binding_id");

const predecessorOf = (request: WireRequest): readonly string[] => [
  ...request.path.slice(0, -1),
  stringOf(sentOf(request)["predecessor_binding_id"]) ?? "",
];

const isOfKnown: When = (request, { known }) => known.has(predecessorOf(request).join("/"));

/** Removes the predecessor once its successor is there. */
const removePredecessor: Middleware = async (request, next, memory) => {
  const response = await next(request);
  if (!isRotation(request, memory) || !success(response.status)) return response;
  const { service_id, plan_id } = sentOf(request);
  const query = {
    service_id: stringOf(service_id) ?? "",
    plan_id: stringOf(plan_id) ?? "",
    accepts_incomplete: "true",
  };
  await next({ ...request, method: "DELETE", path: predecessorOf(request), query, text: "" });
  return response;
};

/** Planted defects for the checks of spec.md, "Binding Rotation". */
export const bindingRotationMutants: readonly Mutant[] = [
  mutant(
    "rotation-creates-new-binding",
    "A rotation answers 201 with new credentials, and makes no binding of them.",
    pretend(BIND, all(isRotation, isOfKnown), 201, { credentials: { password: "of nothing" } }),
  ),
  mutant("rotation-old-binding-stays-valid", "A rotation removes the old binding at once.", removePredecessor),
  mutant(
    "rotation-unknown-predecessor",
    "It does not look for the predecessor.",
    rewrite(BIND, all(isRotation, not(isOfKnown)), (request) => withoutMember(request, "predecessor_binding_id")),
  ),
  mutant(
    "rotation-accepts-incomplete-422",
    "A rotation is asynchronous whether the platform can wait or not.",
    rewrite(BIND, all(isRotation, isUnflagged), (request) => ({ ...request, query: { accepts_incomplete: "true" } })),
    { mode: "async" },
  ),
  mutant(
    "rotation-response-as-bind",
    "A finished rotation is answered 200.",
    alter(BIND, is(201), status(200), isRotation),
  ),
];
