import { resolveStemcell } from "./stemcells.ts";
import { type Fields, optionalField } from "../configs/fields.ts";
import { toRubyText } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { InstanceGroup } from "./manifest.ts";
import type { ParseContext, SharedParts } from "./parse-context.ts";

/** The place of an addon, for messages. */
export type AddonLevel = "deployment" | "runtime";

/** The instance groups that an addon includes, or excludes (addon/filter.rb in bosh-director). */
export interface Filter {
  readonly kind: "include" | "exclude";
  readonly deployments: readonly unknown[];
  readonly jobs: readonly { readonly name: string; readonly release: string }[];
  readonly groups: readonly unknown[];
  readonly systems: readonly string[];
  readonly networks: readonly unknown[];
  readonly teams: readonly unknown[];
  readonly azs: readonly unknown[];
  readonly lifecycle: string;
}

/** @throws DirectorError 40000, 530004, 530005, 530006 */
export function readFilter(fields: Fields | undefined, kind: Filter["kind"], level: AddonLevel): Filter {
  const list = (name: string): readonly unknown[] => optionalField(fields, name, "array") ?? [];
  const deployments = list("deployments");
  if (level === "deployment" && deployments.length > 0)
    throw new DirectorError(530006, "Deployment filter is not allowed for deployment level addons.");
  const [jobs, groups, systems, networks, teams, azs] = [
    list("jobs"),
    list("instance_groups"),
    list("stemcell"),
    list("networks"),
    list("teams"),
    list("azs"),
  ];
  const lifecycle = optionalField(fields, "lifecycle", "string") ?? "";
  const section = `in ${level} config's ${kind} section must have`;
  return {
    kind,
    deployments,
    jobs: jobs.map((job) => readJobRule(job, section)),
    groups,
    systems: systems.map((stemcell) => readStemcellRule(stemcell, section)),
    networks,
    teams: level === "deployment" ? [] : teams,
    azs,
    lifecycle,
  };
}

/** @throws DirectorError 40000, 530004 */
function readJobRule(job: unknown, section: string): Filter["jobs"][number] {
  const name = optionalField(job, "name", "string") ?? "";
  const release = optionalField(job, "release", "string") ?? "";
  if (name === "" || release === "")
    throw new DirectorError(530004, `Job ${toRubyText(job)} ${section} both name and release.`);
  return { name, release };
}

/** @throws DirectorError 40000, 530005 */
function readStemcellRule(stemcell: unknown, section: string): string {
  const os = optionalField(stemcell, "os", "string") ?? "";
  if (os === "") throw new DirectorError(530005, `Stemcell ${toRubyText(stemcell)} ${section} an os name.`);
  return os;
}

/**
 * Whether a group meets all conditions of a filter; one without conditions includes everything and excludes nothing.
 *
 * @throws DirectorError 100 in Ruby's words
 */
export function filterApplies(
  filter: Filter,
  group: InstanceGroup,
  { deployment, teams, state }: ParseContext,
  { stemcells }: Pick<SharedParts, "stemcells">,
): boolean {
  const own = group.networks.map(({ name }) => name);
  const general: readonly (readonly [isAsked: boolean, isMet: () => boolean])[] = [
    [filter.lifecycle !== "", () => filter.lifecycle === (group.errand ? "errand" : "service")],
    [filter.azs.length > 0, () => hasZone(group, filter.azs)],
    [filter.teams.length > 0, () => teams.some((team) => filter.teams.includes(team))],
    [filter.systems.length > 0, () => filter.systems.includes(systemOf(group, stemcells, state))],
    [filter.networks.length > 0, () => own.some((name) => filter.networks.includes(name))],
  ];
  if (general.some(([isAsked, isMet]) => isAsked && !isMet())) return false;
  const named: readonly (readonly [isAsked: boolean, isMet: () => boolean])[] = [
    [filter.deployments.length > 0, () => filter.deployments.includes(deployment)],
    [filter.jobs.length > 0, () => filter.jobs.some((rule) => hasJob(group, rule))],
    [filter.groups.length > 0, () => filter.groups.includes(group.name)],
  ];
  if (named.some(([isAsked]) => isAsked)) return named.every(([isAsked, isMet]) => !isAsked || isMet());
  return filter.kind === "include" || general.some(([isAsked]) => isAsked);
}

const hasJob = ({ jobs }: InstanceGroup, { name, release }: Filter["jobs"][number]): boolean =>
  jobs.some((job) => job.name === name && job.release === release);

function hasZone({ azs }: InstanceGroup, wanted: readonly unknown[]): boolean {
  if (azs.length === 0) throw new DirectorError(UNCLASSED, "undefined method 'any?' for nil");
  return azs.some((az) => wanted.includes(az));
}

/** The operating system of a group's stemcell, from the manifest or else from the director's records. */
function systemOf(
  { stemcell }: InstanceGroup,
  stemcells: SharedParts["stemcells"],
  state: ParseContext["state"],
): string {
  const spec = stemcells.find(({ alias }) => alias === stemcell);
  if (spec === undefined) return "";
  return spec.os ?? resolveStemcell(state, spec).operatingSystem;
}
