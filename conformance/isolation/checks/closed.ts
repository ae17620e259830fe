import type { Key } from "../../data/evidence.ts";
import type { Address, DataError, Vantage } from "../../data/plane.ts";
import type { Tenant } from "../../data/tenants.ts";
import type { Live } from "../../osb/context.ts";
import type { Offer } from "../../platform/catalog.ts";
import { type Evidence, fail, notApplicable, type Outcome, unknown } from "../../runner/check.ts";
import { checkOf } from "../../runner/requirement.ts";
import type { IsolationContext } from "../context.ts";

/** How long a network may take to close after the last binding is gone, in milliseconds. */
const CLOSE_MS_MAX = 30_000;
const CLOSE_POLL_MS = 250;

/** Somebody without credentials who tries the door: what a server answers shows that it can be reached. */
function visitorAt({ host, port }: Address, instance: Live): Key {
  const login = {
    client: "postgresql",
    host,
    port,
    username: "drydock",
    password: "drydock",
    database: "drydock",
  } as const;
  return { login, of: `nobody, at instance ${instance.id}` };
}

/** Somebody who can't even connect; undefined when the door is open. */
async function shut(
  context: IsolationContext,
  key: Key,
  from: Vantage = "application",
): Promise<DataError | undefined> {
  const refusal = await context.desk.knock(key, from);
  return refusal?.fault === "unreachable" ? refusal : undefined;
}

async function shutWithin(context: IsolationContext, key: Key, waitMsMax: number): Promise<boolean> {
  const { clock, signal } = context.platform.settings;
  const endMs = clock.nowMs() + waitMsMax;
  while ((await shut(context, key)) === undefined) {
    if (clock.nowMs() + CLOSE_POLL_MS > endMs) return false;
    context.desk.steps.pop();
    await clock.sleepMs(CLOSE_POLL_MS, signal);
  }
  return true;
}

const open = (when: string, evidence: readonly Evidence[]): Outcome =>
  fail("an instance to be out of reach while nothing binds it", `its port answers ${when}`, ...evidence);

/** Before the first binding: needs somebody who knows where the instance is. Undefined when all is well, or nobody knows. */
async function beforeFirst(context: IsolationContext, live: Live): Promise<Outcome | "not seen" | "closed"> {
  const address = await context.desk.plane.locate?.(live.id);
  if (address === undefined) return "not seen";
  const isShut = (await shut(context, visitorAt(address, live))) !== undefined;
  return isShut ? "closed" : open("before its first binding", context.lastStep());
}

/** Whether an instance has an address of its own: where several share one it has to be open for the others. */
async function sharesAddress(context: IsolationContext, a: Tenant, b: Tenant): Promise<boolean> {
  const { plane } = context.desk;
  const [first, second] = [await plane.resolve(a.key.login.host), await plane.resolve(b.key.login.host)];
  return first === second && a.key.login.port === b.key.login.port;
}

/** The address itself: that a name no longer leads there closes nothing. */
async function doorOf(context: IsolationContext, { key }: Tenant): Promise<Key> {
  return { ...key, login: { ...key.login, host: await context.desk.plane.resolve(key.login.host) } };
}

async function unbound(context: IsolationContext, { live, binding }: Tenant): Promise<void> {
  await context.platform.settle(live.offer, await context.platform.unbind(live.offer, live.id, binding.id));
}

async function toStrangers(context: IsolationContext, door: Key): Promise<Outcome | undefined> {
  if (!context.desk.plane.hasStranger) return undefined;
  if ((await shut(context, door, "stranger")) !== undefined) return undefined;
  const expected = "an instance to be out of reach of whom no binding admits";
  return fail(expected, "its port answers a stranger", ...context.lastStep());
}

async function closedBeforeBinding(context: IsolationContext): Promise<Outcome> {
  const offer: Offer = await context.dataOffer();
  const other = await context.tenant(offer, await context.osb.liveOf(offer));
  const live = await context.osb.freshOf(offer);
  const before = await beforeFirst(context, live);
  const first = before === "closed" ? context.lastStep() : [];
  // That it was open is told only once it is known that it need not be.
  const tenant = await context.tenant(offer, live);
  await context.inside(tenant, async () => {});
  const control = context.lastStep();
  if (await sharesAddress(context, tenant, other))
    return notApplicable("instances share one address, which has to be open for the others", tenant.bound, other.bound);
  if (typeof before === "object") return before;
  const door = await doorOf(context, tenant);
  const stranger = await toStrangers(context, door);
  if (stranger !== undefined) return stranger;
  await unbound(context, tenant);
  const isShut = await shutWithin(context, door, CLOSE_MS_MAX);
  const evidence = [...first, ...control, ...context.lastStep()];
  if (!isShut) return open(`${CLOSE_MS_MAX / 1000} s after its last binding was removed`, evidence);
  return reopened(context, live, before, evidence);
}

/** It can be reached again once it is bound: so it was the missing binding that closed it, and nothing else. */
async function reopened(
  context: IsolationContext,
  live: Live,
  before: "not seen" | "closed",
  evidence: readonly Evidence[],
): Promise<Outcome> {
  const again = await context.tenant(live.offer, live);
  const session = await context.desk.enter(again.key).catch((error: unknown) => error as DataError);
  if (session instanceof Error)
    return unknown(`bound again, it can't be reached: ${session.message}`, ...evidence, ...context.lastStep());
  await session.close();
  const blind =
    "seen after a binding was removed: where an instance listens before its first one, only its operator knows";
  return {
    verdict: "pass",
    evidence: [...evidence, ...context.lastStep()],
    ...(before === "closed" ? {} : { reason: blind }),
  };
}

export const closedCheck = checkOf(
  "isolation",
  {
    id: "IS-43",
    title: "closed before binding",
    level: "MUST",
    section: "Connectivity",
    requirement:
      "An instance that nothing binds can't be reached from an application's network, and one that is bound only from the network that its binding admits.",
    instances: 2,
  },
  closedBeforeBinding,
);
