import { Shared } from "../osb/context.ts";
import type { Check } from "../runner/check.ts";
import { defineSuite } from "../runner/suite.ts";
import { closedCheck } from "./checks/closed.ts";
import { crossLoginCheck } from "./checks/cross-login.ts";
import { foreignBindingCheck } from "./checks/foreign-binding.ts";
import { IsolationContext } from "./context.ts";

export const ISOLATION_CHECKS: readonly Check<IsolationContext>[] = [foreignBindingCheck, crossLoginCheck, closedCheck];

/** Isolation of tenants: what one can do to another through the broker, with its credentials, over the network. */
export const isolationSuite = defineSuite<IsolationContext>({
  name: "isolation",
  checks: ISOLATION_CHECKS,
  open(run) {
    const shared = new Shared(run);
    return {
      contextFor: (platform) => new IsolationContext(platform, shared),
      afterCheck: (context, outcome) => context.close(outcome),
      reclaim: () => shared.reclaim(),
    };
  },
});
