import { ARTIFACT_REQUEST_RULES, LINK_REQUEST_RULES } from "./artifact-request-rules.ts";
import { DEPLOYMENT_REQUEST_RULES, TASK_RULES } from "./deployment-request-rules.ts";
import { CONFIG_REQUEST_RULES, EDGE_RULES } from "./edge-rules.ts";
import type { RequestRule } from "./request-rule.ts";

/** The rules with one request each. */
export const REQUEST_RULES: readonly RequestRule[] = [
  ...EDGE_RULES,
  ...CONFIG_REQUEST_RULES,
  ...ARTIFACT_REQUEST_RULES,
  ...LINK_REQUEST_RULES,
  ...DEPLOYMENT_REQUEST_RULES,
  ...TASK_RULES,
];
