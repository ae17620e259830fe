import type { Json } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { reply } from "../memory-broker/http.ts";
import { is, set, text } from "./changes.ts";
import { hasUnfitting, lacks } from "./conditions.ts";
import { setInErrors } from "./errors.ts";
import { alter, type When } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { operationOf, sentOf } from "./operations.ts";
import type { Middleware } from "./traffic.ts";

/** Does what it says that it refuses, with the request mended. */
const doAnyway =
  (operation: Operation, when: When, mend: (body: Readonly<Record<string, Json>>) => Json): Middleware =>
  async (request, next, memory) => {
    if (operationOf(request) !== operation || !when(request, memory)) return next(request);
    const { headers } = await next({ ...request, text: JSON.stringify(mend(sentOf(request))) });
    return { ...reply(400, { error: "BadRequest", description: "It is not done." }), headers };
  };

/** Planted defects for the checks of spec.md, "Service Broker Errors". */
export const serviceBrokerErrorsMutants: readonly Mutant[] = [
  mutant(
    "error-appropriate-status",
    "Says 201 and that it failed, in one answer.",
    alter(["provision"], is(201), set("error", "OutOfDisk")),
  ),
  mutant(
    "error-appropriate-status",
    "Takes a bad update for a mistake of its own.",
    alter(["update"], is(400), (response) => ({ ...response, status: 500 })),
    {
      id: "breaks-on-bad-updates",
      also: [
        "update-missing-service-id-400",
        "update-malformed-400",
        "update-invalid-service-id",
        "update-invalid-plan-id",
        "update-parameters-validated",
      ],
    },
  ),
  mutant("error-code-nonempty", "The error code of a 404 is empty.", setInErrors(["fetch-instance"], "error", "")),
  mutant("error-code-nonempty", "The error code of a 404 is a number.", setInErrors(["fetch-instance"], "error", 404), {
    id: "numbers-for-error-codes",
  }),
  mutant("error-code-single-word", "Error codes are sentences.", setInErrors(["fetch-instance"], "error", "Not found")),
  mutant(
    "error-description-nonempty",
    "A description says nothing.",
    setInErrors(["fetch-instance"], "description", ""),
  ),
  mutant(
    "error-instance-usable-type",
    "A refused update calls the instance usable in words.",
    setInErrors(["update"], "instance_usable", "yes"),
  ),
  mutant(
    "error-instance-usable-scope",
    "A refused provision calls the instance usable.",
    setInErrors(["provision"], "instance_usable", true),
  ),
  mutant(
    "error-update-repeatable-type",
    "A refused update calls itself repeatable in words.",
    setInErrors(["update"], "update_repeatable", "yes"),
  ),
  mutant(
    "error-update-repeatable-scope",
    "A refused deprovision says whether an update may be repeated.",
    setInErrors(["deprovision"], "update_repeatable", true),
  ),
  mutant("error-legacy-json-object-bodies", "A 410 has no body.", alter(["deprovision"], is(410), text("")), {
    minor: 13,
  }),
  mutant(
    "error-4xx-no-change",
    "Refuses a provision without an organization, and carries it out.",
    doAnyway("provision", lacks("organization_guid"), (body) => ({ ...body, organization_guid: "drydock" })),
  ),
  mutant(
    "error-4xx-no-change",
    "Refuses a bind whose parameters do not fit, and carries it out without them.",
    doAnyway("bind", hasUnfitting("bind"), (body) => ({ ...body, parameters: {} })),
    { id: "binds-what-it-refuses" },
  ),
];
