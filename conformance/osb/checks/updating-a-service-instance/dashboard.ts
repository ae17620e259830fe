import { bodyOf } from "../../../client/http/observation.ts";
import { fail, notApplicable, type Outcome, pass, warn } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { isWebAddress } from "../../judging/web-address.ts";
import { ANY } from "../../plan-requirements.ts";
import { anyUpdate, type UpdateRecord } from "../../sequences/updates.ts";

function compareUpdatedDashboard({ settled, before, after }: UpdateRecord): Outcome {
  if (before === undefined || after === undefined)
    return notApplicable("instances are not retrievable", settled.answer);
  const [was, is, said] = [before, after, settled.answer].map((answer) => bodyOf(answer)["dashboard_url"]);
  if (is === undefined) return notApplicable("no dashboard_url was returned", after);
  if (is === was || is === said) return pass(settled.answer, after);
  return fail("a changed dashboard_url in the answer to the update", "it appears only in GET", settled.answer, after);
}

async function judgeUpdateDashboard(context: OsbContext): Promise<Outcome> {
  const { settled } = await anyUpdate(context);
  const url = bodyOf(settled.answer)["dashboard_url"];
  if (typeof url !== "string" || url === "") return notApplicable("no update returned a dashboard_url", settled.answer);
  if (!isWebAddress(url)) return fail("an absolute http or https URL", url.slice(0, 80), settled.answer);
  const live = await context.live(ANY);
  const isShared = bodyOf(live.provisioned.answer)["dashboard_url"] === url;
  return isShared
    ? warn("a URL of its own for each instance", "the same for two", settled.answer)
    : pass(settled.answer);
}

/** Checks of spec.md, "Updating a Service Instance": dashboard_url. */
export const updatingInstanceDashboardChecks: readonly OsbCheck[] = [
  probe({
    id: "update-dashboard-url-initial-response",
    title: "The first answer to an update has the changed dashboard_url",
    requirement: "A dashboard_url that an update changes is in its first answer, also in a 202.",
    run: async (context) => compareUpdatedDashboard(await anyUpdate(context)),
  }),
  probe({
    id: "update-dashboard-url-identifies-instance",
    title: "The dashboard_url of an update is a web address of that instance",
    requirement: "A dashboard_url that an update returns is an absolute address that identifies the instance.",
    needs: { instances: 2 },
    run: judgeUpdateDashboard,
  }),
];
