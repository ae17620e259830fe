import type { Access } from "../../../data/step-evidence.ts";
import { fail, notApplicable, type Outcome, pass, unknown } from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext } from "../context.ts";

/** The same ids again: secrets derived from them, rather than drawn at random, come out the same again. */
async function reprovision(context: IsolationContext): Promise<Outcome> {
  const { platform, osb } = context;
  const offer = await context.requireUsableOffer();
  const first = await context.tenant(offer);
  const { id } = first.live;
  await context.unbindAndWait(first);
  const gone = await platform.settle(offer, await platform.deprovision(offer, id));
  if (gone.state !== "succeeded" && gone.state !== "gone")
    return unknown(`it needs an instance that is gone, but its removal ended ${gone.state}`, gone.answer);
  const again = await platform.settle(offer, await osb.provision(offer, id));
  if (again.state === "refused") return notApplicable("the broker takes no instance id a second time", again.answer);
  if (again.state !== "succeeded") return unknown(`provisioning the id again ended ${again.state}`, again.answer);
  const second = await context.tenant(offer, { offer, id, provisioned: again }, first.binding.id);
  await context.inSession(second, async () => {});
  const control = context.lastStep();
  const { username, password } = first.access.login;
  const old: Access = {
    login: { ...second.access.login, username, password },
    of: `${first.access.of}, which is gone`,
  };
  const refusal = await context.recorder.tryLogin(old);
  const evidence = [...control, ...context.lastStep()];
  if (refusal === undefined)
    return fail("credentials of an instance that is gone to be refused", "a login", ...evidence);
  if (refusal.fault === "denied") return pass(...evidence);
  return unknown(`the service is out of order: ${refusal.message}`, ...evidence);
}

/** IS-26: old secrets do not outlive an instance. */
export const reprovisionCheck = isolationCheck("IS-26", {
  requirement:
    "Credentials of a removed instance are refused at a new one, even if instance and binding have the same ids again.",
  instances: 1,
  run: reprovision,
});
