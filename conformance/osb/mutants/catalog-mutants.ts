import type { Json, JsonObject } from "../../http/json.ts";
import type { SpecMinor } from "../../runner/check.ts";
import { alter, is, type Middleware, type Mutant, mutant } from "./mutant.ts";
import { type Path, replaced } from "./replaced.ts";
import { jsonOf } from "./wire.ts";

const S: Path = ["services", 3];
const P: Path = [...S, "plans", 0];
/** A plan that is neither bound nor updated, so that little else depends on it. */
const ARCHIVE: Path = ["services", 0, "plans", 2];
const long = "x".repeat(256);
const draft7 = "http://json-schema.org/draft-07/schema#";
const create = (parameters: Json): Json => ({ service_instance: { create: { parameters } } });
const big = (bytes: number): Json => ({ $schema: draft7, type: "object", description: "x".repeat(bytes) });

/** Check, path in the catalog, and what stands there; undefined: nothing. */
type Row = readonly [
  check: string,
  path: Path,
  to: Json | undefined,
  options?: { also?: readonly string[]; minor?: SpecMinor },
];

const ROWS: readonly Row[] = [
  ["catalog-strings-max-255", [...ARCHIVE, "description"], long],
  ["catalog-avoid-cli-unfriendly", [...ARCHIVE, "name"], "-"],
  ["service-name-required", [...S, "name"], 5],
  ["service-name-nonempty", [...S, "name"], "", { also: ["service-name-cli-friendly"] }],
  ["service-name-unique", [...S, "name"], "memory-logs"],
  ["service-name-cli-friendly", [...S, "name"], "memory_volumes"],
  ["service-name-alphabet-2-13", [...S, "name"], "Memory-volumes", { minor: 13 }],
  ["service-name-alphabet-2-14", [...S, "name"], "memory_volumes", { minor: 14 }],
  ["service-id-required", [...S, "id"], 5],
  ["service-id-nonempty", [...S, "id"], "", { also: ["service-id-guid"] }],
  ["service-description-required", [...S, "description"], undefined],
  ["service-description-nonempty", [...S, "description"], ""],
  ["service-tags-type", [...S, "tags"], "database"],
  [
    "service-requires-type",
    [...S, "requires"],
    "volume_mount",
    { also: ["bind-credentials-required", "bind-volume-mounts-declared", "fetch-binding-permissions-declared"] },
  ],
  ["service-requires-values", [...S, "requires"], ["volume_mount", "everything"]],
  ["service-bindable-required", [...S, "bindable"], "true"],
  ["service-instances-retrievable-type", [...S, "instances_retrievable"], "true"],
  ["service-bindings-retrievable-type", [...S, "bindings_retrievable"], "true"],
  ["service-allow-context-updates-type", [...S, "allow_context_updates"], "true"],
  ["service-metadata-type", [...S, "metadata"], "text"],
  ["service-dashboard-client-type", [...S, "dashboard_client"], "text"],
  ["service-plan-updateable-type", [...S, "plan_updateable"], "true"],
  ["service-plan-updateable-spelling", [...S, "plan_updatable"], true],
  ["service-plans-required", [...S, "plans"], undefined],
  ["service-plans-nonempty", [...S, "plans"], []],
  ["plan-id-required", [...P, "id"], 7],
  ["plan-id-nonempty", [...P, "id"], "", { also: ["plan-id-guid"] }],
  ["plan-id-unique", [...ARCHIVE, "id"], "5f0b4c8e-0000-4000-8000-000000000101"],
  ["plan-name-required", [...ARCHIVE, "name"], undefined],
  ["plan-name-nonempty", [...ARCHIVE, "name"], "", { also: ["plan-name-cli-friendly"] }],
  ["plan-name-unique-in-service", [...ARCHIVE, "name"], "small"],
  ["plan-name-cli-friendly", [...ARCHIVE, "name"], "the archive"],
  ["plan-name-alphabet-2-13", [...ARCHIVE, "name"], "Archive", { minor: 13 }],
  ["plan-name-alphabet-2-14", [...ARCHIVE, "name"], "the_archive", { minor: 14 }],
  ["plan-description-required", [...ARCHIVE, "description"], undefined],
  ["plan-description-nonempty", [...ARCHIVE, "description"], ""],
  ["plan-metadata-type", [...ARCHIVE, "metadata"], "text"],
  ["plan-free-type", [...ARCHIVE, "free"], "no"],
  ["plan-bindable-type", [...ARCHIVE, "bindable"], "no"],
  ["plan-binding-rotatable-type", [...ARCHIVE, "binding_rotatable"], "no"],
  ["plan-plan-updateable-type", [...ARCHIVE, "plan_updateable"], "no"],
  ["plan-schemas-type", [...ARCHIVE, "schemas"], "none"],
  ["plan-maximum-polling-duration-type", [...ARCHIVE, "maximum_polling_duration"], "60"],
  ["plan-maximum-polling-duration-positive", [...ARCHIVE, "maximum_polling_duration"], 0],
  ["plan-maintenance-info-type", [...ARCHIVE, "maintenance_info"], "1.0.0"],
  ["schemas-service-instance-shape", [...ARCHIVE, "schemas"], { service_instance: [] }],
  ["schemas-service-binding-shape", [...P, "schemas"], { service_binding: { create: [] } }],
  ["schemas-binding-only-if-bindable", [...ARCHIVE, "schemas"], { service_binding: { create: {} } }],
  ["schema-parameters-object", [...ARCHIVE, "schemas"], create("e30=")],
  ["schema-dollar-schema-present", [...ARCHIVE, "schemas"], create({ type: "object" })],
  [
    "schema-no-external-refs",
    [...ARCHIVE, "schemas"],
    create({ $schema: draft7, $ref: "https://example.com/schema.json" }),
  ],
  ["schema-max-64kb", [...ARCHIVE, "schemas"], create(big(66_000))],
  ["schema-max-64000-bytes", [...ARCHIVE, "schemas"], create(big(64_500))],
  ["schema-valid-for-its-draft", [...ARCHIVE, "schemas"], create({ $schema: draft7, type: "objekt" })],
  ["maintenance-version-required", [...ARCHIVE, "maintenance_info"], { description: "none" }],
  ["maintenance-version-semver", [...ARCHIVE, "maintenance_info"], { version: "1.2" }],
  ["maintenance-description-string", [...ARCHIVE, "maintenance_info"], { version: "1.2.3", description: 5 }],
  ["metadata-conventional-names", [...S, "metadata"], { displayName: 5 }],
  ["metadata-bullets-strings", [...ARCHIVE, "metadata"], { bullets: "one" }],
  ["metadata-costs-shape", [...ARCHIVE, "metadata"], { costs: [{ amount: 5 }] }],
  ["metadata-shareable-boolean", [...S, "metadata"], { shareable: "true" }],
  ["dashboard-client-id", [...S, "dashboard_client"], { secret: "a" }],
  ["dashboard-client-secret", [...S, "dashboard_client"], { id: "a", secret: "" }],
  ["dashboard-client-redirect-uri", [...S, "dashboard_client"], { id: "a", secret: "b", redirect_uri: "not a uri" }],
];

/** The catalog that a row makes of a right one. Exported for tests of the rules alone. */
export const catalogDefects = ROWS.map(([check, path, to, options]) => ({
  check,
  minor: options?.minor ?? 17,
  apply: (catalog: Json) => replaced(catalog, path, to),
}));

/** Another name for a service or a plan: the catalog and all requests know it by that. */
function renamed(check: string, from: string, to: string): Mutant {
  const middleware: Middleware = async (request, next) => {
    const query = Object.entries(request.query).map(([name, value]) => [name, value === to ? from : value]);
    const text = request.text.replaceAll(JSON.stringify(to), JSON.stringify(from));
    const response = await next({ ...request, query: Object.fromEntries(query), text });
    return { ...response, text: response.text.replaceAll(JSON.stringify(from), JSON.stringify(to)) };
  };
  return mutant(check, `The id ${from} is ${to} to the platform.`, middleware);
}

/** The service of volumes goes by the id of another; the broker tells them apart by the plan. */
function twin(check: string, from: string, to: string, planId: string): Mutant {
  const mend = (it: JsonObject): JsonObject =>
    it["plan_id"] === planId && it["service_id"] === to ? { ...it, service_id: from } : it;
  const middleware: Middleware = async (request, next) => {
    const text = request.text === "" ? "" : JSON.stringify(mend(jsonOf(request)));
    const isSound = Object.keys(jsonOf(request)).length > 0;
    const query = mend(request.query) as Record<string, string>;
    const response = await next({ ...request, query, ...(isSound ? { text } : {}) });
    return { ...response, text: response.text.replaceAll(JSON.stringify(from), JSON.stringify(to)) };
  };
  return mutant(check, `Two services have the id ${to}: what the one returns seems to be the other's.`, middleware, {
    also: ["bind-volume-mounts-declared", "fetch-binding-permissions-declared"],
  });
}

export const catalogMutants: readonly Mutant[] = [
  renamed("service-id-guid", "5f0b4c8e-0000-4000-8000-000000000400", "service-of-volumes"),
  twin(
    "service-id-unique",
    "5f0b4c8e-0000-4000-8000-000000000400",
    "5f0b4c8e-0000-4000-8000-000000000300",
    "5f0b4c8e-0000-4000-8000-000000000401",
  ),
  renamed("plan-id-guid", "5f0b4c8e-0000-4000-8000-000000000401", "plan-of-volumes"),
  ...ROWS.map(([check, path, to, options]) => {
    const change = alter(["catalog"], is(200), (response) => ({
      ...response,
      text: JSON.stringify(replaced(jsonOf(response), path, to)),
    }));
    const said = JSON.stringify(to)?.slice(0, 60) ?? "nothing";
    return mutant(check, `The catalog has ${said} at ${path.join(".")}.`, change, options);
  }),
];
