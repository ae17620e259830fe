import type { JsonObject } from "../../client/http/json.ts";
import type { Answer } from "../../client/answer.ts";
import { followsFrom, type Outcome, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { ANY } from "../plan-requirements.ts";
import { provisionAndBindWith } from "../sequences/requests.ts";

const IDENTITY = "X-Broker-API-Originating-Identity";

const originatingIdentity = (platform: string, user: JsonObject): string =>
  `${platform} ${Buffer.from(JSON.stringify(user)).toString("base64")}`;

/** Users as the platforms of the profile describe them. */
const USERS: readonly (readonly [string, JsonObject])[] = [
  ["cloudfoundry", { user_id: "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a009" }],
  ["kubernetes", { username: "drydock", uid: "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a009", groups: ["drydock"], extra: {} }],
];

async function sendIdentities(context: OsbContext): Promise<Outcome> {
  const outcomes = USERS.map(([platform, user]) => {
    const headers = { [IDENTITY]: originatingIdentity(platform, user) };
    return provisionAndBindWith(context, (body) => body, headers);
  });
  return worstOf(await Promise.all(outcomes));
}

async function omitIdentity(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const catalog = await context.platform.send("catalog");
  const deleted = await context.platform.deprovision(offer, context.platform.newId());
  const outcome = expectStatus(deleted, [410, 200, 202, 404], ["4xx"]);
  return worstOf([expectStatus(catalog, ["2xx"], ["4xx"]), await unlessSameWithIdentity(context, deleted, outcome)]);
}

/** If a deletion with an identity is answered just as wrongly, the missing identity is not the reason. */
async function unlessSameWithIdentity(context: OsbContext, deleted: Answer, outcome: Outcome): Promise<Outcome> {
  if (outcome.verdict === "pass") return outcome;
  const [[platform, user] = ["cloudfoundry", {}] as const] = USERS;
  const headers = { [IDENTITY]: originatingIdentity(platform, user) };
  const same = await context.platform.deprovision(context.offer(ANY), context.platform.newId(), { headers });
  return same.status === deleted.status
    ? followsFrom("deprovision-410-unknown", `with an identity it is answered ${seenOf(same)} too`, deleted, same)
    : outcome;
}

/** Checks of spec.md, "Originating Identity". */
export const originatingIdentityChecks: readonly OsbCheck[] = [
  probe({
    id: "originating-identity-optional-on-non-user-requests",
    title: "Requests that no user caused work without an originating identity",
    requirement:
      "A catalog refresh or a clean-up is caused by no user and may omit X-Broker-API-Originating-Identity; the broker copes without it.",
    needs: { instances: 0 },
    run: omitIdentity,
  }),
  probe({
    id: "originating-identity-accepted",
    title: "Requests with an originating identity are processed as without one",
    requirement:
      "A request with a well-formed originating identity, of Cloud Foundry or Kubernetes, is processed like one without it.",
    needs: { instances: 2 },
    run: sendIdentities,
  }),
];
