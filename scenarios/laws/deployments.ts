import type { Instance, LawfulWorld } from "../../simulators/laws/lookup.ts";
import { dataServiceOf } from "../../simulators/laws/services.ts";
import { hasClaim, isSettled, type RecordIndex } from "./instance-records.ts";

const isDataService = (instances: readonly Instance[]): boolean =>
  instances.some((instance) => dataServiceOf(instance) !== undefined);

/** Each deployment with a data service belongs to a service instance; each instance that is ready has its deployment. */
export function checkDeployments({ bosh }: LawfulWorld, { byDeployment }: RecordIndex): readonly string[] {
  const { deployments } = bosh.state();
  const stray = [...deployments.values()]
    .filter(({ name, instances }) => isDataService(instances) && !hasClaim(byDeployment.get(name)))
    .map(({ name }) => `the deployment ${name} belongs to no service instance`);
  const missing = [...byDeployment.values()]
    .filter((record) => isSettled(record) && !deployments.has(record.deployment))
    .map(({ id, deployment }) => `the deployment ${deployment} of the service instance ${id} does not exist`);
  return [...stray, ...missing];
}

/** Each orphaned disk leads back to one of the platform's own deployments, or to a service instance that exists. */
export function checkOrphanedDisks({ bosh }: LawfulWorld, { byDeployment }: RecordIndex): readonly string[] {
  const { orphanDisks, deployments } = bosh.state();
  const isPlatforms = (deployment: string): boolean => {
    const instances = deployments.get(deployment)?.instances;
    return instances !== undefined && !isDataService(instances) && !byDeployment.has(deployment);
  };
  return [...orphanDisks.values()]
    .filter(({ deployment }) => !hasClaim(byDeployment.get(deployment)) && !isPlatforms(deployment))
    .map(({ cid, deployment }) => `the disk ${cid} of ${deployment} is left although its service instance is gone`);
}
