import { deletionQuery, isSuccess } from "../../client/request.ts";
import { basicHeader } from "../../client/target.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, Verdicted, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { judgeEncryption } from "../judging/encryption.ts";
import { expect401Everywhere, nobody, withWrongPassword } from "../judging/intruders.ts";
import { learnToLook, lookFor } from "../model/presence.ts";
import { ANY } from "../plan-requirements.ts";

function basicCredentials(context: OsbContext): { username: string; password: string } {
  const { auth } = context.platform.settings.target;
  if (auth.kind === "basic") return auth;
  throw new Verdicted(
    notApplicable(auth.kind === "none" ? "no credentials are in use" : "another mechanism is agreed"),
  );
}

/** A catalog that is served to everybody is served whatever the header. */
async function judgeMalformedHeader({ platform }: OsbContext, authorization: string): Promise<Outcome> {
  const ask = (value: string | null) => platform.send("catalog", { headers: { Authorization: value }, intent: "bad" });
  const answer = await ask(authorization);
  const outcome = expectStatus(answer, [401]);
  if (!isSuccess(answer)) return outcome;
  const without = await ask(null);
  return isSuccess(without)
    ? followsFrom(nobody.judgedBy, `the catalog is answered ${seenOf(without)} without any header too`, answer, without)
    : outcome;
}

async function judgeRefusedMutations(context: OsbContext): Promise<Outcome> {
  basicCredentials(context);
  await learnToLook(context, "instance", context.offer(ANY));
  const live = await context.fresh(ANY);
  const { platform } = context;
  const denied = { headers: { Authorization: null }, intent: "bad" } as const;
  const hasBegun = await context.watchOperations(live);
  const deletionDenied = await platform.send("deprovision", {
    instanceId: live.id,
    query: deletionQuery(live.offer),
    ...denied,
  });
  const created = platform.newId();
  const provisionDenied = await context.provision(live.offer, created, denied);
  if (isSuccess(deletionDenied) || isSuccess(provisionDenied))
    return notApplicable("the requests were not refused", deletionDenied, provisionDenied);
  const begun = await hasBegun();
  if (begun !== undefined) return fail("nothing to have begun", "something in progress", deletionDenied, begun);
  const kept = await lookFor(context, { offer: live.offer, instanceId: live.id, bindingId: "" }, "deleted");
  if (kept.is === "absent")
    return fail("the instance to be still there", "it is gone", deletionDenied, ...kept.evidence);
  const made = await lookFor(context, { offer: live.offer, instanceId: created, bindingId: "" }, "never");
  if (made.is === "there")
    return fail("nothing to have been created", "it is there", provisionDenied, ...made.evidence);
  if (kept.is === "untold") return kept.outcome;
  if (made.is === "untold") return made.outcome;
  return pass(deletionDenied, ...kept.evidence, provisionDenied, ...made.evidence);
}

function judgeProtection(context: OsbContext): Outcome {
  const { target } = context.platform.settings;
  const outcome = judgeEncryption(context);
  const isOpen = outcome.verdict === "pass" && target.auth.kind === "none";
  return isOpen ? fail("credentials", "none in use", context.run.catalog) : outcome;
}

/** Checks of spec.md, "Platform to Service Broker Authentication". */
export const authenticationChecks: readonly OsbCheck[] = [
  review({
    id: "auth-tls-recommended",
    title: "The broker is reached by TLS and with credentials",
    requirement: "Traffic between platform and broker should be encrypted and authenticated.",
    run: judgeProtection,
  }),
  review({
    id: "auth-tls-must-2-14",
    title: "A broker of version 2.14 is reached by TLS",
    requirement: "Version 2.14 alone demanded TLS; the next version withdrew it, so a violation is a warning.",
    level: "SHOULD",
    run: judgeEncryption,
  }),
  probe({
    id: "auth-enforced-every-endpoint",
    title: "Every endpoint refuses a request without credentials with 401",
    requirement: "Where authentication is in use, every endpoint of the API checks it.",
    run: async (context) =>
      context.platform.settings.target.auth.kind === "none"
        ? notApplicable("no credentials are in use")
        : expect401Everywhere(context, nobody),
  }),
  probe({
    id: "auth-401-wrong-password",
    title: "Every endpoint refuses a wrong password with 401",
    requirement: "A request with a wrong password is answered 401.",
    run: (context) => {
      basicCredentials(context);
      return expect401Everywhere(context, withWrongPassword(context) ?? nobody);
    },
  }),
  probe({
    id: "auth-401-wrong-user",
    title: "Every endpoint refuses an unknown user with 401",
    requirement: "A request of an unknown user is answered 401.",
    run: (context) => {
      const { password } = basicCredentials(context);
      const authorization = basicHeader("drydock-nobody", password);
      return expect401Everywhere(context, { judgedBy: "auth-401-wrong-user", authorization });
    },
  }),
  probe({
    id: "auth-401-malformed-header",
    title: "An Authorization header that cannot be decoded is answered 401",
    requirement: "An Authorization header that cannot be decoded is a failed authentication, so 401.",
    needs: { instances: 0 },
    run: async (context) => {
      basicCredentials(context);
      const outcomes: Outcome[] = [];
      for (const authorization of ["Basic !!!", "Bearer x", "Basic"])
        outcomes.push(await judgeMalformedHeader(context, authorization));
      return worstOf(outcomes);
    },
  }),
  probe({
    id: "auth-failure-has-no-effect",
    title: "A request refused with 401 changes nothing",
    requirement: "A provision or deprovision that is refused for want of credentials leaves the resources unchanged.",
    run: judgeRefusedMutations,
  }),
];
