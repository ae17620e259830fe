import type { PlantedBug } from "../../broker/index.ts";
import { BACKUP_BUGS } from "./backups.ts";
import { BINDING_BUGS } from "./bindings.ts";
import type { NamedBug } from "./bug.ts";
import { DEPLOYMENT_BUGS } from "./deployments.ts";
import { GUARD_BUGS } from "./guarding.ts";
import { RECORD_BUGS } from "./records.ts";

/** Every bug that can be planted in the reference broker. */
export const PLANTED_BUGS: readonly NamedBug[] = [
  ...DEPLOYMENT_BUGS,
  ...GUARD_BUGS,
  ...BINDING_BUGS,
  ...RECORD_BUGS,
  ...BACKUP_BUGS,
];

/** The bug of a name. @throws RangeError when there is none */
export function findPlantedBug(name: string): PlantedBug {
  const found = PLANTED_BUGS.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`there is no planted bug ${name}`);
  return found.bug;
}
