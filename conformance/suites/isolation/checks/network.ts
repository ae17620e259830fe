import { DataError } from "../../../data/plane.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, unknown } from "../../../runner/check.ts";
import { isSuccess } from "../../../client/request.ts";
import { isObject } from "../../../client/http/json.ts";
import type { IsolationContext } from "../context.ts";
import { anonymousAccess, attemptConnection, judgeOpenPort } from "../attempts.ts";
import { isolationCheck } from "../plan.ts";

const OTHERS = {
  organization_guid: "5d5b5a4e-0000-4000-8000-0000000000aa",
  space_guid: "5d5b5a4e-0000-4000-8000-0000000000bb",
};

/** A binding whose context names another organization opens nothing to a host that no binding admits. */
async function judgeSpoof(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  await context.inSession(tenant, async () => {});
  const control = context.lastStep();
  const body = context.osb.bindBody(offer);
  const given = isObject(body["context"]) ? body["context"] : {};
  const answer = await context.osb.bind(tenant.live, context.platform.newId(), {
    body: { ...body, context: { ...given, ...OTHERS } },
    intent: "bad",
  });
  if (answer.status >= 500)
    return fail("a bind from elsewhere to be refused, or scoped", String(answer.status), answer);
  if (!isSuccess(answer)) return pass(answer);
  await context.platform.settle(offer, answer);
  if (!context.recorder.plane.hasOutsider)
    return notApplicable("nobody stands where no binding admits (data.outsider in drydock.yml)", answer);
  const reach = await attemptConnection(context, tenant.access, "outsider");
  if (reach === "shut") return pass(answer, ...control, ...context.lastStep());
  return judgeOpenPort(
    reach,
    "a binding to open what its true owner may reach, and nothing else",
    "to an outsider, since a bind named another organization",
    context.lastStep(),
  );
}

/** How long a name may resolve after its instance is gone, in milliseconds. */
const NAME_MS_MAX = 60_000;
const NAME_POLL_MS = 1000;

async function judgeNames(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  const { host } = tenant.access.login;
  if (/^[\d.:]+$/.test(host)) return notApplicable("bindings give addresses and no names", tenant.bound);
  await context.inSession(tenant, async () => {});
  await context.unbindAndWait(tenant);
  const gone = await context.platform.settle(offer, await context.platform.deprovision(offer, tenant.live.id));
  if (gone.state !== "succeeded" && gone.state !== "gone")
    return unknown(`it needs an instance that is gone, but its removal ended ${gone.state}`, gone.answer);
  const { clock } = context.platform.settings;
  const endMs = clock.nowMs() + NAME_MS_MAX;
  for (;;) {
    const address = await context.recorder.plane.resolve(host).catch((error: unknown) => {
      if (error instanceof DataError) return undefined;
      throw error;
    });
    if (address === undefined) return pass(tenant.bound, gone.answer);
    if (clock.nowMs() > endMs)
      return fail(
        `a name to be unknown within ${NAME_MS_MAX / 1000} s of its instance's removal`,
        `${host} leads to ${address}`,
        tenant.bound,
        gone.answer,
      );
    await clock.sleepMs(NAME_POLL_MS);
  }
}

/** The next instance gets the address of a removed one: what the old binding opened is closed. */
async function judgeReuse(context: IsolationContext): Promise<Outcome> {
  context.requireFault("reuse-address");
  const offer = await context.requireUsableOffer();
  const old = await context.tenant(offer);
  await context.inSession(old, async () => {});
  const evidence: Evidence[] = [...context.lastStep()];
  return context.withFault("reuse-address", old.live.id, async () => {
    await context.platform.settle(offer, await context.platform.deprovision(offer, old.live.id));
    const next = await context.osb.freshOf(offer);
    const address = await context.recorder.plane.locate?.(next.id);
    if (address === undefined)
      return notApplicable("nobody tells where an instance is before it is bound", next.provisioned.answer);
    const reach = await attemptConnection(context, anonymousAccess(address, next, old), "application");
    evidence.push(...context.lastStep());
    if (reach === "shut") return pass(...evidence);
    return judgeOpenPort(
      reach,
      "a reused address to be closed until it is bound",
      "by the rule of the instance that had it before",
      evidence,
    );
  });
}

/**
 * While the guard is down nothing new is opened: a bind fails, or its instance stays closed until the guard
 * is back.
 */
async function judgeOutage(context: IsolationContext): Promise<Outcome> {
  context.requireFault("guard-down");
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  await context.inSession(tenant, async () => {});
  const key = tenant.access;
  const answer = await context.withFault("guard-down", tenant.live.id, async () =>
    context.platform.settle(offer, await context.platform.unbind(offer, tenant.live.id, tenant.binding.id)),
  );
  const again =
    answer.state === "succeeded" || answer.state === "gone"
      ? undefined
      : await context.platform.settle(offer, await context.platform.unbind(offer, tenant.live.id, tenant.binding.id));
  const { clock } = context.platform.settings;
  const endMs = clock.nowMs() + NAME_MS_MAX;
  for (;;) {
    const reach = await attemptConnection(context, key, "application");
    if (reach === "shut")
      return pass(answer.answer, ...(again === undefined ? [] : [again.answer]), ...context.lastStep());
    if (clock.nowMs() > endMs)
      return judgeOpenPort(
        reach,
        "the way to be closed once the last binding is gone, even after an outage",
        `${NAME_MS_MAX / 1000} s after the outage`,
        context.lastStep(),
      );
    await clock.sleepMs(NAME_POLL_MS);
  }
}

/** Ports of the platform that a tenant's VM has no business with. */
async function judgeManagement(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const { plane } = context.recorder;
  const targets = plane.management ?? [];
  if (targets.length === 0) return notApplicable("nobody names the management plane (data.management in drydock.yml)");
  if (!plane.hasTenantVm) return notApplicable("nobody stands at a tenant's VM (data.tenant in drydock.yml)");
  const tenant = await context.tenant(offer);
  const evidence: Evidence[] = [];
  for (const target of targets) {
    const reach = await context.recorder.tryPort(target, { vmOf: tenant.access.login.host });
    evidence.push(...context.lastStep());
    if (reach !== "shut")
      return judgeOpenPort(
        reach,
        "the management plane to be closed to a tenant's VM",
        `at ${target.host}:${target.port}`,
        context.lastStep(),
      );
  }
  return pass(...evidence);
}

/** IS-10: a made-up context opens nothing. */
export const spoofCheck = isolationCheck("IS-10", {
  requirement: "A bind whose context names another organization is refused, or opens no more than its owner may reach.",
  run: judgeSpoof,
});

/** IS-46: an address that is reused is closed. */
export const reuseCheck = isolationCheck("IS-46", {
  requirement: "An instance that gets the address of a removed one can't be reached by way of the old one's bindings.",
  instances: 2,
  exclusive: true,
  run: judgeReuse,
});

/** IS-47: unbinding closes the way, even in an outage. */
export const outageCheck = isolationCheck("IS-47", {
  requirement: "A binding that is removed while the guard is down is closed once the guard is back.",
  exclusive: true,
  run: judgeOutage,
});

/** IS-49: the management plane is shut. */
export const managementCheck = isolationCheck("IS-49", {
  requirement: "A tenant's VM can't reach anything of the management plane that the vendor names.",
  run: judgeManagement,
});

/** IS-53: no name outlives its instance. */
export const namesCheck = isolationCheck("IS-53", {
  requirement: `The name of an instance is unknown within ${NAME_MS_MAX / 1000} s of its removal.`,
  run: judgeNames,
});
