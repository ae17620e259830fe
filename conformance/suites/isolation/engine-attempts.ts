import { type DataClient, DataError, type Login } from "../../data/plane.ts";
import { ENGINE_SIGNS } from "../../data/engines.ts";
import type { TableRows } from "../../data/statement.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, unknown, Verdicted } from "../../runner/check.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { runNative } from "./attempts.ts";
import type { IsolationContext } from "./context.ts";

/** An attempt of a tenant in the engine's own dialect, and what undoes it. */
export interface Attempt {
  readonly what: string;
  readonly command: string;
  readonly after?: string;
  /** An error that only authorised users get. */
  readonly betrayal?: RegExp;
  /** Whether the answer shows that it worked. Default: it was not refused. */
  readonly gains?: (rows: TableRows, login: Login) => boolean;
}

/** The first cells of the rows. */
export const firstCells = (rows: TableRows): readonly string[] => rows.map(([cell]) => cell ?? "");

/** An instance of an engine with a binding; ends the check as not applicable if the service is another. */
export async function requireEngine(context: IsolationContext, client: DataClient): Promise<Tenant> {
  const tenant = await context.tenant(await context.requireUsableOffer());
  if (tenant.access.login.client === client) return tenant;
  throw new Verdicted(notApplicable(`the service is not ${ENGINE_SIGNS[client].title}`, tenant.bound));
}

/**
 * Makes all attempts, each in its own session, because a command with an endless answer would drown the next answer.
 *
 * @param control something that any tenant may do: without it, a refusal proves nothing. Default: the login itself.
 */
export async function judgeAttempts(
  context: IsolationContext,
  tenant: Tenant,
  attempts: readonly Attempt[],
  control?: string,
): Promise<Outcome> {
  const evidence: Evidence[] = [];
  if (control !== undefined) {
    const seen = await context.inSession(tenant, (session) => runNative(session, control));
    evidence.push(...context.lastStep());
    if (seen instanceof DataError)
      return unknown(`its own user is refused what any may do: ${seen.message}`, ...evidence);
  }
  for (const { what, command, after, betrayal, gains = () => true } of attempts) {
    const outcome = await context.inSession(tenant, async (session) => {
      const result = await runNative(session, command);
      const step = context.lastStep();
      if (after !== undefined && !(result instanceof DataError)) await runNative(session, after);
      evidence.push(...step);
      if (result instanceof DataError && result.fault === "lost")
        return fail("a server that survives what a tenant tries", `${what}: the session is lost`, ...step);
      const isGain =
        result instanceof DataError ? betrayal?.test(result.message) === true : gains(result, tenant.access.login);
      return isGain ? fail("a tenant to be refused", what, ...step) : undefined;
    });
    if (outcome !== undefined) return outcome;
  }
  return pass(...evidence);
}
