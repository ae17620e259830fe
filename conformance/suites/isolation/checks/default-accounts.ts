import type { Access } from "../../../data/step-evidence.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { fail, type Outcome, pass, unknown } from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext } from "../context.ts";

/** The logins that attackers try first. `own` stands for the user of a binding. */
const GUESSES: readonly (readonly [username: string, password: string])[] = [
  ["postgres", ""],
  ["postgres", "postgres"],
  ["admin", "admin"],
  ["guest", "guest"],
  ["own", ""],
  ["own", "own"],
];

function guess({ access: key, live }: Tenant, username: string, password: string): Access {
  const own = (text: string): string => (text === "own" ? key.login.username : text);
  const login = { ...key.login, username: own(username), password: own(password) };
  const words = `${username === "own" ? "the user of a binding" : username}, ${password === "" ? "no password" : "a password that anybody would try"}`;
  return { login, of: `${words}, at instance ${live.id}` };
}

async function defaultAccounts(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer, await context.osb.liveOf(offer));
  await context.inSession(tenant, async () => {});
  const evidence = [...context.lastStep()];
  for (const [username, password] of GUESSES) {
    const key = guess(tenant, username, password);
    const refusal = await context.recorder.tryLogin(key);
    evidence.push(...context.lastStep());
    if (refusal === undefined)
      return fail(
        "a login without the credentials of a binding to be refused",
        `${key.of} is let in`,
        ...evidence.slice(-1),
      );
    if (refusal.fault !== "denied")
      return unknown(`the service is out of order: ${refusal.message}`, ...evidence.slice(-1));
  }
  return pass(...evidence);
}

/** IS-27: no default accounts. */
export const defaultAccountsCheck = isolationCheck("IS-27", {
  requirement: "Nobody gets in with commonly known names and passwords, or without a password.",
  instances: 1,
  run: defaultAccounts,
});
