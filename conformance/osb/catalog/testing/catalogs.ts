import fc from "fast-check";
import type { JsonObject } from "../../../client/http/json.ts";

/** Catalogs that are right in every version from 2.11 on, with everything that is optional sometimes there and sometimes not. */

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
const text = fc.string({ minLength: 1, maxLength: 60, unit: "grapheme" });
const filled = text.filter((it) => it.length <= 255);
const semver = fc.constantFrom("0.0.1", "1.2.3", "10.20.30-rc.1", "2.0.0+build.5", "1.0.0-0A.is.legal");
const url = fc.webUrl();
const draft = fc.constantFrom(
  "http://json-schema.org/draft-04/schema#",
  "http://json-schema.org/draft-06/schema#",
  "http://json-schema.org/draft-07/schema#",
  "https://json-schema.org/draft/2019-09/schema",
  "https://json-schema.org/draft/2020-12/schema",
);
const properties: readonly JsonObject[] = [
  {},
  { size: { type: "integer", minimum: 1, maximum: 9 } },
  { region: { type: "string", enum: ["eu", "us"] }, tags: { type: "array", items: { type: "string" } } },
  { nested: { $ref: "#/definitions/name" } },
];
const definitions: JsonObject = { name: { type: "string" } };
const schema: fc.Arbitrary<JsonObject> = fc
  .record({ draft, properties: fc.constantFrom(...properties) })
  .map((it) => ({ $schema: it.draft, type: "object", definitions, properties: it.properties }));
const input = fc.record({ parameters: schema }, { requiredKeys: [] });

const vendor: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
  {},
  { "acme.example/colour": "red" },
  { acme_level: 3 },
);
const cost = fc.record({ amount: fc.dictionary(name, fc.nat()), unit: filled });

/** Members that may be left out come out as such; `undefined` never stands in a catalog. */
const optional = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: (keyof T)[]) =>
  fc.record(model, { requiredKeys }) as unknown as fc.Arbitrary<JsonObject>;

const planMetadata = optional(
  { displayName: text, bullets: fc.array(text, { maxLength: 3 }), costs: fc.array(cost, { maxLength: 2 }) },
  [],
);
const serviceMetadata = optional(
  {
    displayName: text,
    imageUrl: url,
    longDescription: text,
    providerDisplayName: text,
    documentationUrl: url,
    supportUrl: url,
    shareable: fc.boolean(),
  },
  [],
);
const maintenance = optional({ version: semver, description: text }, ["version"]);
const client = optional({ id: filled, secret: filled, redirect_uri: url }, ["id", "secret"]);
const schemas = optional(
  {
    service_instance: fc.record({ create: input, update: input }, { requiredKeys: [] }),
    service_binding: fc.record({ create: input }, { requiredKeys: [] }),
  },
  [],
);

const plan = optional(
  {
    id: fc.uuid(),
    name,
    description: filled,
    metadata: planMetadata,
    free: fc.boolean(),
    bindable: fc.boolean(),
    binding_rotatable: fc.boolean(),
    plan_updateable: fc.boolean(),
    schemas,
    maximum_polling_duration: fc.integer({ min: 1, max: 604_800 }),
    maintenance_info: maintenance,
  },
  ["id", "name", "description"],
);

const service = optional(
  {
    id: fc.uuid(),
    name,
    description: filled,
    tags: fc.array(text, { maxLength: 3 }),
    requires: fc.subarray(["syslog_drain", "route_forwarding", "volume_mount"]),
    bindable: fc.boolean(),
    instances_retrievable: fc.boolean(),
    bindings_retrievable: fc.boolean(),
    allow_context_updates: fc.boolean(),
    metadata: serviceMetadata,
    dashboard_client: client,
    plan_updateable: fc.boolean(),
    plans: fc.uniqueArray(fc.tuple(plan, vendor).map(join), {
      minLength: 1,
      maxLength: 3,
      selector: (it) => it["name"],
    }),
  },
  ["id", "name", "description", "bindable", "plans"],
);

function join([own, more]: [JsonObject, JsonObject]): JsonObject {
  return { ...more, ...own };
}

const plansOf = (it: JsonObject) => it["plans"] as readonly JsonObject[];

/** A plan that is not bindable publishes no schema for bindings. */
function withFittingSchemas(it: JsonObject): JsonObject {
  const fit = (each: JsonObject): JsonObject => {
    const isBindable = (each["bindable"] ?? it["bindable"]) === true;
    const published = each["schemas"] as JsonObject | undefined;
    if (isBindable || published?.["service_binding"] === undefined) return each;
    const { service_instance: instance } = published;
    return { ...each, schemas: instance === undefined ? {} : { service_instance: instance } };
  };
  return { ...it, plans: plansOf(it).map(fit) };
}

const idsIn = (services: readonly JsonObject[]) =>
  services.flatMap((it) => [it["id"], ...plansOf(it).map((each) => each["id"])]);

/** Any valid catalog. */
export const catalogs: fc.Arbitrary<JsonObject> = fc
  .uniqueArray(fc.tuple(service, vendor).map(join).map(withFittingSchemas), {
    maxLength: 3,
    selector: (it) => it["name"],
  })
  .filter((services) => new Set(idsIn(services)).size === idsIn(services).length)
  .map((services) => ({ services }));
