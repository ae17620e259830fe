import type { Instance } from "../state/deployments.ts";
import { DirectorError } from "../wire/errors.ts";
import type { InstanceGroup, Manifest } from "./manifest.ts";

const refuse = (text: string): DirectorError => new DirectorError(190018, text);

/**
 * Checks that a group can take over the instances that it migrates from (job_migrator.rb in bosh-director).
 * @throws DirectorError 190018
 */
export function checkMigrations(group: InstanceGroup, { groups }: Manifest, instances: readonly Instance[]): void {
  for (const { name, az } of group.migratedFrom) {
    const failed = `Failed to migrate instance group '${name}' to '${group.name}'`;
    if (name !== group.name && groups.some((each) => each.name === name))
      throw refuse(
        `${failed}. A deployment can not migrate an instance group and also specify it. Please remove instance group '${name}'.`,
      );
    const others = groups.filter((each) => each.name !== group.name);
    if (others.some(({ migratedFrom }) => migratedFrom.some((each) => each.name === name)))
      throw refuse(`${failed}. An instance group may be migrated to only one instance group.`);
    for (const instance of instances.filter((each) => each.group === name)) {
      if (instance.az === "" && az === undefined && group.azs.length > 0)
        throw refuse(`${failed}, availability zone of '${name}' is not specified`);
      if (az !== undefined && instance.az !== "" && az !== instance.az)
        throw refuse(
          `${failed}, '${name}' belongs to availability zone '${instance.az}' and manifest specifies '${az}'`,
        );
    }
  }
}
