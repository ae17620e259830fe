import { stringOf } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { alter, is, type Middleware, type Mutant, mutant, pretend, rewrite, sentOf, status, success, type When } from "./mutant.ts";
import { without } from "./rewriting.ts";
import { all, isUnflagged, not, sends } from "./when.ts";
import type { WireRequest } from "./wire.ts";

const PUT: readonly Operation[] = ["bind"];
const isRotation = sends("predecessor_binding_id");

const predecessorOf = (request: WireRequest): readonly string[] => [
  ...request.path.slice(0, -1),
  stringOf(sentOf(request)["predecessor_binding_id"]) ?? "",
];

const isOfKnown: When = (request, { known }) => known.has(predecessorOf(request).join("/"));

/** Removes the predecessor once its successor is there. */
const impatient: Middleware = async (request, next, memory) => {
  const response = await next(request);
  if (!isRotation(request, memory) || !success(response.status)) return response;
  const { service_id = "", plan_id = "" } = sentOf(request);
  const query = {
    service_id: String(service_id as string),
    plan_id: String(plan_id as string),
    accepts_incomplete: "true",
  };
  await next({ ...request, method: "DELETE", path: predecessorOf(request), query, text: "" });
  return response;
};

export const rotatingMutants: readonly Mutant[] = [
  mutant(
    "rotation-creates-new-binding",
    "A rotation answers 201 with new credentials, and makes no binding of them.",
    pretend(PUT, all(isRotation, isOfKnown), 201, { credentials: { password: "of nothing" } }),
  ),
  mutant("rotation-old-binding-stays-valid", "A rotation removes the old binding at once.", impatient),
  mutant(
    "rotation-unknown-predecessor",
    "It does not look for the predecessor.",
    rewrite(PUT, all(isRotation, not(isOfKnown)), (request) => without(request, "predecessor_binding_id")),
  ),
  mutant(
    "rotation-accepts-incomplete-422",
    "A rotation is asynchronous whether the platform can wait or not.",
    rewrite(PUT, all(isRotation, isUnflagged), (request) => ({ ...request, query: { accepts_incomplete: "true" } })),
    { mode: "async" },
  ),
  mutant(
    "rotation-response-as-bind",
    "A finished rotation is answered 200.",
    alter(PUT, is(201), status(200), isRotation),
  ),
];
