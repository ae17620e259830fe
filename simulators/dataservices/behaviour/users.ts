import { verifierOf, verifies } from "../wire/verifier.ts";
import type { DataServices } from "./services.ts";
import { commit } from "./commits.ts";
import { diskOf, membersOf } from "./replication.ts";
import type { Instance, User } from "../state.ts";

const SALT_BYTES = 16;

/** Creates a user or changes its password; true if it is new. */
export function writeUser(services: DataServices, instance: Instance, username: string, password: string): boolean {
  const { kernel } = services;
  const disk = diskOf(services, instance);
  const known = disk?.users.get(username);
  if (disk === undefined || (known !== undefined && verifies(password, known.verifier))) return false;
  const salt = kernel.secrets("dataservices/salt").bytes(SALT_BYTES);
  const verifier = verifierOf(instance.kind, password, salt, services.scramIterations);
  commit(services, instance, { op: "user", user: { username, database: instance.database, verifier } });
  const kind = known === undefined ? "user.create" : "user.password";
  kernel.record("dataservices", kind, instance.address, { deployment: instance.deployment, username });
  return known === undefined;
}

/** Removes a user and ends its virtual sessions, on replicas as well. Does nothing if there is no such user. */
export function removeUser(services: DataServices, instance: Instance, username: string): void {
  if (diskOf(services, instance)?.users.has(username) !== true) return;
  commit(services, instance, { op: "no-user", username });
  for (const member of membersOf(services, instance)) services.endSessions(member, username);
  services.kernel.record("dataservices", "user.delete", instance.address, {
    deployment: instance.deployment,
    username,
  });
}

/** The users on the disk of a node. If it follows a primary, they are the primary's from now on. */
export function usersOnDisk(
  { slot }: DataServices,
  { disk }: Instance,
  primary: Instance | undefined,
): ReadonlyMap<string, User> {
  const { disks } = slot.value;
  const [own, followed] = [disks.get(disk)?.users ?? new Map<string, User>(), disks.get(primary?.disk ?? "")?.users];
  if (followed === undefined || followed === own) return own;
  own.clear();
  for (const [username, user] of followed) own.set(username, user);
  return own;
}
