import { createFilled, markedTable } from "../tenants/tables.ts";
import type { Tenant } from "../tenants/tenants.ts";
import type { Evidence } from "../../runner/check.ts";
import type { IsolationContext } from "./context.ts";

/** A text that occurs only in the data of a tenant. */
export const CANARY = "drydock-canary-91d4c7";

/** Encodings in which a text may be stored. */
const formsOf = (text: string): readonly string[] => [
  text,
  Buffer.from(text).toString("base64").replace(/=+$/, ""),
  Buffer.from(text).toString("hex"),
];

/** The name of a secret that some lines show; undefined: none. */
export const shownIn = (lines: readonly string[], secrets: Readonly<Record<string, string>>): string | undefined =>
  Object.entries(secrets).find(
    ([, secret]) => secret !== "" && lines.some((line) => formsOf(secret).some((form) => line.includes(form))),
  )?.[0];

/** The secrets of a tenant, by name. */
export const secretsOf = ({ access }: Tenant): Readonly<Record<string, string>> => ({
  "the password of a binding": access.login.password,
});

/** A tenant with some activity, and a canary in its data. */
export async function createWorking(context: IsolationContext): Promise<Tenant> {
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  await context.inSession(tenant, (session) => createFilled(session, markedTable("drydock_canaries", CANARY, "only")));
  return tenant;
}

/** The evidence of a tenant's activity. */
export const evidenceOf = (context: IsolationContext, { bound }: Tenant): readonly Evidence[] => [
  bound,
  ...context.lastStep(),
];
