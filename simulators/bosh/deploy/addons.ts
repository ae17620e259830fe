import type { Fields } from "../configs/fields.ts";
import type { Group, JobWish, Manifest } from "./manifest-types.ts";

const names = (rules: Fields | undefined, key: string): readonly string[] =>
  ((rules?.[key] ?? []) as readonly unknown[]).map(String);

/** The jobs of a group and of the addons that include it. Rules by instance group, job and deployment are known. */
export function jobsOf(group: Group, manifest: Manifest): readonly JobWish[] {
  const matches = (rules: Fields): boolean => {
    const groups = names(rules, "instance_groups");
    const deployments = names(rules, "deployments");
    const jobs = ((rules.jobs ?? []) as readonly { readonly name?: string }[]).map(({ name }) => name);
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
