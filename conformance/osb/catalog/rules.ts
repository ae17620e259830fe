import { type Json, isArray, isObject, type JsonObject, stringOf } from "../../client/http/json.ts";
import { compileSchema } from "../../client/schema.ts";
import type { SpecMinor } from "../../client/spec-version.ts";

/** Something that a rule looked at: where it stands in the catalog, and its value. */
export interface Spot {
  readonly path: string;
  readonly value: Json | undefined;
}

/** What a rule found: `looked` spots that it applies to, of which `faults` break it. */
export interface Finding {
  readonly looked: number;
  readonly faults: readonly string[];
}

/** A rule about catalogs: pure, so that it can be tried on any. */
export interface CatalogRule {
  /** The clauses that it judges; the first names it. */
  readonly clauses: readonly string[];
  /** What is demanded, to complete "expected …". */
  readonly words: string;
  readonly level?: "MUST" | "SHOULD";
  readonly since?: SpecMinor;
  readonly until?: SpecMinor;
  /** Makes it a check of its own when one clause has several. */
  readonly id?: string;
  readonly find: (catalog: Json) => Finding;
}

type Spots = (catalog: Json) => readonly Spot[];
type Test = (value: Json | undefined) => boolean;

function children(spots: readonly Spot[], member: string): Spot[] {
  return spots.flatMap(({ path, value }) => {
    const list = isObject(value) ? value[member] : undefined;
    return isArray(list) ? list.map((item, at) => ({ path: `${path}.${member}[${at}]`, value: item })) : [];
  });
}

export const services: Spots = (catalog) => children([{ path: "", value: catalog }], "services");
export const plans: Spots = (catalog) => children(services(catalog), "plans");

/** The member of each spot, whether there or not. */
const every =
  (spots: Spots, member: string): Spots =>
  (catalog) =>
    spots(catalog).map(({ path, value }) => ({
      path: `${path}.${member}`,
      value: isObject(value) ? value[member] : undefined,
    }));

/** The member of each spot, where it is there. */
const present =
  (spots: Spots, member: string): Spots =>
  (catalog) =>
    every(spots, member)(catalog).filter(({ value }) => value !== undefined);

/** The member where it is an object: what is inside can be judged. */
const objectsAt =
  (spots: Spots, member: string): Spots =>
  (catalog) =>
    present(spots, member)(catalog).filter(({ value }) => isObject(value));

const both =
  (...all: readonly Spots[]): Spots =>
  (catalog) =>
    all.flatMap((spots) => spots(catalog));

const show = (value: Json | undefined): string => (JSON.stringify(value) ?? "nothing").slice(0, 80);

function judge(spots: Spots, isRight: Test): CatalogRule["find"] {
  return (catalog) => {
    const all = spots(catalog);
    const faults = all
      .filter(({ value }) => !isRight(value))
      .map(({ path, value }) => `${path.slice(1)} is ${show(value)}`);
    return { looked: all.length, faults };
  };
}

/** Strings that occur twice. `groups` yields the lists within which they must differ. */
function unique(groups: (catalog: Json) => readonly (readonly Spot[])[]): CatalogRule["find"] {
  return (catalog) => {
    const all = groups(catalog);
    const faults = all.flatMap((spots) => {
      const strings = spots.filter(({ value }) => typeof value === "string");
      return strings
        .filter((spot, at) => strings.findIndex((other) => other.value === spot.value) !== at)
        .map(({ path, value }) => `${path.slice(1)} repeats ${show(value)}`);
    });
    return { looked: all.flat().length, faults };
  };
}

const isString: Test = (value) => typeof value === "string";
const isFilled: Test = (value) => typeof value !== "string" || value.length > 0;
const isBoolean: Test = (value) => typeof value === "boolean";
const isStrings: Test = (value) => isArray(value) && value.every(isString);
const isRecord: Test = (value) => isObject(value);
const matches =
  (pattern: RegExp): Test =>
  (value) =>
    typeof value !== "string" || pattern.test(value);

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;
const PERMISSIONS = ["syslog_drain", "route_forwarding", "volume_mount"];
const CLI_NAME = /^[A-Za-z0-9.-]+$/;

interface Extra extends Pick<CatalogRule, "level" | "since" | "until" | "id"> {}

function rule(
  clauses: string | readonly string[],
  words: string,
  find: CatalogRule["find"],
  extra: Extra = {},
): CatalogRule {
  return { clauses: typeof clauses === "string" ? [clauses] : clauses, words, find, ...extra };
}

/** The rules about the name, id and description that offerings and plans both have. */
function identityRules(kind: "service" | "plan", spots: Spots): CatalogRule[] {
  return ["name", "id", "description"].flatMap((member) => [
    rule(`${kind}-${member}-required`, `a string "${member}"`, judge(every(spots, member), isString)),
    rule(`${kind}-${member}-nonempty`, `"${member}" not to be empty`, judge(present(spots, member), isFilled)),
  ]);
}

const flag = (clause: string, spots: Spots, member: string): CatalogRule =>
  rule(clause, `"${member}" to be a boolean`, judge(present(spots, member), isBoolean));

const SERVICE_RULES: readonly CatalogRule[] = [
  ...identityRules("service", services),
  rule(
    "service-name-unique",
    "offering names to be unique",
    unique((catalog) => [present(services, "name")(catalog)]),
  ),
  rule(
    "service-name-cli-friendly",
    "letters, digits, periods and hyphens",
    judge(present(services, "name"), matches(CLI_NAME)),
  ),
  rule(
    "service-name-cli-friendly",
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
    "offering ids to be unique",
    unique((catalog) => [present(services, "id")(catalog)]),
  ),
  rule("service-id-guid", "a GUID", judge(present(services, "id"), matches(GUID))),
  rule("service-tags-type", "tags to be strings in an array", judge(present(services, "tags"), isStrings)),
  rule("service-requires-type", "requires to be strings in an array", judge(present(services, "requires"), isStrings)),
  rule(
    "service-requires-values",
    `only ${PERMISSIONS.join(", ")}`,
    judge(
      present(services, "requires"),
      (list) => !isArray(list) || list.every((each) => typeof each !== "string" || PERMISSIONS.includes(each)),
    ),
  ),
  rule("service-bindable-required", "a boolean bindable", judge(every(services, "bindable"), isBoolean)),
  flag("service-instances-retrievable-type", services, "instances_retrievable"),
  flag("service-bindings-retrievable-type", services, "bindings_retrievable"),
  flag("service-allow-context-updates-type", services, "allow_context_updates"),
  rule("service-metadata-type", "metadata to be an object", judge(present(services, "metadata"), isRecord)),
  rule(
    "service-dashboard-client-type",
    "dashboard_client to be an object",
    judge(present(services, "dashboard_client"), isRecord),
  ),
  flag("service-plan-updateable-type", services, "plan_updateable"),
  rule(
    "service-plan-updateable-type",
    'the member to be spelled "plan_updateable", as the specification does',
    judge(present(both(services, plans), "plan_updatable"), () => false),
    { id: "service-plan-updateable-spelling", level: "SHOULD" },
  ),
  rule("service-plans-required", "an array of plans", judge(every(services, "plans"), isArray)),
  rule(
    "service-plans-nonempty",
    "at least one plan",
    judge(present(services, "plans"), (list) => !isArray(list) || list.length > 0),
  ),
];

const planNames = (catalog: Json) =>
  services(catalog).map((spot) => present(() => children([spot], "plans"), "name")(catalog));

const PLAN_RULES: readonly CatalogRule[] = [
  ...identityRules("plan", plans),
  rule(
    "plan-id-unique",
    "plan ids to be unique",
    unique((catalog) => [present(plans, "id")(catalog)]),
  ),
  rule("plan-id-guid", "a GUID", judge(present(plans, "id"), matches(GUID))),
  rule("plan-name-unique-in-service", "plan names to be unique in their offering", unique(planNames)),
  rule(
    "plan-name-cli-friendly",
    "letters, digits, periods and hyphens",
    judge(present(plans, "name"), matches(CLI_NAME)),
  ),
  rule(
    "plan-name-cli-friendly",
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
    "letters, digits, periods and hyphens",
    judge(present(plans, "name"), matches(CLI_NAME)),
    {
      id: "plan-name-alphabet-2-14",
      level: "MUST",
      since: 14,
      until: 14,
    },
  ),
  rule("plan-metadata-type", "metadata to be an object", judge(present(plans, "metadata"), isRecord)),
  flag("plan-free-type", plans, "free"),
  flag("plan-bindable-type", plans, "bindable"),
  {
    ...flag("plan-binding-rotatable-type", plans, "binding_rotatable"),
    clauses: ["plan-binding-rotatable-type", "rotation-declared"],
  },
  flag("plan-plan-updateable-type", plans, "plan_updateable"),
  rule("plan-schemas-type", "schemas to be an object", judge(present(plans, "schemas"), isRecord)),
  rule(
    "plan-maximum-polling-duration-type",
    "a whole number of seconds",
    judge(present(plans, "maximum_polling_duration"), (value) => Number.isInteger(value)),
  ),
  rule(
    "plan-maximum-polling-duration-type",
    "more than 0 seconds",
    judge(present(plans, "maximum_polling_duration"), (value) => typeof value !== "number" || value > 0),
    { id: "plan-maximum-polling-duration-positive", level: "SHOULD" },
  ),
  rule(
    "plan-maintenance-info-type",
    "maintenance_info to be an object",
    judge(present(plans, "maintenance_info"), isRecord),
  ),
];

const optionalObject = (owner: Json | undefined, member: string): boolean =>
  !isObject(owner) || owner[member] === undefined || isObject(owner[member]);

const schemas = objectsAt(plans, "schemas");
const instanceSchemas = objectsAt(schemas, "service_instance");
const bindingSchemas = objectsAt(schemas, "service_binding");
const inputs = both(
  objectsAt(instanceSchemas, "create"),
  objectsAt(instanceSchemas, "update"),
  objectsAt(bindingSchemas, "create"),
);
const published = objectsAt(inputs, "parameters");

/** References that leave the document, anywhere inside a schema. */
function externalRefs(value: Json | undefined, ids: ReadonlySet<string>): string[] {
  if (isArray(value)) return value.flatMap((item) => externalRefs(item, ids));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const isReference = (name === "$ref" || name === "$dynamicRef") && typeof item === "string";
    if (isReference) return item.startsWith("#") || ids.has(item.split("#")[0] ?? "") ? [] : [item];
    return externalRefs(item, ids);
  });
}

function idsIn(value: Json | undefined): string[] {
  if (isArray(value)) return value.flatMap(idsIn);
  if (!isObject(value)) return [];
  const own = [value["$id"], value["id"]].map(stringOf).filter((id) => id !== undefined);
  return [...own, ...Object.values(value).flatMap(idsIn)];
}

const bytesOf = (value: Json | undefined) => Buffer.byteLength(JSON.stringify(value) ?? "");
const isBindable = (service: Json | undefined, plan: JsonObject): boolean => {
  const own = plan["bindable"];
  return (typeof own === "boolean" ? own : isObject(service) && service["bindable"]) === true;
};

const nonBindableWithSchema = (catalog: Json): Finding => {
  const all = services(catalog).flatMap((service) =>
    children([service], "plans").flatMap(({ path, value }) => {
      const uses = isObject(value) && isObject(value["schemas"]) && value["schemas"]["service_binding"] !== undefined;
      return uses ? [{ path, isBindable: isBindable(service.value, value) }] : [];
    }),
  );
  const faults = all
    .filter((spot) => !spot.isBindable)
    .map(({ path }) => `${path.slice(1)} has a binding schema but is not bindable`);
  return { looked: all.length, faults };
};

const SCHEMA_RULES: readonly CatalogRule[] = [
  rule(
    "schemas-service-instance-shape",
    "service_instance to be an object with the objects create and update",
    judge(
      present(schemas, "service_instance"),
      (value) => isObject(value) && optionalObject(value, "create") && optionalObject(value, "update"),
    ),
  ),
  rule(
    "schemas-service-binding-shape",
    "service_binding to be an object with the object create",
    judge(present(schemas, "service_binding"), (value) => isObject(value) && optionalObject(value, "create")),
  ),
  rule("schemas-binding-only-if-bindable", "binding schemas on bindable plans only", nonBindableWithSchema),
  rule(
    "schema-parameters-object",
    "parameters to be a JSON schema as an object",
    judge(present(inputs, "parameters"), isRecord),
  ),
  rule(
    "schema-dollar-schema-present",
    "$schema to name the draft",
    judge(published, (value) => isObject(value) && (stringOf(value["$schema"]) ?? "") !== ""),
  ),
  rule(
    "schema-no-external-refs",
    "no reference out of the document",
    judge(published, (value) => externalRefs(value, new Set(idsIn(value))).length === 0),
  ),
  rule(
    "schema-max-64kb",
    "at most 64 kB",
    judge(published, (value) => bytesOf(value) <= 65_536),
  ),
  rule(
    "schema-max-64kb",
    "at most 64,000 bytes, however kB is read",
    judge(published, (value) => bytesOf(value) <= 64_000 || bytesOf(value) > 65_536),
    {
      id: "schema-max-64000-bytes",
      level: "SHOULD",
    },
  ),
  rule(
    "schema-valid-for-its-draft",
    "a valid schema of its draft",
    judge(published, (value) => {
      if (!isObject(value) || typeof value["$schema"] !== "string") return true;
      if (externalRefs(value, new Set(idsIn(value))).length > 0) return true;
      return compileSchema(value).kind !== "invalid";
    }),
  ),
];

const maintenance = objectsAt(plans, "maintenance_info");

const MAINTENANCE_RULES: readonly CatalogRule[] = [
  rule("maintenance-version-required", "a string version", judge(every(maintenance, "version"), isString)),
  rule("maintenance-version-semver", "a semantic version", judge(present(maintenance, "version"), matches(SEMVER))),
  rule("maintenance-description-string", "a string", judge(present(maintenance, "description"), isString)),
];

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

const PROFILE_RULES: readonly CatalogRule[] = [
  rule("metadata-conventional-names", "a string", judge(conventional, isString)),
  rule("metadata-bullets-strings", "strings in an array", judge(present(planMetadata, "bullets"), isStrings)),
  rule(
    "metadata-costs-shape",
    "entries with an amount by currency and a unit",
    judge(present(planMetadata, "costs"), (list) => isArray(list) && list.every(isCost)),
  ),
  rule("metadata-shareable-boolean", "a boolean", judge(present(serviceMetadata, "shareable"), isBoolean), {
    since: 15,
  }),
  ...["id", "secret"].map((member) =>
    rule(
      `dashboard-client-${member}`,
      "a string that is not empty",
      judge(every(clients, member), (value) => isString(value) && isFilled(value)),
    ),
  ),
  rule(
    "dashboard-client-redirect-uri",
    "a URI",
    judge(present(clients, "redirect_uri"), (value) => typeof value === "string" && URL.canParse(value)),
  ),
];

const texts = both(...["name", "description"].map((member) => present(both(services, plans), member)));

const GENERAL_RULES: readonly CatalogRule[] = [
  rule(
    "catalog-strings-max-255",
    "at most 255 characters",
    judge(texts, (value) => Array.from(stringOf(value) ?? "").length <= 255),
  ),
  rule(
    "catalog-avoid-cli-unfriendly",
    "names that a command line can take",
    judge(
      present(both(services, plans), "name"),
      (value) => typeof value !== "string" || value === "" || (/[\p{L}\p{N}]/u.test(value) && !value.startsWith("-")),
    ),
  ),
];

export const CATALOG_RULES: readonly CatalogRule[] = [
  ...GENERAL_RULES,
  ...SERVICE_RULES,
  ...PLAN_RULES,
  ...SCHEMA_RULES,
  ...MAINTENANCE_RULES,
  ...PROFILE_RULES,
];
