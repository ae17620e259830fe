import { isArray, isObject } from "../../client/http/json.ts";
import { type CatalogRule, judge, rule, type Test } from "./rule.ts";
import { both, every, objectsAt, plans, present, services } from "./spots.ts";
import { isBoolean, isFilled, isString, isStrings } from "./values.ts";

const serviceMetadata = objectsAt(services, "metadata");

const planMetadata = objectsAt(plans, "metadata");

const SERVICE_NAMES = [
  "displayName",
  "imageUrl",
  "longDescription",
  "providerDisplayName",
  "documentationUrl",
  "supportUrl",
];

const conventional = both(
  ...SERVICE_NAMES.map((name) => present(serviceMetadata, name)),
  present(planMetadata, "displayName"),
);

const isCost: Test = (cost) =>
  isObject(cost) &&
  isObject(cost["amount"]) &&
  Object.values(cost["amount"]).every((each) => typeof each === "number") &&
  typeof cost["unit"] === "string";

const clients = objectsAt(services, "dashboard_client");

/** Rules about metadata and dashboard clients (profile.md, "Service Metadata", "Dashboard Client Object"). */
export const PROFILE_RULES: readonly CatalogRule[] = [
  rule(
    "metadata-conventional-names",
    "Conventional members of metadata are strings",
    "a string",
    judge(conventional, isString),
  ),
  rule(
    "metadata-bullets-strings",
    '"metadata.bullets" of a plan is an array of strings',
    "strings in an array",
    judge(present(planMetadata, "bullets"), isStrings),
  ),
  rule(
    "metadata-costs-shape",
    '"metadata.costs" of a plan has amounts by currency and units',
    "entries with an amount by currency and a unit",
    judge(present(planMetadata, "costs"), (list) => isArray(list) && list.every(isCost)),
  ),
  rule(
    "metadata-shareable-boolean",
    '"metadata.shareable" of an offering is a boolean',
    "a boolean",
    judge(present(serviceMetadata, "shareable"), isBoolean),
    {
      since: 15,
    },
  ),
  ...["id", "secret"].map((member) =>
    rule(
      `dashboard-client-${member}`,
      `"dashboard_client.${member}" is a string that is not empty`,
      "a string that is not empty",
      judge(every(clients, member), (value) => isString(value) && isFilled(value)),
    ),
  ),
  ...["id", "secret"].map((member) =>
    rule(
      `dashboard-client-${member}`,
      `"dashboard_client.${member}", where it is there, is a string that is not empty (2.12 to 2.14)`,
      "a string that is not empty",
      judge(present(clients, member), (value) => isString(value) && isFilled(value)),
      { id: `dashboard-client-${member}-2-12`, since: 12, until: 14 },
    ),
  ),
  rule(
    "dashboard-client-redirect-uri",
    '"dashboard_client.redirect_uri" is a URI',
    "a URI",
    judge(present(clients, "redirect_uri"), (value) => typeof value === "string" && URL.canParse(value)),
  ),
];
