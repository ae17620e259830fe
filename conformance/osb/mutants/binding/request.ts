import type { Operation } from "../../../client/answer.ts";
import { asynchronousMutantsOf } from "../asynchronous-operations.ts";
import { instead, is, status } from "../changes.ts";
import { hasUnknown, isNotJson, lacks } from "../conditions.ts";
import { alter, pretend, rewrite } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { sentOf } from "../operations.ts";
import { fillIn, ignoreUnfitting, withBody } from "../requests.ts";
import type { Middleware } from "../traffic.ts";

const BIND: readonly Operation[] = ["bind"];

/** A plan that is not the one of the instance's request, taken for it. */
const guessPlan: Middleware = rewrite(
  BIND,
  (request, memory) => hasUnknown.service_id(request, memory) || hasUnknown.plan_id(request, memory),
  (request, memory) => {
    const own = memory.asked.get(request.path.slice(0, 3).join("/"));
    return withBody(request, {
      ...sentOf(request),
      service_id: own?.["service_id"] ?? "",
      plan_id: own?.["plan_id"] ?? "",
    });
  },
);

/** Planted defects for the checks of spec.md, "Binding": what a request has to have. */
export const bindingRequestMutants: readonly Mutant[] = [
  mutant(
    "bind-missing-service-id-400",
    "When it binds: a missing service_id is guessed.",
    rewrite(BIND, lacks("service_id"), fillIn("service_id")),
  ),
  mutant(
    "bind-missing-plan-id-400",
    "A missing plan_id is guessed.",
    rewrite(BIND, lacks("plan_id"), fillIn("plan_id")),
  ),
  mutant(
    "bind-malformed-400",
    "When it binds: it falls over (500) on a body that is not a JSON object.",
    pretend(BIND, isNotJson, 500, { error: "Crashed", description: "A null pointer." }),
    { also: ["error-appropriate-status"] },
  ),
  mutant("bind-invalid-service-or-plan", "It does not look at service_id and plan_id.", guessPlan),
  mutant(
    "bind-parameters-validated",
    "When it binds: parameters that do not fit the schema are passed over.",
    ignoreUnfitting(BIND, "bind"),
  ),
  mutant(
    "bind-unknown-instance",
    "It binds to instances that it does not know.",
    alter(BIND, is(404), instead(201, { credentials: { password: "of nothing" } })),
  ),
  mutant("bind-201", "A new binding is answered 200.", alter(BIND, is(201), status(200)), {
    also: [
      "minor-version-fields-ignored",
      "originating-identity-accepted",
      "vendor-request-fields-do-not-halt",
      "context-accepted",
      "rotation-*",
    ],
  }),
  ...asynchronousMutantsOf("bind"),
];
