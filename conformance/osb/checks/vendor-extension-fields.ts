import type { JsonObject } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { fail, followsFrom, type Outcome, pass, worstOf } from "../../runner/check.ts";
import { changesOf, updatablePlan } from "../changes.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { type Judge, judgeEvery } from "../judging/every-answer.ts";
import { ANY } from "../plan-requirements.ts";
import { provisionAndBindWith } from "../sequences/requests.ts";
import { extendBody, refusalOfUnknownMembers, UNKNOWN_HALT } from "../variations/unknown-members.ts";
import { isSuccess } from "../../client/request.ts";
import { updateRefusal } from "../sequences/updates.ts";
import type { LiveInstance } from "../shared-instances.ts";

async function sendExtended(context: OsbContext): Promise<Outcome> {
  const created = await provisionAndBindWith(context, extendBody);
  if (created.verdict !== "pass" || !context.run.offers.some(updatablePlan(context.run).fits)) return created;
  const live = await context.fresh(updatablePlan(context.run));
  const { service, plan } = live.offer;
  const change = { previous_values: { service_id: service.id, plan_id: plan.id }, ...firstChangeBody(context, live) };
  const answer = await context.update(live, extendBody(change));
  await context.platform.settle(live.offer, answer);
  const refusal = isSuccess(answer) ? undefined : await updateRefusal(context);
  return refusal === undefined ? worstOf([created, expectStatus(answer, ["2xx"])]) : created;
}

const firstChangeBody = ({ run }: OsbContext, { offer }: LiveInstance): JsonObject =>
  changesOf(run, offer)[0]?.body ?? {};

async function compareExtended(context: OsbContext): Promise<Outcome> {
  const live = await context.live(ANY);
  const plain = await context.provision(live.offer, live.id);
  const again = await context.provision(live.offer, live.id, { body: extendBody(context.provisionBody(live.offer)) });
  if (plain.status >= 500)
    return followsFrom(
      "provision-identical-200",
      `the same provision without them is answered ${seenOf(plain)}`,
      plain,
    );
  if (again.status === plain.status) return pass(plain, again);
  // Twice, as a broker's answers may alternate.
  const after = [await context.provision(live.offer, live.id), await context.provision(live.offer, live.id)];
  if (after.some(({ status }) => status !== plain.status))
    return followsFrom(
      "provision-identical-200",
      "the same provision is answered differently each time",
      plain,
      again,
      ...after,
    );
  const isConflict = again.status < 400 || again.status === 409;
  const halt = isConflict ? undefined : await refusalOfUnknownMembers(context, live.offer);
  return halt === undefined
    ? fail(`the answer without unknown members (${plain.status})`, seenOf(again), plain, again)
    : followsFrom(UNKNOWN_HALT, `a first provision with them is answered ${seenOf(halt)} too`, plain, again, halt);
}

/** Members that the API or its profile defines, at the top of each kind of body. */
const DEFINED: ReadonlySet<string> = new Set(
  "services credentials syslog_drain_url route_service_url volume_mounts endpoints metadata parameters service_id plan_id dashboard_url operation maintenance_info state description error instance_usable update_repeatable".split(
    " ",
  ),
);

const PREFIXED = /^[A-Za-z0-9]+([._:/-]|[a-z](?=[A-Z]))/;

const findUnprefixed: Judge = (answer) => {
  const stray = Object.keys(bodyOf(answer)).find((name) => !DEFINED.has(name) && !PREFIXED.test(name));
  return stray === undefined ? undefined : `member ${stray.slice(0, 40)}`;
};

const hasExtra = (answer: Answer): boolean => Object.keys(bodyOf(answer)).some((name) => !DEFINED.has(name));

/** A poll without a state has something else in its place, which is another finding. */
const isStateless = (answer: Answer): boolean =>
  answer.operation.startsWith("poll-") && answer.status === 200 && bodyOf(answer)["state"] === undefined;

/** Checks of spec.md, "Vendor Extension Fields". */
export const vendorExtensionFieldsChecks: readonly OsbCheck[] = [
  probe({
    id: "vendor-request-fields-do-not-halt",
    title: "Unknown members in a request do not stop it",
    requirement:
      "Members that the API does not define must not keep the broker from processing a provision, a bind or an update.",
    needs: { instances: 2 },
    run: sendExtended,
  }),
  probe({
    id: "vendor-request-fields-ignored",
    title: "Unknown members in a request have no effect",
    requirement: "The same provision with and without unknown members is the same request.",
    run: compareExtended,
  }),
  review({
    id: "vendor-response-fields-prefixed",
    title: "Members that a vendor adds to responses carry a prefix",
    requirement: "Members that a broker adds to its responses should carry a prefix of its own.",
    run: judgeEvery(
      "a prefix before members of the vendor's own",
      (answer) => answer.operation !== "catalog" && hasExtra(answer) && !isStateless(answer),
      findUnprefixed,
      "no unknown members were seen",
    ),
  }),
];
