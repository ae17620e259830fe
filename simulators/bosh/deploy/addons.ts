import { readTexts } from "../../kernel/index.ts";
import { type Fields, readHashes } from "../configs/fields.ts";
import type { InstanceGroup, JobSpec, Manifest } from "./manifest.ts";

/** The jobs of a group and of the addons that include it. Rules by instance group, job and deployment are supported. */
export function jobsWithAddons(group: InstanceGroup, manifest: Manifest): readonly JobSpec[] {
  const matches = (rules: Fields): boolean => {
    const groups = readTexts(rules.instance_groups);
    const deployments = readTexts(rules.deployments);
    const jobs = readHashes(rules.jobs).map(({ name }) => name);
    return (
      (groups.length === 0 || groups.includes(group.name)) &&
      (deployments.length === 0 || deployments.includes(manifest.name)) &&
      (jobs.length === 0 || group.jobs.some(({ name }) => jobs.includes(name)))
    );
  };
  const added = manifest.addons.filter(
    ({ include, exclude }) =>
      (include === undefined || matches(include)) && (exclude === undefined || !matches(exclude)),
  );
  const own = new Set(group.jobs.map(({ name }) => name));
  return [...group.jobs, ...added.flatMap(({ jobs }) => jobs).filter(({ name }) => !own.has(name))];
}
