import type { Offer } from "../client/catalog.ts";
import type { JsonObject } from "../client/http/json.ts";
import type { DrydockFile } from "../settings/file.ts";
import type { PlanParameters } from "../settings/schema.ts";

export type { PlanParameters };

/** The kinds of requests that carry parameters. */
type ParameterUse = keyof PlanParameters;

/** The entry for a service or plan: by name before id, and `*` for any. */
export function entryFor<T>(entries: Readonly<Record<string, T>>, named: { name: string; id: string }): T[] {
  return [named.name, named.id, "*"].flatMap((key) => {
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
    return entry === undefined ? [] : [entry];
  });
}

/** The parameters that drydock.yml gives for a plan and a kind of request; undefined when it gives none. */
export function parametersFor(file: DrydockFile, { service, plan }: Offer, use: ParameterUse): JsonObject | undefined {
  return entryFor(file.parameters, service)
    .flatMap((byPlan) => entryFor(byPlan, plan))
    .map((uses) => uses[use])
    .find((parameters) => parameters !== undefined);
}
