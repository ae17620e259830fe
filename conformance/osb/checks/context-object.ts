import { type Outcome, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { contextOf } from "../request-bodies.ts";
import { provisionAndBindWith } from "../sequences/requests.ts";

async function sendEitherContext(context: OsbContext): Promise<Outcome> {
  const kubernetes = {
    platform: "kubernetes",
    namespace: "drydock",
    clusterid: "drydock-1",
    instance_name: "drydock",
    drydock_ext: 1,
  };
  const cloudfoundry = { ...contextOf(context.run), drydock_ext: 1 };
  const outcomes = [kubernetes, cloudfoundry].map((sent) =>
    provisionAndBindWith(context, (body) => ("context" in body ? { ...body, context: sent } : body)),
  );
  return worstOf(await Promise.all(outcomes));
}

/** Checks of profile.md, "Context Object". */
export const contextObjectChecks: readonly OsbCheck[] = [
  probe({
    id: "context-accepted",
    title: "Contexts of Cloud Foundry and of Kubernetes are accepted",
    requirement: "A broker accepts a context object of either profile, with unknown members.",
    needs: { instances: 2, isLong: true },
    run: sendEitherContext,
  }),
];
