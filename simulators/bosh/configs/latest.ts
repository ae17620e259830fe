import type { Config } from "../state/configs.ts";
import type { Director } from "../state/director.ts";
import { readYaml } from "../templates/yaml.ts";
import { asFields, type Fields } from "./fields.ts";

/** The configs with these ids, in their order, including deleted ones; unknown ids are left out. */
export const configsById = (director: Director, ids: readonly number[]): readonly Config[] =>
  ids.flatMap((id) => director.slot.value.configs.find((each) => each.id === id) ?? []);

/** The contents of the configs with these ids. @throws YamlError */
export const contentsOf = (director: Director, ids: readonly number[]): readonly Fields[] =>
  configsById(director, ids).map(({ content }) => asFields(readYaml(content)));

/** All configs that are not deleted, oldest first. */
export const liveConfigs = (director: Director): readonly Config[] =>
  director.slot.value.configs.filter(({ deleted }) => !deleted);

/** The newest live config of each name of a type. */
export function latestConfigs(director: Director, type: string): readonly Config[] {
  const newest = new Map<string, Config>();
  for (const config of liveConfigs(director)) if (config.type === type) newest.set(config.name, config);
  return [...newest.values()];
}
