import { bodyOf } from "../../../client/http/observation.ts";
import { fail, notApplicable, type Outcome, pass, warn } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { judgeLifecycles } from "../../judging/lifecycles.ts";
import { isWebAddress } from "../../judging/web-address.ts";
import { ANY } from "../../plan-requirements.ts";
import { type Lifecycle, lifecycleUpTo } from "../../sequences/lifecycles.ts";

async function judgeProvisionDashboard(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const { provision } = await lifecycleUpTo(context.shared, "provision", offer);
  const url = bodyOf(provision.answer)["dashboard_url"];
  // An empty one is none: whether it may be empty is a matter of the member's own rule.
  if (typeof url !== "string" || url === "") return notApplicable("no dashboard_url was returned", provision.answer);
  const live = await context.live(ANY);
  const other = bodyOf(live.provisioned.answer)["dashboard_url"];
  const evidence = [provision.answer, live.provisioned.answer];
  if (!isWebAddress(url)) return fail("an absolute http or https URL", url.slice(0, 80), ...evidence);
  return url === other
    ? warn("a URL of its own for each instance", "the same for two", ...evidence)
    : pass(...evidence);
}

function compareDashboards({ provision, fetched }: Lifecycle): Outcome | undefined {
  if (fetched?.status !== 200) return undefined;
  const [first, later] = [bodyOf(provision.answer)["dashboard_url"], bodyOf(fetched)["dashboard_url"]];
  if (typeof later !== "string") return undefined;
  if (first !== undefined && first !== null) return pass(provision.answer, fetched);
  return fail(
    "dashboard_url in the first answer",
    "it appears only when the instance is fetched",
    provision.answer,
    fetched,
  );
}

/** Checks of spec.md, "Provisioning": dashboard_url. */
export const provisioningDashboardChecks: readonly OsbCheck[] = [
  probe({
    id: "provision-dashboard-url-identifies-instance",
    title: "The dashboard_url of a provision is a web address of that instance",
    requirement: "A dashboard_url is an absolute address that identifies the instance.",
    run: judgeProvisionDashboard,
  }),
  probe({
    id: "provision-dashboard-url-initial-response",
    title: "The first answer to a provision has the dashboard_url",
    requirement: "An instance with a dashboard_url has it in the first answer to the provision, also in a 202.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, compareDashboards, { unmet: "no fetched instance has a dashboard_url" }),
  }),
];
