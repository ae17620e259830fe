import type { Json } from "../../client/http/json.ts";
import { flag, identityRules } from "./identity-rules.ts";
import { type CatalogRule, judge, rule, unique } from "./rule.ts";
import { children, plans, present, services } from "./spots.ts";
import { CLI_NAME, GUID, isRecord, LOWER_CASE_NAME, matches } from "./values.ts";

const planNames = (catalog: Json) =>
  services(catalog).map((spot) => present(() => children([spot], "plans"), "name")(catalog));

/** Rules about plans (spec.md, "Service Plan Object"). */
export const PLAN_RULES: readonly CatalogRule[] = [
  ...identityRules("plan", plans),
  rule(
    "plan-id-unique",
    "Plan ids are unique in the catalog",
    "plan ids to be unique",
    unique((catalog) => [present(plans, "id")(catalog)]),
  ),
  rule("plan-id-guid", "Plan ids are GUIDs", "a GUID", judge(present(plans, "id"), matches(GUID))),
  rule(
    "plan-name-unique-in-service",
    "Plan names are unique in their offering",
    "plan names to be unique in their offering",
    unique(planNames),
  ),
  rule(
    "plan-name-cli-friendly",
    "Plan names consist of letters, digits, periods and hyphens",
    "letters, digits, periods and hyphens",
    judge(present(plans, "name"), matches(CLI_NAME)),
  ),
  rule(
    "plan-name-cli-friendly",
    "Plan names have no capitals and no spaces (up to 2.12)",
    "neither capitals nor spaces",
    judge(present(plans, "name"), matches(LOWER_CASE_NAME)),
    { id: "plan-name-lowercase-2-12", level: "SHOULD", since: 11, until: 12 },
  ),
  rule(
    "plan-name-cli-friendly",
    "Plan names consist of lower-case letters, digits and hyphens (2.13)",
    "lower-case letters, digits and hyphens",
    judge(present(plans, "name"), matches(/^[a-z0-9-]+$/)),
    {
      id: "plan-name-alphabet-2-13",
      level: "MUST",
      since: 13,
      until: 13,
    },
  ),
  rule(
    "plan-name-cli-friendly",
    "Plan names consist of letters, digits, periods and hyphens (2.14)",
    "letters, digits, periods and hyphens",
    judge(present(plans, "name"), matches(CLI_NAME)),
    {
      id: "plan-name-alphabet-2-14",
      level: "MUST",
      since: 14,
      until: 14,
    },
  ),
  rule(
    "plan-metadata-type",
    '"metadata" of a plan is an object',
    "metadata to be an object",
    judge(present(plans, "metadata"), isRecord),
  ),
  flag("plan-free-type", "plan", "free"),
  flag("plan-bindable-type", "plan", "bindable"),
  {
    ...flag("plan-binding-rotatable-type", "plan", "binding_rotatable"),
    clauses: ["plan-binding-rotatable-type", "rotation-declared"],
  },
  flag("plan-plan-updateable-type", "plan", "plan_updateable"),
  rule(
    "plan-schemas-type",
    '"schemas" of a plan is an object',
    "schemas to be an object",
    judge(present(plans, "schemas"), isRecord),
  ),
  rule(
    "plan-maximum-polling-duration-type",
    '"maximum_polling_duration" is a whole number of seconds',
    "a whole number of seconds",
    judge(present(plans, "maximum_polling_duration"), (value) => Number.isInteger(value)),
  ),
  rule(
    "plan-maximum-polling-duration-type",
    '"maximum_polling_duration" is more than 0 seconds',
    "more than 0 seconds",
    judge(present(plans, "maximum_polling_duration"), (value) => typeof value !== "number" || value > 0),
    { id: "plan-maximum-polling-duration-positive", level: "SHOULD" },
  ),
  rule(
    "plan-maintenance-info-type",
    '"maintenance_info" of a plan is an object',
    "maintenance_info to be an object",
    judge(present(plans, "maintenance_info"), isRecord),
  ),
];
