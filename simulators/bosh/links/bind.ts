import { isObject } from "../../kernel/index.ts";
import type { Director } from "../state/director.ts";
import { digestOf } from "../templates/digest.ts";
import { renew } from "./connect.ts";
import { linkContent } from "./content.ts";
import type { ResolvedLink } from "./resolve.ts";

/**
 * Records what the links of a deployment hold now, once its instances are planned (`bind_links` in bosh-director's assembler.rb).
 * `needed` are the ids of the instances that the deployment keeps.
 */
export function bindLinks(
  director: Director,
  deployment: string,
  links: readonly ResolvedLink[],
  needed: ReadonlySet<string>,
): void {
  const table = director.slot.value.links;
  for (const { group, job, name, source } of links) {
    const consumer = table.consumers.find(
      (each) =>
        each.deployment === deployment && each.group === group && each.owner === job && each.definition === name,
    );
    const link = table.links.find(({ consumerId }) => consumerId === consumer?.id);
    if (link === undefined) continue;
    const { instances, ...rest } = linkContent(director, source);
    const isOwn = source.kind === "provider" && source.provider.deployment === deployment;
    const kept = Array.isArray(instances) ? instances.filter((each) => !isOwn || isNeeded(each, needed)) : instances;
    renew(table, link, digestOf([rest, kept]), director.kernel.nowMs);
  }
}

const isNeeded = (instance: unknown, needed: ReadonlySet<string>): boolean =>
  isObject(instance) && typeof instance.id === "string" && needed.has(instance.id);
