import { GENERAL_RULES } from "./general-rules.ts";
import { MAINTENANCE_RULES } from "./maintenance-rules.ts";
import { SERVICE_RULES } from "./offering-rules.ts";
import { PLAN_RULES } from "./plan-rules.ts";
import { PROFILE_RULES } from "./profile-rules.ts";
import type { CatalogRule } from "./rule.ts";
import { SCHEMA_RULES } from "./schema-rules.ts";

/** Every rule about the objects of a catalog. */
export const CATALOG_RULES: readonly CatalogRule[] = [
  ...GENERAL_RULES,
  ...SERVICE_RULES,
  ...PLAN_RULES,
  ...SCHEMA_RULES,
  ...MAINTENANCE_RULES,
  ...PROFILE_RULES,
];
