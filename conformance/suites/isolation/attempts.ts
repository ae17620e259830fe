import { type Access, describeVantage } from "../../data/step-evidence.ts";
import { type Address, DataError, type Reach, type Vantage } from "../../data/plane.ts";
import type { RecordedSession } from "../../data/recorded-session.ts";
import type { TableRows } from "../../data/statement.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { type Evidence, fail, type Outcome, unknown, Verdicted } from "../../runner/check.ts";
import type { IsolationContext } from "./context.ts";
import type { LiveInstance } from "../../osb/shared-instances.ts";

/** A login without credentials: any answer shows that the server can be reached. */
export function anonymousAccess({ host, port }: Address, instance: LiveInstance, like: Tenant): Access {
  const { client, database } = like.access.login;
  const login = { client, host, port, username: "drydock", password: "drydock", database };
  return { login, of: `nobody, at instance ${instance.id}` };
}

/**
 * Whether a data service can be reached: it is closed if a client can't even connect, and open if there is
 * any answer, even a refusal. Ends the check as unknown if nobody can connect from the vantage.
 */
export async function attemptConnection(context: IsolationContext, key: Access, from: Vantage): Promise<Reach> {
  const refusal = await context.recorder.tryLoginOnce(key, from);
  if (refusal?.fault === "nowhere") throw new Verdicted(unknown(refusal.message, ...context.lastStep()));
  if (refusal?.fault === "unreachable") return "shut";
  return refusal?.fault === "failed" && refusal.code === undefined ? "silent" : "open";
}

/** The description of an open port. */
export function judgeOpenPort(
  reach: Exclude<Reach, "shut">,
  expected: string,
  when: string,
  evidence: readonly Evidence[],
): Outcome {
  if (reach === "silent") return unknown(`its port takes connections ${when}, and says nothing`, ...evidence);
  return fail(expected, `its port answers ${when}`, ...evidence);
}

/**
 * The vantages that must never get in, whatever is bound: an address that no binding admits, and the VM of
 * another tenant.
 */
export function unadmittedVantages({ recorder: { plane } }: IsolationContext, other: Tenant): readonly Vantage[] {
  return [
    ...(plane.hasOutsider ? (["outsider"] as const) : []),
    ...(plane.hasTenantVm ? [{ vmOf: other.access.login.host }] : []),
  ];
}

/** A vantage in words that follow "its port answers". */
export const toWhom = (from: Vantage): string =>
  from === "outsider" ? "to an outsider" : `to ${describeVantage(from)}`;

/** Whether two instances share an address, so that it is open for one whenever it is open for the other. */
export async function sharesAddress(context: IsolationContext, a: Tenant, b: Tenant): Promise<boolean> {
  const { plane } = context.recorder;
  const [first, second] = [await plane.resolve(a.access.login.host), await plane.resolve(b.access.login.host)];
  return first === second && a.access.login.port === b.access.login.port;
}

/** The address itself: removing the name that leads there closes nothing. */
export async function atResolvedAddress(context: IsolationContext, { access: key }: Tenant): Promise<Access> {
  return { ...key, login: { ...key.login, host: await context.recorder.plane.resolve(key.login.host) } };
}

/** Runs a statement in the engine's own dialect: its rows, or the reason why there are none. */
export const runNative = async (session: RecordedSession, text: string): Promise<TableRows | DataError> =>
  session.run({ do: "native", text }).catch((error: unknown) => {
    if (error instanceof DataError) return error;
    throw error;
  });
