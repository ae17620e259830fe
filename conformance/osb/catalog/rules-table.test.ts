import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../client/http/json.ts";
import { CATALOG_RULES } from "./rules.ts";

/** Puts a value where a rule looks for it, in a catalog that has nothing else. */
const offeringWith =
  (member: string) =>
  (value: Json): Json => ({ services: [{ [member]: value }] });
const planWith =
  (member: string) =>
  (value: Json): Json => ({ services: [{ bindable: true, plans: [{ [member]: value }] }] });
const schema = (value: Json): Json => planWith("schemas")({ service_instance: { create: { parameters: value } } });
const names = (...all: readonly string[]): Json => ({ services: all.map((name) => ({ name })) });
const schemaOfSize = (bytes: number): Json => {
  const empty: JsonObject = { description: "" };
  return schema({ description: "x".repeat(bytes - JSON.stringify(empty).length) });
};
const draft7 = "http://json-schema.org/draft-07/schema#";

/** Rule, catalogs that it passes, catalogs that it faults. */
const TABLE: readonly (readonly [id: string, right: readonly Json[], wrong: readonly Json[]])[] = [
  ["service-name-required", [offeringWith("name")("a")], [{ services: [{}] }, offeringWith("name")(5)]],
  ["service-name-nonempty", [offeringWith("name")("a")], [offeringWith("name")("")]],
  ["service-name-unique", [names("a", "A")], [names("a", "b", "a")]],
  [
    "service-name-cli-friendly",
    ["a", "A.b-9"].map(offeringWith("name")),
    ["a b", "a_b", "ä"].map(offeringWith("name")),
  ],
  [
    "service-name-lowercase-2-12",
    ["a_9", "a.b", "ä"].map(offeringWith("name")),
    ["A", "a b"].map(offeringWith("name")),
  ],
  ["service-name-alphabet-2-13", ["a-9"].map(offeringWith("name")), ["A", "a.b"].map(offeringWith("name"))],
  [
    "service-id-guid",
    [offeringWith("id")("5F0B4C8E-0000-4000-8000-000000000100")],
    ["5f0b4c8e-0000-4000-8000-00000000010", "5f0b4c8e000040008000000000000100"].map(offeringWith("id")),
  ],
  ["service-tags-type", [[], ["a"], null].map(offeringWith("tags")), ["a", ["a", 5]].map(offeringWith("tags"))],
  [
    "service-requires-values",
    [["volume_mount"], []].map(offeringWith("requires")),
    [offeringWith("requires")(["all"])],
  ],
  [
    "service-bindable-required",
    [false, true].map(offeringWith("bindable")),
    ["true", null].map(offeringWith("bindable")),
  ],
  ["service-plan-updateable-spelling", [offeringWith("plan_updateable")(true)], [planWith("plan_updatable")(true)]],
  ["service-plans-nonempty", [offeringWith("plans")([{}])], [offeringWith("plans")([])]],
  [
    "plan-id-unique",
    [{ services: [{ plans: [{ id: "a" }] }, { plans: [{ id: "b" }] }] }],
    [{ services: [{ plans: [{ id: "a" }] }, { plans: [{ id: "a" }] }] }],
  ],
  [
    "plan-name-unique-in-service",
    [{ services: [{ plans: [{ name: "a" }] }, { plans: [{ name: "a" }] }] }],
    [{ services: [{ plans: [{ name: "a" }, { name: "a" }] }] }],
  ],
  [
    "plan-maximum-polling-duration-type",
    [0, 60].map(planWith("maximum_polling_duration")),
    [1.5, "60"].map(planWith("maximum_polling_duration")),
  ],
  [
    "plan-maximum-polling-duration-positive",
    [1].map(planWith("maximum_polling_duration")),
    [0, -1].map(planWith("maximum_polling_duration")),
  ],
  [
    "schemas-binding-only-if-bindable",
    [planWith("schemas")({ service_binding: {} })],
    [{ services: [{ bindable: true, plans: [{ bindable: false, schemas: { service_binding: {} } }] }] }],
  ],
  ["schema-dollar-schema-present", [schema({ $schema: draft7 })], [schema({}), schema({ $schema: "" })]],
  [
    "schema-no-external-refs",
    [schema({ $ref: "#/definitions/a" }), schema({ $id: "urn:a", properties: { b: { $ref: "urn:a#/c" } } })],
    [
      schema({ properties: { a: { $ref: "https://example.com/a.json" } } }),
      schema({ allOf: [{ $ref: "other.json#/a" }] }),
    ],
  ],
  ["schema-max-64kb", [schemaOfSize(65_536)], [schemaOfSize(65_537)]],
  [
    "schema-max-64000-bytes",
    [schemaOfSize(64_000), schemaOfSize(65_537)],
    [schemaOfSize(64_001), schemaOfSize(65_536)],
  ],
  [
    "schema-valid-for-its-draft",
    [schema({ $schema: draft7, type: "object" })],
    [schema({ $schema: draft7, type: "objekt" })],
  ],
  [
    "maintenance-version-semver",
    ["1.2.3", "0.0.0-rc.1+build.7"].map((version) => planWith("maintenance_info")({ version })),
    ["1.2", "01.2.3", "v1.2.3", "1.2.3-01"].map((version) => planWith("maintenance_info")({ version })),
  ],
  [
    "metadata-costs-shape",
    [planWith("metadata")({ costs: [{ amount: { usd: 1 }, unit: "MONTHLY" }] })],
    [
      planWith("metadata")({ costs: [{ amount: { usd: "1" }, unit: "MONTHLY" }] }),
      planWith("metadata")({ costs: [{ amount: { usd: 1 } }] }),
    ],
  ],
  [
    "dashboard-client-redirect-uri",
    [offeringWith("dashboard_client")({ redirect_uri: "https://a.example/" })],
    [offeringWith("dashboard_client")({ redirect_uri: "/a" })],
  ],
  [
    "catalog-strings-max-255",
    ["x".repeat(255), "😀".repeat(255)].map(offeringWith("description")),
    ["x".repeat(256)].map(offeringWith("description")),
  ],
  [
    "catalog-avoid-cli-unfriendly",
    ["a", "日本"].map(offeringWith("name")),
    ["-", "-a", "..."].map(offeringWith("name")),
  ],
];

describe("the rules about catalogs, case by case", () => {
  it.each(TABLE)("%s", (id, right, wrong) => {
    const rule = CATALOG_RULES.find((each) => (each.id ?? each.clauses[0]) === id);
    const faultsOf = (catalog: Json) => rule?.find(catalog).faults ?? ["there is no such rule"];
    for (const catalog of right) expect(faultsOf(catalog)).toEqual([]);
    for (const catalog of wrong) expect(faultsOf(catalog)).not.toEqual([]);
  });

  it("name the place of a fault in the catalog", () => {
    const rule = CATALOG_RULES.find(({ clauses }) => clauses[0] === "plan-name-required");
    expect(rule?.find({ services: [{ plans: [{ name: "a" }, { name: 5 }] }] })).toEqual({
      looked: 2,
      faults: ["services[0].plans[1].name is 5"],
    });
  });
});
