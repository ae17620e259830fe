import { isArray, isObject, type Json, type JsonObject, stringOf } from "../../client/http/json.ts";
import { compileSchema } from "../../client/schema.ts";
import { type CatalogRule, type Finding, judge, rule } from "./rule.ts";
import { both, children, objectsAt, plans, present, services } from "./spots.ts";
import { isRecord } from "./values.ts";

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

/** Rules about the schemas of plans (spec.md, "Schemas Object", "Input Parameters Schema Object"). */
export const SCHEMA_RULES: readonly CatalogRule[] = [
  rule(
    "schemas-service-instance-shape",
    '"schemas.service_instance" is an object with the objects create and update',
    "service_instance to be an object with the objects create and update",
    judge(
      present(schemas, "service_instance"),
      (value) => isObject(value) && optionalObject(value, "create") && optionalObject(value, "update"),
    ),
  ),
  rule(
    "schemas-service-binding-shape",
    '"schemas.service_binding" is an object with the object create',
    "service_binding to be an object with the object create",
    judge(present(schemas, "service_binding"), (value) => isObject(value) && optionalObject(value, "create")),
  ),
  rule(
    "schemas-binding-only-if-bindable",
    "Only bindable plans have a binding schema",
    "binding schemas on bindable plans only",
    nonBindableWithSchema,
  ),
  rule(
    "schema-parameters-object",
    "A parameters schema is an object",
    "parameters to be a JSON schema as an object",
    judge(present(inputs, "parameters"), isRecord),
  ),
  rule(
    "schema-dollar-schema-present",
    "A parameters schema names its draft in $schema",
    "$schema to name the draft",
    judge(published, (value) => isObject(value) && (stringOf(value["$schema"]) ?? "") !== ""),
  ),
  rule(
    "schema-no-external-refs",
    "A parameters schema refers to no other document",
    "no reference out of the document",
    judge(published, (value) => externalRefs(value, new Set(idsIn(value))).length === 0),
  ),
  rule(
    "schema-max-64kb",
    "A parameters schema has at most 64 kB",
    "at most 64 kB",
    judge(published, (value) => bytesOf(value) <= 65_536),
  ),
  rule(
    "schema-max-64kb",
    "A parameters schema has at most 64,000 bytes",
    "at most 64,000 bytes, however kB is read",
    judge(published, (value) => bytesOf(value) <= 64_000 || bytesOf(value) > 65_536),
    {
      id: "schema-max-64000-bytes",
      level: "SHOULD",
    },
  ),
  rule(
    "schema-valid-for-its-draft",
    "A parameters schema is valid for the draft that it names",
    "a valid schema of its draft",
    judge(published, (value) => {
      if (!isObject(value) || typeof value["$schema"] !== "string") return true;
      if (externalRefs(value, new Set(idsIn(value))).length > 0) return true;
      return compileSchema(value).kind !== "invalid";
    }),
  ),
];
