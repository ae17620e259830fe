import { expect, it } from "vitest";
import { memoryBrokerUnderTest, runMutant } from "../selftest/broker-under-test.ts";
import { hasNoticed } from "../selftest/selftest.ts";
import { ofSecondPlan } from "./mutants/conditions.ts";
import { OSB_MUTANTS } from "./mutants/index.ts";
import type { Mutant } from "./mutants/mutant.ts";

/** Defects that a broker may well have with one plan only: in each kind of request, and in what is read back. */
const OF_ONE_PLAN = [
  "not-provision-201",
  "not-provision-identical-200",
  "not-provision-conflict-409",
  "not-provision-missing-service-id-400",
  "not-provision-invalid-service-id",
  "not-provision-parameters-validated",
  "not-update-parameters-validated",
  "not-update-applied-visible",
  "not-bind-missing-service-id-400",
  "not-bind-conflict-409",
  "not-bind-identical-200",
  "not-bind-parameters-validated",
  "not-error-4xx-no-change",
  "not-provision-accepts-incomplete-422",
  "not-provision-422-async-error-code",
  "not-provision-accepts-incomplete-false",
  "not-update-4xx-applies-nothing",
  "not-bind-accepts-incomplete-422",
  "not-bind-422-async-error-code",
  "not-unbind-invalid-service-or-plan",
  "not-unbind-malformed-400",
  "not-unbind-accepts-incomplete-422",
  "not-unbind-422-async-error-code",
  "not-deprovision-invalid-service-or-plan",
  "not-deprovision-malformed-400",
  "not-deprovision-accepts-incomplete-422",
  "not-deprovision-422-async-error-code",
  "not-update-accepts-incomplete-422",
  "not-update-422-async-error-code",
  "not-rotation-creates-new-binding",
  "not-rotation-old-binding-stays-valid",
  "not-rotation-unknown-predecessor",
  "not-rotation-accepts-incomplete-422",
  "not-rotation-response-as-bind",
  "not-provision-resent-while-in-progress-202",
  "not-provision-resent-same-operation",
  "not-provision-conflict-while-in-progress-409",
  "not-update-resent-while-in-progress-202",
  "not-update-resent-same-operation",
  "not-bind-resent-while-in-progress-202",
  "not-bind-resent-same-operation",
  "not-bind-conflict-while-in-progress-409",
  "not-bind-concurrent-422",
  "not-concurrency-422",
  "not-concurrency-error-code",
  "not-unbind-resent-while-in-progress-202",
  "not-unbind-resent-same-operation",
  "not-unbind-during-bind-halts",
  "not-unbind-busy-422",
  "not-unbind-busy-error-code",
  "not-deprovision-resent-while-in-progress-202",
  "not-deprovision-resent-same-operation",
  "not-deprovision-during-provision-halts",
  "not-deprovision-busy-422",
  "not-deprovision-busy-error-code",
  "not-fetch-instance-404-while-provisioning",
  "not-fetch-instance-422-while-updating",
  "not-fetch-binding-404-while-in-progress",
];

const MUTANTS = OSB_MUTANTS.filter(({ id }) => OF_ONE_PLAN.includes(id));

/** The same defect with the second plan alone. A request that names no plan concerns its instance's plan. */
function ofOnePlan(mutant: Mutant): Mutant {
  return {
    ...mutant,
    middleware: async (request, next, memory) =>
      ofSecondPlan(request, memory) ? mutant.middleware(request, next, memory) : next(request),
  };
}

it("each of them is a mutant", () => {
  expect(MUTANTS.map(({ id }) => id).toSorted()).toEqual(OF_ONE_PLAN.toSorted());
});

it.each(MUTANTS.map((mutant) => [mutant.description, mutant] as const))(
  "finds a defect that only one plan has, even if it is not the first: %s",
  async (_, mutant) => {
    const { expected } = mutant;
    const { results } = await runMutant(memoryBrokerUnderTest(mutant.mode), ofOnePlan(mutant), expected);
    expect(results.filter(hasNoticed).map(({ check }) => check.id)).toEqual(expected);
  },
);
