import { type Fields, isHash } from "../configs/fields.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import type { InstanceGroup, JobSpec } from "../deploy/manifest.ts";
import { fillVariables, VariableError, type VariableScope } from "../deploy/fill-variables.ts";
import { runningSet } from "../deploy/variable-sets.ts";
import { dnsNumbers, linkContent } from "../links/content.ts";
import type { ResolvedLink } from "../links/resolve.ts";
import type { ReleaseJob, ReleaseVersion } from "../state/artifacts.ts";
import type { AppliedJob, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { LinkDns } from "../state/links.ts";
import { DirectorError, messageOf, UNCLASSED } from "../wire/errors.ts";
import { rubyClass } from "./ruby.ts";
import { renderTemplates } from "./render.ts";
import { boundProperties, instanceSpec } from "./template-spec.ts";

/** A job as it will run on an instance. */
export interface RenderedJob extends AppliedJob {
  /** A digest of the texts of all templates, which shows whether the configuration has changed. */
  readonly texts: readonly string[];
  readonly fingerprint: string;
}

/** The context in which jobs are rendered. */
interface RenderPlace {
  readonly director: Director;
  readonly group: InstanceGroup;
  readonly instance: Instance;
  readonly networks: readonly VmNetwork[];
  readonly releases: readonly ReleaseVersion[];
  readonly links: readonly ResolvedLink[];
  readonly dns: LinkDns;
  readonly scope: VariableScope;
  /** The size of the persistent disk; 0 for none. */
  readonly diskMb: number;
}

/** A text under a heading (formatter_helper.rb in bosh-director). */
export const underHeading = (heading: string, body: string): string =>
  `${heading}\n${body
    .trim()
    .split("\n")
    .map((line) => (line === "" ? line : `  ${line}`))
    .join("\n")}`;

/** The reasons why an instance group can't be rendered. */
export class GroupRenderError extends DirectorError {
  /** Without its heading. */
  readonly body: string;

  constructor(group: string, body: string) {
    super(UNCLASSED, underHeading(`- Unable to render jobs for instance group '${group}'. Errors are:`, body));
    this.body = body;
  }
}

/**
 * Renders the jobs of a group for one of its instances.
 * @throws GroupRenderError naming everything that can't be rendered
 */
export function renderJobs(place: RenderPlace, jobs: readonly JobSpec[]): readonly RenderedJob[] {
  if (jobs.length === 0) return [];
  const { group } = place;
  const common = attempt(group, () => instanceSpec(place));
  const inputs = inputsOf(place, jobs);
  const errors: string[] = [];
  const rendered = inputs.flatMap((input) => {
    const outcome = renderJob(place, common, input);
    if (typeof outcome !== "string") return [outcome];
    errors.push(outcome);
    return [];
  });
  if (errors.length > 0) throw new GroupRenderError(group.name, errors.join("\n"));
  return rendered;
}

/** The values with which each job is rendered. @throws GroupRenderError naming all variables that can't be resolved */
function inputsOf(place: RenderPlace, jobs: readonly JobSpec[]): readonly JobInput[] {
  const { group } = place;
  const errors: string[] = [];
  const inputs = jobs.flatMap((wish) => {
    try {
      return [attempt(group, () => inputOf(place, wish))];
    } catch (error) {
      if (!(error instanceof GroupRenderError)) throw error;
      errors.push(error.body);
      return [];
    }
  });
  if (errors.length > 0) throw new GroupRenderError(group.name, errors.join("\n"));
  return inputs;
}

/** @throws GroupRenderError */
function attempt<T>(group: InstanceGroup, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DirectorError || error instanceof VariableError)) throw error;
    throw new GroupRenderError(group.name, messageOf(error));
  }
}

interface JobInput {
  readonly wish: JobSpec;
  readonly job: ReleaseJob;
  readonly release: ReleaseVersion;
  /** As given in the manifest, with the values of variables. */
  readonly properties: Fields;
  readonly links: Fields;
}

/** @throws VariableError, DirectorError */
function inputOf(place: RenderPlace, wish: JobSpec): JobInput {
  const { director, group, releases, links, scope } = place;
  const { release, job } = requireJob(releases, wish);
  const properties = valuesOf(director, wish, scope);
  const own = links.filter((each) => each.group === group.name && each.job === wish.name);
  const content = own.map(({ name, source }): [string, Fields] => [
    name,
    fillLink(director, name, linkContent(director, source), scope),
  ]);
  return { wish, job, release, properties, links: Object.fromEntries(content) };
}

/** @throws VariableError with the heading of the job */
function valuesOf(director: Director, wish: JobSpec, scope: VariableScope): Fields {
  try {
    return fillVariables(director, scope, wish.properties);
  } catch (error) {
    if (!(error instanceof VariableError || error instanceof DirectorError)) throw error;
    const heading = `- Unable to render templates for job '${wish.name}'. Errors are:`;
    throw new VariableError(underHeading(heading, error.message));
  }
}

/** The content of a link with the values of variables. @throws VariableError */
function fillLink(director: Director, name: string, content: Fields, scope: VariableScope): Fields {
  const { properties } = content;
  if (properties === null || properties === undefined) return content;
  const from = String(content.deployment_name ?? scope.deployment);
  const heading = `- Unable to interpolate link '${name}' properties; provided by '${from}' deployment. Errors are:`;
  if (!isHash(properties))
    throw new VariableError(
      underHeading(heading, `Unable to interpolate provided object. Expected a 'Hash', got '${rubyClass(properties)}'`),
    );
  try {
    return { ...content, properties: fillVariables(director, linkScope(director, from, scope), properties) };
  } catch (error) {
    if (!(error instanceof VariableError)) throw error;
    throw new VariableError(underHeading(heading, error.message));
  }
}

/** References in the properties of a link belong to its provider's deployment. @throws VariableError */
function linkScope(director: Director, from: string, scope: VariableScope): VariableScope {
  if (from === scope.deployment) return scope;
  const provider = director.slot.value.deployments.get(from);
  if (provider === undefined) throw new VariableError(`- Deployment '${from}' doesn't exist`);
  const set = runningSet(provider);
  if (set?.isDeployed !== true)
    throw new VariableError(
      `- Cannot consume properties from deployment '${from}'. It was never successfully deployed.`,
    );
  return { deployment: from, set, isForeign: true };
}

/** @throws Error when the manifest was not checked: its jobs are in its releases */
function requireJob(
  releases: readonly ReleaseVersion[],
  wish: JobSpec,
): { readonly release: ReleaseVersion; readonly job: ReleaseJob } {
  const release = releases.find((each) => each.name === wish.release);
  const job = release?.jobs.find((each) => each.name === wish.name);
  if (release === undefined || job === undefined)
    throw new Error(`release '${wish.release}' has no job '${wish.name}'`);
  return { release, job };
}

/** A job, or its error. */
function renderJob({ director }: RenderPlace, common: Fields, input: JobInput): RenderedJob | string {
  const { wish, job, release, properties, links } = input;
  const spec = {
    ...common,
    properties: boundProperties(job, properties),
    links,
    release: { name: release.name, version: release.version },
  };
  const request = { job: job.name, spec, numbers: dnsNumbers(director) };
  const [monit] = renderTemplates({ ...request, templates: [{ source: "monit", text: job.monit }] });
  if (monit?.error !== undefined) return monit.error;
  const results = renderTemplates({ ...request, templates: job.templates });
  const errors = results.flatMap(({ error }) => (error === undefined ? [] : [`- ${error.trim()}`]));
  if (errors.length > 0)
    return underHeading(`- Unable to render templates for job '${wish.name}'. Errors are:`, errors.join("\n"));
  const texts = results.map(({ text = "" }) => text);
  const scripts = Object.fromEntries(
    job.templates.flatMap(({ target }, index) =>
      target.startsWith("bin/") ? [[target.slice("bin/".length), texts[index] ?? ""]] : [],
    ),
  );
  return { name: wish.name, release: wish.release, properties, scripts, texts, fingerprint: job.fingerprint };
}
