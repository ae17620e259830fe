import { asFields, type Fields } from "../configs/fields.ts";
import type { InstanceGroup, JobSpec, Manifest } from "../deploy/manifest.ts";
import type { LinkDefinition, ReleaseJob, ReleaseVersion } from "../state/artifacts.ts";

/** A link definition of a job that an instance group runs. */
export interface LinkUse {
  readonly group: InstanceGroup;
  readonly job: JobSpec;
  readonly definition: LinkDefinition;
  readonly release: ReleaseJob;
}

/** A name that a variable takes from a link (variables_parser.rb in bosh-director). */
export interface VariableUse {
  readonly variable: string;
  readonly definition: LinkDefinition;
  /** The manifest's settings for the link. */
  readonly given: Fields;
}

/** The links that the variables of a manifest consume. */
export const findVariableUses = ({ variables }: Manifest): readonly VariableUse[] =>
  variables.flatMap(({ name: variable, consumes }) =>
    Object.entries(consumes).map(([name, given]) => ({
      variable,
      definition: { name, type: "address" },
      given: asFields(given),
    })),
  );

/** A job that an instance group runs, with what its release says of it. */
export type JobUse = Omit<LinkUse, "definition">;

/** The jobs of a group that are in the releases. */
export const findJobUses = (group: InstanceGroup, releases: readonly ReleaseVersion[]): readonly JobUse[] =>
  group.jobs.flatMap((job) => {
    const release = releases.find(({ name }) => name === job.release)?.jobs.find(({ name }) => name === job.name);
    return release === undefined ? [] : [{ group, job, release }];
  });

/** What the jobs of a manifest consume by their releases. */
export const findConsumed = (manifest: Manifest, releases: readonly ReleaseVersion[]): readonly LinkUse[] =>
  manifest.groups.flatMap((group) =>
    findJobUses(group, releases).flatMap((use) => use.release.consumes.map((definition) => ({ ...use, definition }))),
  );

/** Whether the manifest says `nil`, with which a job provides or consumes nothing. */
export const isNil = (settings: Fields, name: string): boolean =>
  Object.hasOwn(settings, name) && settings[name] === "nil";

/** The manifest's settings for one link of a job; `nil` counts as none. */
export const settingFor = (settings: Fields, name: string): Fields =>
  isNil(settings, name) ? {} : asFields(Object.hasOwn(settings, name) ? settings[name] : undefined);
