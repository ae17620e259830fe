import { bodyMutants } from "./body-mutants.ts";
import { catalogMutants } from "./catalog-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { authenticationMutants } from "./mutants-authentication.ts";
import { bindingMutants } from "./mutants-binding.ts";
import { everythingMutants } from "./mutants-everything.ts";
import { failingMutants } from "./mutants-failing.ts";
import { fetchingMutants } from "./mutants-fetching.ts";
import { pollingMutants } from "./mutants-polling.ts";
import { provisioningMutants } from "./mutants-provisioning.ts";
import { removingMutants } from "./mutants-removing.ts";
import { requestMutants } from "./mutants-requests.ts";
import { rotatingMutants } from "./mutants-rotating.ts";
import { updatingMutants } from "./mutants-updating.ts";
import { waitingMutants } from "./mutants-waiting.ts";

/** Every planted defect of the OSB suite, in the order of the checks. Throws when two have one id. */
export const OSB_MUTANTS: readonly Mutant[] = requireUniqueIds([
  ...requestMutants,
  ...authenticationMutants,
  ...catalogMutants,
  ...provisioningMutants,
  ...fetchingMutants,
  ...updatingMutants,
  ...bindingMutants,
  ...rotatingMutants,
  ...removingMutants,
  ...pollingMutants,
  ...failingMutants,
  ...waitingMutants,
  ...bodyMutants,
  ...everythingMutants,
]);

function requireUniqueIds(mutants: readonly Mutant[]): readonly Mutant[] {
  const seen = new Set<string>();
  for (const { id } of mutants) {
    if (seen.has(id)) throw new Error(`two mutants are called "${id}": give one an id`);
    seen.add(id);
  }
  return mutants;
}
