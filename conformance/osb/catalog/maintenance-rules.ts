import { type CatalogRule, judge, rule } from "./rule.ts";
import { every, objectsAt, plans, present } from "./spots.ts";
import { isString, matches, SEMVER } from "./values.ts";

const maintenance = objectsAt(plans, "maintenance_info");

/** Rules about maintenance_info of plans (spec.md, "Maintenance Info Object"). */
export const MAINTENANCE_RULES: readonly CatalogRule[] = [
  rule(
    "maintenance-version-required",
    '"maintenance_info" has a string "version"',
    "a string version",
    judge(every(maintenance, "version"), isString),
  ),
  rule(
    "maintenance-version-semver",
    '"maintenance_info.version" is a semantic version',
    "a semantic version",
    judge(present(maintenance, "version"), matches(SEMVER)),
  ),
  rule(
    "maintenance-description-string",
    '"maintenance_info.description" is a string',
    "a string",
    judge(present(maintenance, "description"), isString),
  ),
];
