import { defineSuite } from "../runner/suite.ts";
import { OSB_CHECKS } from "./checks.ts";
import { OsbContext } from "./context.ts";
import { allLifecycles } from "./sequences/lifecycles.ts";
import { Shared } from "./shared-instances.ts";

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
