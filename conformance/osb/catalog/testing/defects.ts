import fc from "fast-check";
import { type Json, isArray, isObject, type JsonObject } from "../../../client/http/json.ts";
import { type Path, replaceAt, valueAt } from "../../mutants/paths.ts";
import type { SpecMinor } from "../../../client/spec-version.ts";

/** One way to spoil a catalog: what of it, and with which values. */
interface Defect {
  /** The id of the rule that has to catch it. */
  readonly rule: string;
  /** Where it can be planted, and with what; nowhere when the catalog has no such place. */
  readonly plant: (
    catalog: JsonObject,
  ) => readonly { readonly path: Path; readonly to: fc.Arbitrary<Json | undefined> }[];
  readonly minor: SpecMinor;
}

type Wrong = fc.Arbitrary<Json | undefined>;
type Places = (catalog: JsonObject) => readonly Path[];

const absent: Wrong = fc.constant(undefined);
const number: Wrong = fc.integer();
const string: Wrong = fc.string();
const nothing: Wrong = fc.constant(null);
const list: Wrong = fc.array(fc.integer(), { maxLength: 2 });
const object: Wrong = fc.constant({ drydock: 1 });
const truth: Wrong = fc.boolean();
const noString = fc.oneof(number, list, object, truth);
const noBoolean = fc.oneof(number, list, object, string);
const noObject = fc.oneof(number, list, string, truth);
const noStrings = fc.oneof(number, object, string, truth, fc.constant(["a", 1]));
const empty: Wrong = fc.constant("");

function under(catalog: JsonObject, paths: readonly Path[], member: string): Path[] {
  return paths.flatMap((path) => {
    const inside = valueAt(catalog, path);
    const held = isObject(inside) ? inside[member] : undefined;
    return isArray(held) ? held.map((_, each) => [...path, member, each]) : [];
  });
}

const services: Places = (catalog) => under(catalog, [[]], "services");
const plans: Places = (catalog) => under(catalog, services(catalog), "plans");
const inside =
  (places: Places, member: string): Places =>
  (catalog) =>
    places(catalog)
      .map((path) => [...path, member])
      .filter((path) => isObject(valueAt(catalog, path)));
const schemas = inside(plans, "schemas");
const instanceSchemas = inside(schemas, "service_instance");
const creations = inside(instanceSchemas, "create");
const published = inside(creations, "parameters");
const maintenance = inside(plans, "maintenance_info");
const clients = inside(services, "dashboard_client");
const serviceMetadata = inside(services, "metadata");
const planMetadata = inside(plans, "metadata");

/** A member of each of these places is, or becomes, one of these values. */
function member(rule: string, places: Places, name: string, to: Wrong, minor: SpecMinor = 17): Defect {
  return { rule, minor, plant: (catalog) => places(catalog).map((path) => ({ path: [...path, name], to })) };
}

/** A member takes the value that another of its kind has. */
function repeatName(rule: string, groups: (catalog: JsonObject) => readonly (readonly Path[])[], name: string): Defect {
  const plant: Defect["plant"] = (catalog) =>
    groups(catalog)
      .filter((paths) => paths.length > 1)
      .flatMap(([first = [], ...others]) =>
        others.map((path) => ({ path: [...path, name], to: fc.constant(valueAt(catalog, [...first, name])) })),
      );
  return { rule, minor: 17, plant };
}

function identity(kind: string, places: Places): Defect[] {
  return ["name", "id", "description"].flatMap((name) => [
    member(`${kind}-${name}-required`, places, name, fc.oneof(absent, noString)),
    member(`${kind}-${name}-nonempty`, places, name, empty),
  ]);
}

const unfriendly = fc.constantFrom("a b", "a_b", "ä", "a/b", "a:b");
const flags = (places: Places, kind: string, names: readonly string[]) =>
  names.map((name) => member(`${kind}-${name.replaceAll("_", "-")}-type`, places, name, noBoolean));
const draft7 = "http://json-schema.org/draft-07/schema#";
const padTo = (chars: number): Wrong =>
  fc.constant({ $schema: draft7, type: "object", description: "x".repeat(chars) });
const withoutBinding: Places = (catalog) =>
  plans(catalog).filter((path) => {
    const owner = valueAt(catalog, path.slice(0, -2));
    const own = valueAt(catalog, [...path, "bindable"]);
    return (own ?? (isObject(owner) ? owner["bindable"] : undefined)) === false;
  });

/** For each rule a way to break it in any valid catalog. */
export const DEFECTS: readonly Defect[] = [
  ...identity("service", services),
  ...identity("plan", plans),
  repeatName("service-name-unique", (catalog) => [services(catalog)], "name"),
  repeatName("service-id-unique", (catalog) => [services(catalog)], "id"),
  repeatName("plan-id-unique", (catalog) => [plans(catalog)], "id"),
  repeatName(
    "plan-name-unique-in-service",
    (catalog) => services(catalog).map((path) => under(catalog, [path], "plans")),
    "name",
  ),
  ...[["service", services] as const, ["plan", plans] as const].flatMap(([kind, places]) => [
    member(`${kind}-id-guid`, places, "id", fc.constantFrom("1", "not-a-guid", "5f0b4c8e00004000800000000000040z")),
    member(`${kind}-name-cli-friendly`, places, "name", unfriendly),
    member(`${kind}-name-lowercase-2-12`, places, "name", fc.constantFrom("A", "a b", "aÄ"), 12),
    member(`${kind}-name-alphabet-2-13`, places, "name", fc.constantFrom("A", "a.b", "a b"), 13),
    member(`${kind}-name-alphabet-2-14`, places, "name", unfriendly, 14),
    member("catalog-strings-max-255", places, "description", fc.constant("x".repeat(256))),
    member("catalog-avoid-cli-unfriendly", places, "name", fc.constantFrom("-", "--", "-a", "…")),
    member(`${kind}-metadata-type`, places, "metadata", noObject),
  ]),
  member("service-tags-type", services, "tags", noStrings),
  member("service-requires-type", services, "requires", noStrings),
  member(
    "service-requires-values",
    services,
    "requires",
    fc.constantFrom(["everything"], ["syslog_drain", "Volume_Mount"]),
  ),
  member("service-bindable-required", services, "bindable", fc.oneof(absent, noBoolean)),
  ...flags(services, "service", [
    "instances_retrievable",
    "bindings_retrievable",
    "allow_context_updates",
    "plan_updateable",
  ]),
  ...flags(plans, "plan", ["free", "bindable", "binding_rotatable", "plan_updateable"]),
  member("service-plan-updateable-spelling", services, "plan_updatable", truth),
  member("service-plan-updateable-spelling", plans, "plan_updatable", truth),
  member("service-dashboard-client-type", services, "dashboard_client", noObject),
  member("service-plans-required", services, "plans", fc.oneof(absent, number, nothing, object, string)),
  member("service-plans-nonempty", services, "plans", fc.constant([])),
  member("plan-schemas-type", plans, "schemas", noObject),
  member("plan-maximum-polling-duration-type", plans, "maximum_polling_duration", fc.oneof(string, fc.constant(1.5))),
  member("plan-maximum-polling-duration-positive", plans, "maximum_polling_duration", fc.integer({ max: 0 })),
  member("plan-maintenance-info-type", plans, "maintenance_info", noObject),
  member("schemas-service-instance-shape", schemas, "service_instance", noObject),
  member("schemas-service-instance-shape", instanceSchemas, "update", noObject),
  member("schemas-service-binding-shape", schemas, "service_binding", noObject),
  member(
    "schemas-binding-only-if-bindable",
    withoutBinding,
    "schemas",
    fc.constant({ service_binding: { create: {} } }),
  ),
  member("schema-parameters-object", creations, "parameters", noObject),
  member("schema-dollar-schema-present", published, "$schema", fc.oneof(absent, empty)),
  member("schema-no-external-refs", published, "$ref", fc.constantFrom("https://example.com/a.json", "other.json#/a")),
  member("schema-max-64kb", creations, "parameters", padTo(66_000)),
  member("schema-max-64000-bytes", creations, "parameters", padTo(64_500)),
  member("schema-valid-for-its-draft", creations, "parameters", fc.constant({ $schema: draft7, type: "objekt" })),
  member("maintenance-version-required", maintenance, "version", fc.oneof(absent, noString)),
  member(
    "maintenance-version-semver",
    maintenance,
    "version",
    fc.constantFrom("1", "1.2", "1.2.03", "v1.2.3", "1.2.3-"),
  ),
  member("maintenance-description-string", maintenance, "description", noString),
  member("metadata-conventional-names", serviceMetadata, "supportUrl", noString),
  member("metadata-conventional-names", planMetadata, "displayName", noString),
  member("metadata-bullets-strings", planMetadata, "bullets", noStrings),
  member(
    "metadata-costs-shape",
    planMetadata,
    "costs",
    fc.constantFrom<Json>("1 €", [5], [{ amount: { eur: 1 } }], [{ amount: { eur: "1" }, unit: "MONTHLY" }]),
  ),
  member("metadata-shareable-boolean", serviceMetadata, "shareable", noBoolean),
  member("dashboard-client-id", clients, "id", fc.oneof(absent, empty, noString)),
  member("dashboard-client-id-2-12", clients, "id", fc.oneof(empty, noString), 13),
  member("dashboard-client-secret-2-12", clients, "secret", fc.oneof(empty, noString), 14),
  member("dashboard-client-secret", clients, "secret", fc.oneof(absent, empty, noString)),
  member("dashboard-client-redirect-uri", clients, "redirect_uri", fc.oneof(noString, fc.constant("not a uri"))),
];

/** A catalog with one defect, drawn among the places where it can be planted; undefined when there is none. */
export function spoilt(defect: Defect, catalog: JsonObject): fc.Arbitrary<Json> | undefined {
  const places = defect.plant(catalog);
  if (places.length === 0) return undefined;
  return fc.constantFrom(...places).chain(({ path, to }) => to.map((value) => replaceAt(catalog, path, value)));
}
