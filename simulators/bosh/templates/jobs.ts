import { asFields, type Fields } from "../configs/fields.ts";
import type { InstanceGroup, JobSpec } from "../deploy/manifest.ts";
import { fillVariables, VariableError } from "../deploy/variables.ts";
import type { ResolvedLink } from "../links/resolve.ts";
import type { ReleaseJob, ReleaseVersion } from "../state/artifacts.ts";
import type { AppliedJob, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { renderTemplate, RenderError } from "./erb.ts";

/** One job as it will run on an instance. */
export interface RenderedJob extends AppliedJob {
  /** The texts of all templates: what decides whether the configuration has changed. */
  readonly texts: readonly string[];
  readonly fingerprint: string;
}

const valueAt = (properties: unknown, name: string): unknown =>
  name.split(".").reduce((value: unknown, key) => asFields(value)[key], properties);

/** Manifest values of the properties that the job declares, else its defaults. */
function effectiveProperties(job: ReleaseJob, given: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(job.properties).map(([name, fallback]) => [name, valueAt(given, name) ?? fallback ?? undefined]),
  );
}

/** The names of other instances in this director's DNS. */
const dnsNameOf = (instance: Instance): string =>
  [instance.id, instance.group, instance.ips[0]?.network ?? "", instance.deployment, "bosh"].join(".");

function linkContent(director: Director, { provider }: ResolvedLink, releases: readonly ReleaseVersion[]): unknown {
  const deployment = director.slot.value.deployments.get(provider.deployment);
  const instances = (deployment?.instances ?? []).filter(({ group }) => group === provider.group);
  const definition = releases.flatMap(({ jobs }) => jobs).find(({ name }) => name === provider.job);
  const exposed = definition?.provides.find(({ name }) => name === provider.definition)?.properties ?? [];
  return { instances: instances.map((each) => [dnsNameOf(each), each.index, each.az]), exposed };
}

/** Renders the jobs of a group for one of its instances. @throws DirectorError that names what can't be rendered */
export function renderJobs(
  director: Director,
  group: InstanceGroup,
  jobs: readonly JobSpec[],
  instance: Instance,
  releases: readonly ReleaseVersion[],
  links: readonly ResolvedLink[],
): readonly RenderedJob[] {
  return jobs.map((wish) => {
    const job = requireJob(releases, wish);
    const properties = valuesOf(director, group, wish, instance);
    const own = links.filter((each) => each.group === group.name && each.job === wish.name);
    const scope = {
      properties: effectiveProperties(job, properties),
      links: Object.fromEntries(own.map((each) => [each.name, linkContent(director, each, releases)])),
      spec: specOf(instance),
    };
    const texts: string[] = [];
    for (const { source, text } of job.templates) {
      try {
        texts.push(renderTemplate(text, scope));
      } catch (error) {
        if (!(error instanceof RenderError)) throw error;
        throw renderFailure(
          group,
          wish,
          `\n      - Error filling in template '${source}' (line ${error.line}: ${error.message})`,
        );
      }
    }
    const scripts = Object.fromEntries(
      job.templates.flatMap(({ target }, index) =>
        target.startsWith("bin/") ? [[target.slice(4), texts[index] ?? ""]] : [],
      ),
    );
    return { name: wish.name, release: wish.release, properties, scripts, texts, fingerprint: job.fingerprint };
  });
}

function valuesOf(director: Director, group: InstanceGroup, wish: JobSpec, { deployment }: Instance): Fields {
  try {
    return fillVariables(director, deployment, wish.properties);
  } catch (error) {
    if (!(error instanceof VariableError)) throw error;
    throw renderFailure(group, wish, `\n      ${error.message}`);
  }
}

const specOf = (instance: Instance): Record<string, unknown> => ({
  name: instance.group,
  index: instance.index,
  id: instance.id,
  az: instance.az,
  deployment: instance.deployment,
  bootstrap: instance.bootstrap,
  address: dnsNameOf(instance),
  ip: instance.ips[0]?.ip,
});

/** @throws Error when the manifest was not checked: its jobs are in its releases */
function requireJob(releases: readonly ReleaseVersion[], { name, release }: JobSpec): ReleaseJob {
  const job = releases.find((each) => each.name === release)?.jobs.find((each) => each.name === name);
  if (job === undefined) throw new Error(`release '${release}' has no job '${name}'`);
  return job;
}

const renderFailure = (group: InstanceGroup, wish: JobSpec, detail: string): DirectorError =>
  new DirectorError(
    UNCLASSED,
    `Unable to render instance groups for deployment. Errors are:\n  - Unable to render jobs for instance group '${group.name}'. Errors are:\n    - Unable to render templates for job '${wish.name}'. Errors are:${detail}`,
  );
