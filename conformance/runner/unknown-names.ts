import type { Service } from "../client/catalog.ts";
import type { DrydockFile } from "../settings/file.ts";
import { suggestionsFor } from "../client/errors/nearest.ts";

type Named = { readonly id: string; readonly name: string };

const namesOf = (all: readonly Named[]): readonly string[] => all.flatMap(({ id, name }) => [name, id]);

function describeUnknown(
  path: string,
  keys: readonly string[],
  kind: "service" | "plan",
  all: readonly Named[],
): string[] {
  const names = namesOf(all);
  return keys
    .filter((key) => key !== "*" && !names.includes(key))
    .map((key) => `drydock.yml: ${path}.${key}: the catalog has no such ${kind}${suggestionsFor(key, names)}`);
}

/**
 * What drydock.yml says about services and plans that this broker does not offer. It is noted and not refused, because one file may
 * serve several brokers.
 */
export function unknownNames({ parameters, data }: DrydockFile, services: readonly Service[]): readonly string[] {
  const plans = Object.entries(parameters).flatMap(([key, byPlan]) => {
    const named = services.filter(({ id, name }) => key === "*" || key === id || key === name);
    if (named.length === 0) return [];
    return describeUnknown(
      `parameters.${key}`,
      Object.keys(byPlan),
      "plan",
      named.flatMap((service) => service.plans),
    );
  });
  return [
    ...describeUnknown("parameters", Object.keys(parameters), "service", services),
    ...plans,
    ...describeUnknown("data.credentials", Object.keys(data.credentials), "service", services),
  ];
}
