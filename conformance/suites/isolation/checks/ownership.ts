import { isObject, type JsonObject } from "../../../client/http/json.ts";
import { bodyOf, type Observation } from "../../../client/http/observation.ts";
import { isSuccess } from "../../../client/request.ts";
import {
  type Evidence,
  fail,
  notApplicable,
  type Outcome,
  pass,
  unknown,
  Verdicted,
  warn,
} from "../../../runner/check.ts";
import { seenOf } from "../../../osb/judge.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";
import { secretsIn } from "../secrets.ts";

const OTHERS = {
  organization_guid: "5d5b5a4e-0000-4000-8000-0000000000aa",
  space_guid: "5d5b5a4e-0000-4000-8000-0000000000bb",
};

/** The body of a request as another organization would send it. */
export function asAnother(body: JsonObject): JsonObject {
  const context = isObject(body["context"]) ? { context: { ...body["context"], ...OTHERS } } : {};
  return { ...body, ...("organization_guid" in body ? OTHERS : {}), ...context };
}

async function judgeInstanceId(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const live = await context.osb.freshOf(offer);
  const answer = await context.osb.provision(offer, live.id, {
    body: asAnother(context.osb.provisionBody(offer)),
    intent: "bad",
  });
  const given = [bodyOf(answer)["dashboard_url"], ...secretsIn(bodyOf(answer))].filter((each) => each !== undefined);
  if (isSuccess(answer)) return fail("409 for an instance id that another organization has", seenOf(answer), answer);
  if (given.length > 0) return fail("a refusal that gives nothing away", "a dashboard, or credentials", answer);
  return answer.status === 409
    ? pass(answer)
    : (answer.status >= 500 ? fail : warn)(
        "409 for an instance id that another organization has",
        seenOf(answer),
        answer,
      );
}

async function judgeForeignIds(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const live = await context.osb.freshOf(offer);
  const binding = await context.osb.bindTo(live);
  const other = context.run.offers.find(({ plan }) => plan.id !== offer.plan.id);
  const wrong = [
    { service_id: context.platform.newId(), plan_id: context.platform.newId() },
    ...(other === undefined ? [] : [{ service_id: other.service.id, plan_id: other.plan.id }]),
  ];
  const evidence: Evidence[] = [];
  for (const ids of wrong)
    for (const operation of ["unbind", "deprovision"] as const) {
      const bindingId = operation === "unbind" ? { bindingId: binding.id } : {};
      const answer = await context.platform.send(operation, {
        instanceId: live.id,
        ...bindingId,
        query: { ...ids, accepts_incomplete: "true" },
        intent: "bad",
      });
      evidence.push(answer);
      const expected = `${operation} with the ids of another offering to be answered 400, 404, 410 or 422`;
      if (isSuccess(answer) && operation === "deprovision") return fail(expected, seenOf(answer), answer);
      if (answer.status >= 500) return fail(expected, seenOf(answer), answer);
      if (isSuccess(answer)) return warn(expected, seenOf(answer), answer);
    }
  const again = await context.osb.bind(live, context.platform.newId());
  if (!isSuccess(again))
    return fail("the instance as it was", `a bind is answered ${again.status}`, ...evidence, again);
  return pass(...evidence);
}

async function judgeRepeatedBind(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const live = await context.osb.liveOf(offer);
  const binding = await context.osb.bindTo(live);
  const body = context.osb.bindBody(offer);
  const app = context.platform.newId();
  const changed = { ...body, app_guid: app, bind_resource: { app_guid: app } };
  const answer = await context.osb.bind(live, binding.id, { body: changed, intent: "bad" });
  if (isSuccess(answer))
    return fail(
      "409 for a binding id that was bound for another application",
      `${answer.status}${secretsIn(bodyOf(answer)).length > 0 ? ", with the credentials" : ""}`,
      answer,
    );
  return answer.status >= 500 ? fail("409", seenOf(answer), answer) : pass(answer);
}

async function judgeToken(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const [own, other] = [await context.osb.freshOf(offer), await context.osb.freshOf(offer)];
  const token = bodyOf(other.provisioned.answer)["operation"];
  if (typeof token !== "string") return notApplicable("operations have no token", other.provisioned.answer);
  const query = { service_id: offer.service.id, plan_id: offer.plan.id };
  const foreign = await context.platform.send("poll-instance", {
    instanceId: own.id,
    query: { ...query, operation: token },
  });
  const made = await context.platform.send("poll-instance", {
    instanceId: own.id,
    query: { ...query, operation: `${token.slice(0, -4)}zzzz` },
  });
  if (foreign.status >= 500)
    return fail("the operation of another instance to be answered 400 or 404", seenOf(foreign), foreign);
  if (isSuccess(foreign) && !isSuccess(made))
    return fail(
      "the operation of another instance to be answered like an unknown one",
      `${foreign.status}, not ${made.status}`,
      foreign,
      made,
    );
  return pass(foreign, made);
}

/** Routes that a deleted instance used to have. */
async function judgeTombstone(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const live = await context.osb.freshOf(offer);
  const binding = await context.osb.bindTo(live);
  const { credentials } = await context.credentialsOf(binding);
  const secrets = secretsIn(credentials);
  const client = await context.backups(offer).catch((error: unknown) => {
    if (error instanceof Verdicted) return undefined;
    throw error;
  });
  await context.unbindAndWait({ live, binding });
  const gone = await context.platform.settle(offer, await context.platform.deprovision(offer, live.id));
  if (gone.state !== "succeeded" && gone.state !== "gone")
    return unknown(`it needs an instance that is gone, but its removal ended ${gone.state}`, gone.answer);
  const ids = { instanceId: live.id, bindingId: binding.id };
  const answers: Observation[] = [
    await context.platform.send("fetch-instance", { instanceId: live.id }),
    await context.platform.send("fetch-binding", ids),
    await context.osb.bind({ offer, id: live.id }, context.platform.newId(), { intent: "bad" }),
    await context.platform.send("unbind", {
      ...ids,
      query: context.platform.deletionOf(offer, live.id),
      intent: "bad",
    }),
    ...(client?.can("list") ? [await client.ask("list", { instance: live.id })] : []),
    ...(client?.can("create") ? [await client.ask("create", { instance: live.id })] : []),
  ];
  const telling = answers.find(({ bytes }) => secrets.some((secret) => Buffer.from(bytes).includes(secret)));
  if (telling !== undefined) return fail("no secret of an instance that is gone", "one in an answer", telling);
  const served = answers.find(isSuccess);
  if (served !== undefined) return fail("404 or 410 for an instance that is gone", String(served.status), served);
  const odd = answers.find(({ status }) => ![400, 404, 410, 422].includes(status));
  return odd === undefined
    ? pass(...answers)
    : (odd.status >= 500 ? fail : warn)("404 or 410 for an instance that is gone", String(odd.status), odd);
}

/** IS-04: an instance id belongs to its owner. */
export const instanceIdCheck = isolationCheck("IS-04", {
  requirement: "A provision under the id of another organization's instance is refused, and reveals nothing.",
  run: judgeInstanceId,
});

/** IS-05: the ids of another offering change nothing. */
export const foreignIdsCheck = isolationCheck("IS-05", {
  requirement: "A removal with the ids of another service and plan is refused and changes nothing.",
  run: judgeForeignIds,
});

/** IS-08: a repeated bind is answered only if it is the same. */
export const repeatedBindCheck = isolationCheck("IS-08", {
  requirement:
    "A binding id that is sent again for another application is refused, and its credentials are not given out again.",
  run: judgeRepeatedBind,
});

/** IS-09: an operation is polled by its own instance only. */
export const tokenCheck = isolationCheck("IS-09", {
  requirement: "The operation of one instance is not answered through another: it is answered like an unknown one.",
  instances: 2,
  run: judgeToken,
});

/** IS-58: an instance that is gone answers nothing. */
export const tombstoneCheck = isolationCheck("IS-58", {
  requirement: "Every route of a removed instance is answered 404 or 410, and reveals none of its secrets.",
  run: judgeTombstone,
});
