import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { latestConfigs } from "../configs/latest.ts";
import type { Director } from "../state/director.ts";
import { YamlError } from "../templates/yaml-errors.ts";
import { readYaml } from "../templates/yaml.ts";

const NAMES = Type.Optional(Type.Union([Type.Null(), Type.Array(Type.Unknown())]));

const FILTER = Type.Object({ deployments: NAMES, instance_groups: NAMES });

const RULE = Type.Object({
  enabled: Type.Boolean(),
  include: Type.Optional(FILTER),
  exclude: Type.Optional(FILTER),
});

const CONFIG = Compile(Type.Object({ rules: Type.Array(Type.Unknown()) }));

const COMPILED_RULE = Compile(RULE);

type ResurrectionFilter = Static<typeof FILTER>;

type ResurrectionRule = Static<typeof RULE>;

/** The rules of all configs of type `resurrection`; anything else is skipped, as the health monitor does. */
function rulesOf(director: Director): readonly ResurrectionRule[] {
  return latestConfigs(director, "resurrection").flatMap(({ content }) => {
    const config = parseConfig(content);
    return CONFIG.Check(config) ? config.rules.filter((rule) => COMPILED_RULE.Check(rule)) : [];
  });
}

/** Loads a config as the health monitor does, without aliases and symbols. Undefined if that fails: such a config has no rules. */
function parseConfig(content: string): unknown {
  try {
    return readYaml(content, { aliases: false, symbols: false });
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}

const isEmpty = (names: readonly unknown[] | null | undefined): boolean => (names ?? []).length === 0;

/** An empty list matches everything. */
function matches(
  { deployments, instance_groups: groups }: ResurrectionFilter,
  deployment: string,
  group: string,
): boolean {
  if (!isEmpty(groups) && !groups?.includes(group)) return false;
  return isEmpty(deployments) || deployments?.includes(deployment) === true;
}

function applies({ include = {}, exclude = {} }: ResurrectionRule, deployment: string, group: string): boolean {
  const excludesAny = !isEmpty(exclude.deployments) || !isEmpty(exclude.instance_groups);
  return matches(include, deployment, group) && !(excludesAny && matches(exclude, deployment, group));
}

/** Whether VMs of a group may be recreated. Each rule that applies must allow it; without rules it is allowed. */
export function resurrectionFilter(director: Director): (deployment: string, group: string) => boolean {
  const rules = rulesOf(director);
  return (deployment, group) => rules.every((rule) => rule.enabled || !applies(rule, deployment, group));
}
