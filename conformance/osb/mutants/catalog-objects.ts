import { type Json, type JsonObject, stringOf } from "../../client/http/json.ts";
import { readCatalog } from "../../client/catalog.ts";
import { jsonOf } from "../memory-broker/http.ts";
import { is } from "./changes.ts";
import { alter } from "./middleware.ts";
import { type Mutant, mutant } from "./mutant.ts";
import { type Path, replaceAt, valueAt } from "./paths.ts";
import type { Middleware } from "./traffic.ts";
import type { SpecMinor } from "../../client/spec-version.ts";

/** The last offering, which few requests are about, and its first plan. */
const LAST_SERVICE: Path = ["services", "last"];
const LAST_PLAN: Path = [...LAST_SERVICE, "plans", 0];
/** In memory a plan that is neither bound nor updated, so that little else depends on it. */
const ARCHIVE: Path = ["services", 0, "plans", "last"];
const FIRST_PLAN: Path = ["services", 0, "plans", 0];
const LONG_TEXT = "x".repeat(256);
const DRAFT_7 = "http://json-schema.org/draft-07/schema#";
const createSchema = (parameters: Json): Json => ({ service_instance: { create: { parameters } } });
const bigSchema = (bytes: number): Json => ({ $schema: DRAFT_7, type: "object", description: "x".repeat(bytes) });

/** Check, path in the catalog, and what stands there; undefined: nothing; a path: what stands at that. */
type CatalogDefect = readonly [
  check: string,
  path: Path,
  to: Json | undefined | { readonly as: Path },
  options?: { also?: readonly string[]; minor?: SpecMinor; words?: string },
];

const CATALOG_DEFECTS: readonly CatalogDefect[] = [
  ["catalog-strings-max-255", [...ARCHIVE, "description"], LONG_TEXT],
  ["catalog-avoid-cli-unfriendly", [...ARCHIVE, "name"], "-"],
  ["service-name-required", [...LAST_SERVICE, "name"], 5],
  ["service-name-nonempty", [...LAST_SERVICE, "name"], "", { also: ["service-name-cli-friendly"] }],
  ["service-name-unique", [...LAST_SERVICE, "name"], { as: ["services", 0, "name"] }],
  ["service-name-cli-friendly", [...LAST_SERVICE, "name"], "memory_volumes"],
  ["service-name-lowercase-2-12", [...LAST_SERVICE, "name"], "Memory-volumes", { minor: 12 }],
  ["service-name-alphabet-2-13", [...LAST_SERVICE, "name"], "Memory-volumes", { minor: 13 }],
  ["service-name-alphabet-2-14", [...LAST_SERVICE, "name"], "memory_volumes", { minor: 14 }],
  ["service-id-required", [...LAST_SERVICE, "id"], 5],
  ["service-id-nonempty", [...LAST_SERVICE, "id"], "", { also: ["service-id-guid"] }],
  ["service-description-required", [...LAST_SERVICE, "description"], undefined],
  ["service-description-nonempty", [...LAST_SERVICE, "description"], ""],
  ["service-tags-type", [...LAST_SERVICE, "tags"], "database"],
  [
    "service-requires-type",
    [...LAST_SERVICE, "requires"],
    "volume_mount",
    { also: ["bind-credentials-required", "bind-volume-mounts-declared", "fetch-binding-permissions-declared"] },
  ],
  ["service-requires-values", [...LAST_SERVICE, "requires"], ["volume_mount", "everything"]],
  ["service-bindable-required", [...LAST_SERVICE, "bindable"], "true"],
  ["service-instances-retrievable-type", [...LAST_SERVICE, "instances_retrievable"], "true"],
  ["service-bindings-retrievable-type", [...LAST_SERVICE, "bindings_retrievable"], "true"],
  ["service-allow-context-updates-type", [...LAST_SERVICE, "allow_context_updates"], "true"],
  ["service-metadata-type", [...LAST_SERVICE, "metadata"], "text"],
  ["service-dashboard-client-type", [...LAST_SERVICE, "dashboard_client"], "text"],
  ["service-plan-updateable-type", [...LAST_SERVICE, "plan_updateable"], "true"],
  ["service-plan-updateable-spelling", [...LAST_SERVICE, "plan_updatable"], true],
  ["service-plans-required", [...LAST_SERVICE, "plans"], undefined],
  ["service-plans-nonempty", [...LAST_SERVICE, "plans"], []],
  ["plan-id-required", [...LAST_PLAN, "id"], 7],
  ["plan-id-nonempty", [...LAST_PLAN, "id"], "", { also: ["plan-id-guid"] }],
  ["plan-id-unique", [...ARCHIVE, "id"], { as: [...FIRST_PLAN, "id"] }],
  ["plan-name-required", [...ARCHIVE, "name"], undefined],
  ["plan-name-nonempty", [...ARCHIVE, "name"], "", { also: ["plan-name-cli-friendly"] }],
  ["plan-name-unique-in-service", [...ARCHIVE, "name"], { as: [...FIRST_PLAN, "name"] }],
  ["plan-name-cli-friendly", [...ARCHIVE, "name"], "the archive"],
  ["plan-name-lowercase-2-12", [...ARCHIVE, "name"], "the archive", { minor: 11 }],
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
  ["schemas-service-binding-shape", [...LAST_PLAN, "schemas"], { service_binding: { create: [] } }],
  ["schemas-binding-only-if-bindable", [...ARCHIVE, "schemas"], { service_binding: { create: {} } }],
  ["schema-parameters-object", [...ARCHIVE, "schemas"], createSchema("e30=")],
  ["schema-dollar-schema-present", [...ARCHIVE, "schemas"], createSchema({ type: "object" })],
  [
    "schema-no-external-refs",
    [...ARCHIVE, "schemas"],
    createSchema({ $schema: DRAFT_7, $ref: "https://example.com/schema.json" }),
    { words: "a schema that refers to another document" },
  ],
  ["schema-max-64kb", [...ARCHIVE, "schemas"], createSchema(bigSchema(66_000)), { words: "a schema of 66,000 bytes" }],
  [
    "schema-max-64000-bytes",
    [...ARCHIVE, "schemas"],
    createSchema(bigSchema(64_500)),
    { words: "a schema of 64,500 bytes" },
  ],
  [
    "schema-valid-for-its-draft",
    [...ARCHIVE, "schemas"],
    createSchema({ $schema: DRAFT_7, type: "objekt" }),
    { words: "a schema that is none" },
  ],
  ["maintenance-version-required", [...ARCHIVE, "maintenance_info"], { description: "none" }],
  ["maintenance-version-semver", [...ARCHIVE, "maintenance_info"], { version: "1.2" }],
  ["maintenance-description-string", [...ARCHIVE, "maintenance_info"], { version: "1.2.3", description: 5 }],
  ["metadata-conventional-names", [...LAST_SERVICE, "metadata"], { displayName: 5 }],
  ["metadata-bullets-strings", [...ARCHIVE, "metadata"], { bullets: "one" }],
  ["metadata-costs-shape", [...ARCHIVE, "metadata"], { costs: [{ amount: 5 }] }],
  ["metadata-shareable-boolean", [...LAST_SERVICE, "metadata"], { shareable: "true" }],
  ["dashboard-client-id", [...LAST_SERVICE, "dashboard_client"], { secret: "a" }],
  ["dashboard-client-secret", [...LAST_SERVICE, "dashboard_client"], { id: "a", secret: "" }],
  ["dashboard-client-id-2-12", [...LAST_SERVICE, "dashboard_client"], { id: "", secret: "a" }, { minor: 13 }],
  ["dashboard-client-secret-2-12", [...LAST_SERVICE, "dashboard_client"], { id: "a", secret: 5 }, { minor: 14 }],
  [
    "dashboard-client-redirect-uri",
    [...LAST_SERVICE, "dashboard_client"],
    { id: "a", secret: "b", redirect_uri: "not a uri" },
  ],
];

/** Another id for a service or a plan: the catalog and all requests know it by that. */
function renameId(check: string, path: Path, to: string): Mutant {
  const middleware: Middleware = async (request, next, memory) => {
    const from = () => stringOf(valueAt(memory.catalog, path)) ?? to;
    const query = Object.entries(request.query).map(([name, value]) => [name, value === to ? from() : value]);
    const text = request.text.replaceAll(JSON.stringify(to), JSON.stringify(from()));
    const response = await next({ ...request, query: Object.fromEntries(query), text });
    return { ...response, text: response.text.replaceAll(JSON.stringify(from()), JSON.stringify(to)) };
  };
  return mutant(check, `The id at ${path.join(".")} is ${to} to the platform.`, middleware);
}

/** The last service goes by the id of the one before; the broker distinguishes them by the plan. */
const shareServiceId: Middleware = async (request, next, memory) => {
  const idAt = (...path: Path): string => stringOf(valueAt(memory.catalog, ["services", ...path])) ?? "";
  const [from, planId] = [idAt("last", "id"), idAt("last", "plans", 0, "id")];
  const mend = <T extends JsonObject>(it: T): T => (it["plan_id"] === planId ? { ...it, service_id: from } : it);
  const sent = jsonOf(request);
  const text = Object.keys(sent).length > 0 ? JSON.stringify(mend(sent)) : request.text;
  const response = await next({ ...request, query: mend(request.query), text });
  const count = readCatalog(memory.catalog).length;
  if (request.path[1] !== "catalog" || response.status !== 200 || count < 2) return response;
  return {
    ...response,
    text: JSON.stringify(replaceAt(jsonOf(response), [...LAST_SERVICE, "id"], idAt(count - 2, "id"))),
  };
};

const isCopy = (to: CatalogDefect[2]): to is { readonly as: Path } =>
  typeof to === "object" && to !== null && "as" in to && Array.isArray(to.as);

function catalogMutant([check, path, to, options]: CatalogDefect): Mutant {
  const change = alter(["catalog"], is(200), (response) => {
    const value = isCopy(to) ? valueAt(jsonOf(response), to.as) : to;
    return { ...response, text: JSON.stringify(replaceAt(jsonOf(response), path, value)) };
  });
  const said =
    options?.words ?? (isCopy(to) ? `what is at ${to.as.join(".")}` : (JSON.stringify(to)?.slice(0, 60) ?? "nothing"));
  const { words: _words, ...rest } = options ?? {};
  const where = options?.minor === undefined ? "" : ` of a broker of 2.${options.minor}`;
  return mutant(check, `The catalog${where} has ${said} at ${path.join(".")}.`, change, rest);
}

/** Planted defects for the rules about the objects of the catalog. */
export const catalogMutants: readonly Mutant[] = [
  renameId("service-id-guid", [...LAST_SERVICE, "id"], "service-of-volumes"),
  renameId("plan-id-guid", [...LAST_PLAN, "id"], "plan-of-volumes"),
  mutant(
    "service-id-unique",
    "Two services have one id: what the one returns seems to be the other's.",
    shareServiceId,
    {
      also: [
        "bind-volume-mounts-declared",
        "fetch-binding-permissions-declared",
        "provision-missing-service-id-400",
        "provision-invalid-service-id",
        "bind-missing-service-id-400",
        "unbind-missing-service-id-400",
        "deprovision-missing-service-id-400",
      ],
    },
  ),
  ...CATALOG_DEFECTS.map(catalogMutant),
];
