import type { LinkProvider } from "../state/links.ts";
import type { LinkUse, VariableUse } from "./uses.ts";

/** The error for a link with no provider, or several (links/links_error_builder.rb in bosh-director). */
export function describeFailure(
  use: LinkUse | VariableUse,
  alias: string,
  found: readonly LinkProvider[],
  network?: string,
): string {
  const { definition } = use;
  const aka = alias === definition.name ? "" : `alias '${alias}' and `;
  const head = `Failed to resolve link '${definition.name}' with ${aka}type '${definition.type}' from ${ownerOf(use)}.`;
  const details =
    found.length === 0 ? ["No link providers found"] : found.map((each) => describeProvider(each, network));
  const intro = found.length > 1 ? "Multiple link providers found:" : "Details below:";
  return `${head} ${intro}\n${details.map((each) => `    - ${each}`).join("\n")}`;
}

const ownerOf = (use: LinkUse | VariableUse): string =>
  "variable" in use ? `variable '${use.variable}'` : `job '${use.job.name}' in instance group '${use.group.name}'`;

function describeProvider({ kind, definition, name, job, group, deployment }: LinkProvider, network?: string): string {
  if (kind === "disk") {
    const lack = network === undefined ? "" : " does not contain any networks";
    return `Disk link provider '${definition}' from instance group '${group}'${lack}`;
  }
  const aka = name === definition ? "" : `with alias '${name}' `;
  const lack = network === undefined ? "" : ` does not belong to network '${network}'`;
  return `Link provider '${definition}' ${aka}from job '${job}' in instance group '${group}' in deployment '${deployment}'${lack}`;
}
