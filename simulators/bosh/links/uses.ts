import { asFields, type Fields } from "../configs/fields.ts";
import type { InstanceGroup, JobSpec, Manifest } from "../deploy/manifest.ts";
import type { LinkDefinition, ReleaseVersion } from "../state/artifacts.ts";

/** A link definition of a job that an instance group runs. */
export interface LinkUse {
  readonly group: InstanceGroup;
  readonly job: JobSpec;
  readonly definition: LinkDefinition;
}

/** What the jobs of a manifest consume, or provide. */
export function findUses(
  manifest: Manifest,
  releases: readonly ReleaseVersion[],
  side: "consumes" | "provides",
): readonly LinkUse[] {
  return manifest.groups.flatMap((group) =>
    group.jobs.flatMap((job) => {
      const release = releases.find(({ name }) => name === job.release);
      const definitions = release?.jobs.find(({ name }) => name === job.name)?.[side] ?? [];
      return definitions.map((definition) => ({ group, job, definition }));
    }),
  );
}

/** Whether the manifest says `nil`, with which a job provides or consumes nothing. */
export const isNil = (settings: Fields, name: string): boolean =>
  name in settings && (settings[name] === null || settings[name] === "nil");

/** What the manifest says about one link of a job; `nil` says nothing. */
export const settingFor = (settings: Fields, name: string): Fields =>
  isNil(settings, name) ? {} : asFields(settings[name]);
