import { CONFIG_RULES } from "./config-rules.ts";
import { GROUP_RULES } from "./group-rules.ts";
import { MANIFEST_RULES } from "./manifest-rules.ts";
import { NETWORK_RULES } from "./network-rules.ts";
import type { Rule } from "./rule.ts";
import { RUNTIME_RULES } from "./runtime-rules.ts";
import { VARIABLE_RULES } from "./variable-rules.ts";

/** The director's rules with one input each: the refusals of its own parsers, by source file. */
export const RULES: readonly Rule[] = [
  ...MANIFEST_RULES,
  ...GROUP_RULES,
  ...NETWORK_RULES,
  ...VARIABLE_RULES,
  ...CONFIG_RULES,
  ...RUNTIME_RULES,
];
