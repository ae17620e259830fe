import { type TenantVm, DataError, type Reach } from "../../../data/plane.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, unknown, Verdicted } from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext } from "../context.ts";
import { atResolvedAddress, attemptConnection, sharesAddress } from "../attempts.ts";

interface Target {
  readonly port: number;
  readonly what: string;
}

/** Ports on which data-service VMs listen besides the service, none of them for tenants. */
const USUAL: readonly Target[] = [
  { port: 22, what: "SSH" },
  { port: 2822, what: "monit, as BOSH's agent sets it up" },
  { port: 6868, what: "BOSH's agent" },
];

interface Found extends Target {
  readonly reach: Reach;
  readonly evidence: readonly Evidence[];
}

/** The service's own port is tried with its own client, because its servers answer no other. */
async function tryService(context: IsolationContext, victim: Tenant, from: TenantVm): Promise<Found> {
  const key = await atResolvedAddress(context, victim);
  const reach = await attemptConnection(context, key, from);
  return { port: key.login.port, what: "the service itself", reach, evidence: context.lastStep() };
}

async function tryPort(context: IsolationContext, host: string, target: Target, from: TenantVm): Promise<Found> {
  const { recorder } = context;
  try {
    const reach = await recorder.tryPort({ host, port: target.port }, from);
    return { ...target, reach, evidence: context.lastStep() };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new Verdicted(unknown(error.message, ...context.lastStep()));
  }
}

async function tryAll(context: IsolationContext, victim: Tenant, from: TenantVm): Promise<readonly Found[]> {
  const { plane } = context.recorder;
  const host = await plane.resolve(victim.access.login.host);
  const own = plane.platformPorts.map((port): Target => ({ port, what: "for the platform alone" }));
  const others = [...own, ...USUAL].filter(({ port }) => port !== victim.access.login.port);
  const found: Found[] = [await tryService(context, victim, from)];
  for (const target of others) found.push(await tryPort(context, host, target, from));
  return found;
}

const describePorts = (found: readonly Found[]): string =>
  found.map(({ port, what }) => `${port} (${what})`).join(", ");

function judge(found: readonly Found[], control: readonly Evidence[]): Outcome {
  const open = found.filter(({ reach }) => reach === "open");
  const silent = found.filter(({ reach }) => reach === "silent");
  const evidenceOf = (some: readonly Found[]): readonly Evidence[] => some.flatMap(({ evidence }) => evidence);
  if (open.length > 0) {
    const expected = "the VM of an instance to take no connection from another tenant's";
    return fail(expected, `answers at port ${describePorts(open)}`, ...control, ...evidenceOf(open));
  }
  if (silent.length > 0)
    return unknown(
      `connections are accepted, without an answer, at port ${describePorts(silent)}`,
      ...evidenceOf(silent),
    );
  return pass(...control, ...evidenceOf(found));
}

async function instanceToInstance(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  if (!context.recorder.plane.hasTenantVm)
    return notApplicable("nobody stands at another tenant's VM (data.tenant in drydock.yml)");
  const victim = await context.tenant(offer, await context.osb.liveOf(offer));
  const attacker = await context.tenant(offer);
  // Checks that both work: credentials that work nowhere prove nothing.
  await context.inSession(attacker, async () => {});
  await context.inSession(victim, async () => {});
  const control = context.lastStep();
  if (await sharesAddress(context, victim, attacker))
    return notApplicable("instances share one address: no tenant has a VM", victim.bound, attacker.bound);
  return judge(await tryAll(context, victim, { vmOf: attacker.access.login.host }), control);
}

/** IS-48: instance to instance. */
export const instanceToInstanceCheck = isolationCheck("IS-48", {
  requirement:
    "The VM of one tenant's instance can reach nothing on the VM of another's: neither the service nor the platform's agents.",
  instances: 2,
  run: instanceToInstance,
});
