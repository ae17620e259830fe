import type { Access } from "../../../data/step-evidence.ts";
import type { Login } from "../../../data/plane.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, unknown, worstOf } from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext } from "../context.ts";

/** The credentials of one binding at the address of another instance. */
function accessElsewhere(own: Tenant, other: Tenant): Access {
  const { username, password } = own.access.login;
  return { login: { ...other.access.login, username, password }, of: `${own.access.of}, at instance ${other.live.id}` };
}

async function databaseAddress(context: IsolationContext, { host, port, database }: Login): Promise<string> {
  return `${await context.recorder.plane.resolve(host)}:${port}/${database}`;
}

async function judgeCrossLogin(context: IsolationContext, own: Tenant, other: Tenant): Promise<Outcome> {
  const refusal = await context.recorder.tryLogin(accessElsewhere(own, other));
  const evidence = context.lastStep();
  const expected = `the credentials of ${own.access.of} to be refused at instance ${other.live.id}`;
  if (refusal === undefined) return fail(expected, "a login", ...evidence);
  const isUp = (await context.recorder.tryLogin(other.access)) === undefined;
  const control = context.lastStep();
  // A server that is out of order admits nobody: only a deliberate refusal proves anything.
  if (isUp && refusal.fault === "denied") return pass(...evidence, ...control);
  return unknown(
    `the service at instance ${other.live.id} is out of order: ${refusal.message}`,
    ...evidence,
    ...control,
  );
}

/** If two instances share one database, a login proves nothing: then the data must not be visible. */
async function judgeSharedDatabase(context: IsolationContext, own: Tenant, other: Tenant): Promise<Outcome> {
  const canary = markedTable("drydock_canary", other.live.id, "only");
  await context.inSession(other, (session) => createFilled(session, canary));
  const tables = await context.inSession(own, (session) => session.run({ do: "tables" }));
  const evidence: readonly Evidence[] = context.lastStep();
  await context.inSession(other, (session) => session.run({ do: "drop-table", table: canary.shape.name }));
  if (tables.some(([name]) => name === canary.shape.name))
    return fail(
      "two instances to hold different data",
      "one database, and the table of the one seen by the other",
      ...evidence,
    );
  return notApplicable("both instances are in one database, so where a login works says nothing", ...evidence);
}

async function crossLogin(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const shared = await context.osb.liveOf(offer);
  context.markChanged();
  const [a, b] = await Promise.all([context.tenant(offer, shared), context.tenant(offer)]);
  // Each must be able to log in to its own instance, or a refusal elsewhere says nothing.
  for (const tenant of [a, b]) await context.inSession(tenant, async () => {});
  const [placeA, placeB] = [
    await databaseAddress(context, a.access.login),
    await databaseAddress(context, b.access.login),
  ];
  if (placeA === placeB) return judgeSharedDatabase(context, a, b);
  const outcomes = [await judgeCrossLogin(context, a, b), await judgeCrossLogin(context, b, a)];
  const worst = worstOf(outcomes);
  return worst.verdict === "pass" ? pass(...outcomes.flatMap(({ evidence }) => evidence ?? [])) : worst;
}

/** IS-25: credentials work at their own instance only. */
export const crossLoginCheck = isolationCheck("IS-25", {
  requirement: "The credentials of each binding open its own instance and are refused at every other.",
  instances: 2,
  run: crossLogin,
});
