import type { Key } from "../../../data/recorder.ts";
import type { Login } from "../../../data/plane.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { fill, marked } from "../../tenants/tables.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, unknown, worstOf } from "../../../runner/check.ts";
import { checkOf } from "../../../runner/requirement.ts";
import type { IsolationContext } from "../context.ts";

/** The credentials of one binding at the address of another instance. */
function elsewhere(own: Tenant, other: Tenant): Key {
  const { username, password } = own.key.login;
  return { login: { ...other.key.login, username, password }, of: `${own.key.of}, at instance ${other.live.id}` };
}

async function placeOf(context: IsolationContext, { host, port, database }: Login): Promise<string> {
  return `${await context.desk.plane.resolve(host)}:${port}/${database}`;
}

async function cross(context: IsolationContext, own: Tenant, other: Tenant): Promise<Outcome> {
  const refusal = await context.desk.visit(elsewhere(own, other));
  const evidence = context.lastStep();
  const expected = `the credentials of ${own.key.of} to be refused at instance ${other.live.id}`;
  if (refusal === undefined) return fail(expected, "a login", ...evidence);
  const isUp = (await context.desk.visit(other.key)) === undefined;
  const control = context.lastStep();
  // A server that is out of order lets in nobody: only a refusal that was meant proves something.
  if (isUp && refusal.fault === "denied") return pass(...evidence, ...control);
  return unknown(
    `the service at instance ${other.live.id} is out of order: ${refusal.message}`,
    ...evidence,
    ...control,
  );
}

/** Where two instances are one database a login says nothing: then it is the data that must not be seen. */
async function sameDatabase(context: IsolationContext, own: Tenant, other: Tenant): Promise<Outcome> {
  const canary = marked("drydock_canary", other.live.id, "only");
  await context.inside(other, (session) => fill(session, canary));
  const tables = await context.inside(own, (session) => session.run({ do: "tables" }));
  const evidence: readonly Evidence[] = context.lastStep();
  await context.inside(other, (session) => session.run({ do: "drop-table", table: canary.shape.name }));
  if (tables.some(([name]) => name === canary.shape.name))
    return fail(
      "two instances to hold different data",
      "one database, and the table of the one seen by the other",
      ...evidence,
    );
  return notApplicable("both instances are in one database, so where a login works says nothing", ...evidence);
}

async function crossLogin(context: IsolationContext): Promise<Outcome> {
  const offer = await context.dataOffer();
  const lent = await context.osb.liveOf(offer);
  context.spoil();
  const [a, b] = await Promise.all([context.tenant(offer, lent), context.tenant(offer)]);
  // Each must get in at its own instance, or a refusal elsewhere says nothing.
  for (const tenant of [a, b]) await context.inside(tenant, async () => {});
  const [placeA, placeB] = [await placeOf(context, a.key.login), await placeOf(context, b.key.login)];
  if (placeA === placeB) return sameDatabase(context, a, b);
  const outcomes = [await cross(context, a, b), await cross(context, b, a)];
  const worst = worstOf(outcomes);
  return worst.verdict === "pass" ? pass(...outcomes.flatMap(({ evidence }) => evidence ?? [])) : worst;
}

export const crossLoginCheck = checkOf(
  "isolation",
  {
    id: "IS-25",
    title: "credentials work at their own instance only",
    level: "MUST",
    section: "Authentication",
    requirement: "The credentials of each binding let in at its own instance and are refused at every other.",
    instances: 2,
  },
  crossLogin,
);
