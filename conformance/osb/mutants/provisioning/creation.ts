import { is, status } from "../changes.ts";
import { all, ofPlan, sends } from "../conditions.ts";
import { alter, always, pretend, rewrite } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { addFlag } from "../requests.ts";
import { isBindable } from "../../../client/catalog.ts";

const PROVISION = ["provision"] as const;

const later = { mode: "async" } as const;

/** Planted defects for the checks of spec.md, "Provisioning": what is created, and how that is answered. */
export const provisioningCreationMutants: readonly Mutant[] = [
  mutant(
    "provision-creates-resource",
    "It answers 201 for a plan that cannot be bound, and creates nothing.",
    pretend(
      PROVISION,
      ofPlan((offer) => !isBindable(offer)),
      201,
    ),
    {
      also: [
        "fetch-instance-supported",
        "deprovision-deletes-resources",
        "provision-identical-200",
        "provision-conflict-409",
        "provision-missing-service-id-400",
        "provision-invalid-service-id",
      ],
    },
  ),
  mutant(
    "provision-creates-resource",
    "It crashes (500) on the deprecated organization_guid and space_guid, which platforms send beside the context.",
    pretend(PROVISION, all(sends("organization_guid"), sends("space_guid")), 500),
    { id: "not-provision-creates-resource-guids" },
  ),
  mutant("provision-creates-resource", "It has no such route (404).", pretend(PROVISION, always, 404, {}), {
    id: "not-provision-creates-resource-route",
  }),
  mutant("provision-201", "A new instance is answered 200.", alter(PROVISION, is(201), status(200)), {
    also: [
      "minor-version-fields-ignored",
      "originating-identity-accepted",
      "vendor-request-fields-do-not-halt",
      "context-accepted",
    ],
  }),
  mutant(
    "provision-accepts-incomplete-false",
    "Any value of accepts_incomplete counts as true, also false.",
    rewrite(["provision"], ({ query }) => query["accepts_incomplete"] === "false", addFlag),
    { ...later, also: ["async-needs-accepts-incomplete"] },
  ),
];
