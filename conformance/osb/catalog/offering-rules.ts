import { isArray } from "../../client/http/json.ts";
import { flag, identityRules } from "./identity-rules.ts";
import { type CatalogRule, judge, rule, unique } from "./rule.ts";
import { both, every, plans, present, services } from "./spots.ts";
import { CLI_NAME, GUID, isBoolean, isRecord, isStrings, LOWER_CASE_NAME, matches, PERMISSIONS } from "./values.ts";

/** Rules about offerings (spec.md, "Service Offering Object"). */
export const SERVICE_RULES: readonly CatalogRule[] = [
  ...identityRules("service", services),
  rule(
    "service-name-unique",
    "Offering names are unique in the catalog",
    "offering names to be unique",
    unique((catalog) => [present(services, "name")(catalog)]),
  ),
  rule(
    "service-name-cli-friendly",
    "Offering names consist of letters, digits, periods and hyphens",
    "letters, digits, periods and hyphens",
    judge(present(services, "name"), matches(CLI_NAME)),
  ),
  rule(
    "service-name-cli-friendly",
    "Offering names have no capitals and no spaces (up to 2.12)",
    "neither capitals nor spaces",
    judge(present(services, "name"), matches(LOWER_CASE_NAME)),
    { id: "service-name-lowercase-2-12", level: "SHOULD", since: 11, until: 12 },
  ),
  rule(
    "service-name-cli-friendly",
    "Offering names consist of lower-case letters, digits and hyphens (2.13)",
    "lower-case letters, digits and hyphens",
    judge(present(services, "name"), matches(/^[a-z0-9-]+$/)),
    {
      id: "service-name-alphabet-2-13",
      level: "MUST",
      since: 13,
      until: 13,
    },
  ),
  rule(
    "service-name-cli-friendly",
    "Offering names consist of letters, digits, periods and hyphens (2.14)",
    "letters, digits, periods and hyphens",
    judge(present(services, "name"), matches(CLI_NAME)),
    {
      id: "service-name-alphabet-2-14",
      level: "MUST",
      since: 14,
      until: 14,
    },
  ),
  rule(
    "service-id-unique",
    "Offering ids are unique in the catalog",
    "offering ids to be unique",
    unique((catalog) => [present(services, "id")(catalog)]),
  ),
  rule("service-id-guid", "Offering ids are GUIDs", "a GUID", judge(present(services, "id"), matches(GUID))),
  rule(
    "service-tags-type",
    '"tags" is an array of strings',
    "tags to be strings in an array",
    judge(present(services, "tags"), isStrings),
  ),
  rule(
    "service-requires-type",
    '"requires" is an array of strings',
    "requires to be strings in an array",
    judge(present(services, "requires"), isStrings),
  ),
  rule(
    "service-requires-values",
    '"requires" names only permissions that the API defines',
    `only ${PERMISSIONS.join(", ")}`,
    judge(
      present(services, "requires"),
      (list) => !isArray(list) || list.every((each) => typeof each !== "string" || PERMISSIONS.includes(each)),
    ),
  ),
  rule(
    "service-bindable-required",
    'Each offering has a boolean "bindable"',
    "a boolean bindable",
    judge(every(services, "bindable"), isBoolean),
  ),
  flag("service-instances-retrievable-type", "offering", "instances_retrievable"),
  flag("service-bindings-retrievable-type", "offering", "bindings_retrievable"),
  flag("service-allow-context-updates-type", "offering", "allow_context_updates"),
  rule(
    "service-metadata-type",
    '"metadata" of an offering is an object',
    "metadata to be an object",
    judge(present(services, "metadata"), isRecord),
  ),
  rule(
    "service-dashboard-client-type",
    '"dashboard_client" is an object',
    "dashboard_client to be an object",
    judge(present(services, "dashboard_client"), isRecord),
  ),
  flag("service-plan-updateable-type", "offering", "plan_updateable"),
  rule(
    "service-plan-updateable-type",
    '"plan_updateable" is spelled as the specification does',
    'the member to be spelled "plan_updateable", as the specification does',
    judge(present(both(services, plans), "plan_updatable"), () => false),
    { id: "service-plan-updateable-spelling", level: "SHOULD" },
  ),
  rule(
    "service-plans-required",
    "Each offering has an array of plans",
    "an array of plans",
    judge(every(services, "plans"), isArray),
  ),
  rule(
    "service-plans-nonempty",
    "Each offering has at least one plan",
    "at least one plan",
    judge(present(services, "plans"), (list) => !isArray(list) || list.length > 0),
  ),
];
