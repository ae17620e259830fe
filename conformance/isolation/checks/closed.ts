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

type Door = "shut" | "open" | "silent";

/** Who can't even connect stands before a shut door; who is told anything, if only that he may not in, before an open one. */
async function doorFor(context: IsolationContext, key: Key, from: Vantage = "application"): Promise<Door> {
  const refusal = await context.desk.knock(key, from);
  if (refusal?.fault === "unreachable") return "shut";
  return refusal?.fault === "failed" && refusal.code === undefined ? "silent" : "open";
}

/** Knocks until the door is shut, or time is up. */
async function shutWithin(context: IsolationContext, key: Key, waitMsMax: number): Promise<Door> {
  const { clock, signal } = context.platform.settings;
  const endMs = clock.nowMs() + waitMsMax;
  for (;;) {
    const door = await doorFor(context, key);
    if (door === "shut" || clock.nowMs() + CLOSE_POLL_MS > endMs) return door;
    context.desk.steps.pop();
    await clock.sleepMs(CLOSE_POLL_MS, signal);
  }
}

/** What a door that is not shut means. */
function unshut(door: Exclude<Door, "shut">, expected: string, when: string, evidence: readonly Evidence[]): Outcome {
  if (door === "silent") return unknown(`its port takes connections ${when}, and says nothing`, ...evidence);
  return fail(expected, `its port answers ${when}`, ...evidence);
}

const UNBOUND = "an instance to be out of reach while nothing binds it";

/** Before the first binding: needs somebody who knows where the instance is. An outcome is a finding. */
async function beforeFirst(context: IsolationContext, live: Live): Promise<Outcome | "not seen" | "closed"> {
  const address = await context.desk.plane.locate?.(live.id);
  if (address === undefined) return "not seen";
  const door = await doorFor(context, visitorAt(address, live));
  return door === "shut" ? "closed" : unshut(door, UNBOUND, "before its first binding", context.lastStep());
}

/** Whether an instance has an address of its own: where several share one it has to be open for the others. */
async function sharesAddress(context: IsolationContext, a: Tenant, b: Tenant): Promise<boolean> {
  const { plane } = context.desk;
  const [first, second] = [await plane.resolve(a.key.login.host), await plane.resolve(b.key.login.host)];
  return first === second && a.key.login.port === b.key.login.port;
}

/** The address itself: that a name no longer leads there closes nothing. */
async function atAddress(context: IsolationContext, { key }: Tenant): Promise<Key> {
  return { ...key, login: { ...key.login, host: await context.desk.plane.resolve(key.login.host) } };
}

async function toStrangers(context: IsolationContext, key: Key): Promise<Outcome | undefined> {
  if (!context.desk.plane.hasStranger) return undefined;
  const door = await doorFor(context, key, "stranger");
  if (door === "shut") return undefined;
  const expected = "an instance to be out of reach of whom no binding admits";
  return unshut(door, expected, "to a stranger", context.lastStep());
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
  const key = await atAddress(context, tenant);
  const stranger = await toStrangers(context, key);
  if (stranger !== undefined) return stranger;
  await context.unbound(tenant);
  const door = await shutWithin(context, key, CLOSE_MS_MAX);
  const evidence = [...first, ...control, ...context.lastStep()];
  if (door !== "shut")
    return unshut(door, UNBOUND, `${CLOSE_MS_MAX / 1000} s after its last binding was removed`, evidence);
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
