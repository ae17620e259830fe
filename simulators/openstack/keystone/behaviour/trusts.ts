import type { Trust, User } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import { Refusal } from "../../refusal.ts";
import { authenticationRequired } from "../wire/errors.ts";

/** Whether it has neither expired nor been used up. */
export const isUsable = ({ expiresMs, remainingUses }: Trust, nowMs: number): boolean =>
  (expiresMs === null || expiresMs > nowMs) && (remainingUses === null || remainingUses > 0);

/** @throws Refusal 401 */
export function requireTrust(state: KeystoneState, id: string): Trust {
  const trust = state.trusts.get(id);
  if (trust === undefined) throw authenticationRequired();
  return trust;
}

/** The trust under which the user acts, with one use fewer. @throws Refusal 401, 403 */
export function spendTrust(state: KeystoneState, user: User, id: string, nowMs: number): Trust {
  const trust = requireTrust(state, id);
  if (!isUsable(trust, nowMs)) throw authenticationRequired();
  if (trust.trusteeId !== user.id) throw new Refusal(403, "", "User is not a trustee.");
  if (!state.users.get(trust.trustorId)?.enabled) throw new Refusal(403, "", "Trustor is disabled.");
  if (trust.remainingUses !== null) trust.remainingUses--;
  return trust;
}

/** Deletes the trusts for which `isConcerned` holds. */
export function forgetTrusts(state: KeystoneState, isConcerned: (trust: Trust) => boolean): void {
  for (const trust of state.trusts.values()) if (isConcerned(trust)) state.trusts.delete(trust.id);
}
