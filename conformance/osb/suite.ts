import { defineSuite } from "../runner/suite.ts";
import { authenticationChecks } from "./checks/authentication.ts";
import { bindingChecks } from "./checks/binding.ts";
import { bodyChecks } from "./checks/bodies.ts";
import { catalogRuleChecks } from "./checks/catalog-rules.ts";
import { everythingChecks } from "./checks/everything.ts";
import { failingChecks } from "./checks/failing.ts";
import { fetchingBindingChecks } from "./checks/fetching-binding.ts";
import { fetchingInstanceChecks } from "./checks/fetching-instance.ts";
import { pollingChecks } from "./checks/polling.ts";
import { provisioningChecks } from "./checks/provisioning.ts";
import { removingChecks } from "./checks/removing.ts";
import { requestChecks } from "./checks/requests.ts";
import { rotatingChecks } from "./checks/rotating.ts";
import { updatingChecks } from "./checks/updating.ts";
import { OsbContext, Shared } from "./context.ts";
import type { OsbCheck } from "./define.ts";
import { allLifecycles } from "./lifecycles.ts";

export const OSB_CHECKS: readonly OsbCheck[] = [
  ...requestChecks,
  ...authenticationChecks,
  ...catalogRuleChecks,
  ...provisioningChecks,
  ...fetchingInstanceChecks,
  ...updatingChecks,
  ...bindingChecks,
  ...rotatingChecks,
  ...fetchingBindingChecks,
  ...removingChecks,
  ...pollingChecks,
  ...failingChecks,
  ...bodyChecks,
  ...everythingChecks,
];

/** The Open Service Broker API, clause by clause. */
export const osbSuite = defineSuite<OsbContext>({
  name: "osb",
  checks: OSB_CHECKS,
  open(run) {
    const shared = new Shared(run);
    return {
      contextFor: (platform) => new OsbContext(platform, shared),
      warmUp: async () => void (await allLifecycles(shared)),
      afterCheck: (context, outcome) => context.close(outcome),
      reclaim: () => shared.reclaim(),
    };
  },
});
