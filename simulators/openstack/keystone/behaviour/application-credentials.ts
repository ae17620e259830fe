import type { AppCredential } from "../state/entities.ts";
import { nameKey } from "../state/names.ts";
import type { KeystoneState } from "../state/state.ts";

/** Deletes an application credential and ends its tokens; does nothing if it is gone. */
export function removeAppCredential(state: KeystoneState, id: string): void {
  const credential = state.appCredentials.get(id);
  if (credential === undefined) return;
  state.appCredentials.delete(id);
  state.names.delete(nameKey("appcred", credential.userId, credential.name));
  state.generation++;
}

/** Deletes the application credentials for which `isConcerned` holds. */
export function forgetAppCredentials(state: KeystoneState, isConcerned: (credential: AppCredential) => boolean): void {
  for (const credential of state.appCredentials.values())
    if (isConcerned(credential)) removeAppCredential(state, credential.id);
}
