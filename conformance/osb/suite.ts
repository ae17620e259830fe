import { defineSuite } from "../runner/suite.ts";
import { OSB_CHECKS } from "./checks.ts";
import { OsbContext } from "./context.ts";
import { beginStandardAnswers } from "./sequences/standard-answers.ts";
import { Shared } from "./shared-instances.ts";

/** The Open Service Broker API, clause by clause. */
export const osbSuite = defineSuite<OsbContext>({
  name: "osb",
  checks: OSB_CHECKS,
  open(run) {
    const shared = new Shared(run);
    return {
      contextFor: (platform) => new OsbContext(platform, shared),
      warmUp: () => beginStandardAnswers(new OsbContext(run.platform, shared)),
      afterCheck: (context, outcome) => context.close(outcome),
      reclaim: () => shared.reclaim(),
    };
  },
});
