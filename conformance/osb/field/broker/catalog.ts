import type { JsonObject } from "../../../client/http/json.ts";

const SERVICE = "a1c0ffee-0000-4000-8000-000000000001";
const PLANS = [
  ["small", "a1c0ffee-0000-4000-8000-000000000011"],
  ["large", "a1c0ffee-0000-4000-8000-000000000012"],
] as const;

/** Differences from the plain catalog; a member that is undefined is left out. */
interface CatalogChange {
  readonly service?: Readonly<Record<string, JsonObject[string] | undefined>>;
  /** Of each plan. */
  readonly plan?: Readonly<Record<string, JsonObject[string] | undefined>>;
  /** Of the second plan only, after `plan`. */
  readonly second?: Readonly<Record<string, JsonObject[string] | undefined>>;
}

function withoutUndefined(members: Readonly<Record<string, JsonObject[string] | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** A database in two sizes, with these differences. */
export function catalogWith({ service = {}, plan = {}, second = {} }: CatalogChange = {}): JsonObject {
  const plans = PLANS.map(([name, id], at) =>
    withoutUndefined({ id, name, description: `A ${name} database`, ...plan, ...(at === 1 ? second : {}) }),
  );
  const offering = {
    id: SERVICE,
    name: "field-db",
    description: "A database as others make it",
    bindable: true,
    plan_updateable: true,
    plans,
  };
  return { services: [withoutUndefined({ ...offering, ...service })] };
}

/** Instances and bindings can be fetched (2.14). */
export const RETRIEVABLE: CatalogChange = { service: { instances_retrievable: true, bindings_retrievable: true } };

const schemaOf = (name: string): JsonObject => ({
  parameters: {
    $schema: "http://json-schema.org/draft-04/schema#",
    type: "object",
    properties: { [name]: { type: "integer", minimum: 1, maximum: 9 } },
    additionalProperties: false,
  },
});

/** Schemas for all parameters (2.13). */
export const SCHEMAS: JsonObject = {
  service_instance: { create: schemaOf("nodes"), update: schemaOf("nodes") },
  service_binding: { create: schemaOf("connections") },
};
