import { DirectorError } from "../wire/errors.ts";
import type { Deployment, Disk, Instance } from "./deployments.ts";
import type { Director } from "./director.ts";

/** The deployment of a name. @throws DirectorError 70000 */
export function requireDeployment({ slot }: Pick<Director, "slot">, name: string): Deployment {
  const deployment = slot.value.deployments.get(name);
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${name}' doesn't exist`);
  return deployment;
}

/** The instances of all deployments. */
export const allInstances = ({ slot }: Pick<Director, "slot">): readonly Instance[] =>
  [...slot.value.deployments.values()].flatMap(({ instances }) => instances);

/** All disks of an instance, whether they are in use or not. */
export const disksOf = ({ disk, namedDisks, inactiveDisks }: Instance): readonly Disk[] => [
  ...(disk === null ? [] : [disk]),
  ...namedDisks,
  ...inactiveDisks,
];

/** Whether a client's text is the index or the id of this instance. */
export const hasIndexOrId = (instance: Instance, name: string): boolean =>
  instance.id === name || String(instance.index) === name;
