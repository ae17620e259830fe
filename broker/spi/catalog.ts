import type { CatalogConfig } from "../config.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Offering, Plan, SchemaProperties, Service } from "./services/service.ts";

/** The current offer of a control plane. Instances of a withdrawn plan live on. */
export interface Catalog {
  readonly offerings: readonly Offering[];
  /** The releases and stemcell of new instances, to which others may be updated. */
  readonly maintenance: Maintenance;
}

/**
 * What a configuration chooses from a service. Default: its first version, in all plans.
 *
 * @throws RangeError naming a version or plan that does not exist, or if nothing is left
 */
export function chooseCatalog(service: Service, maintenance: Maintenance, config: CatalogConfig = {}): Catalog {
  const { versions = service.offerings.slice(0, 1).map(({ version }) => version), plans } = config;
  for (const version of versions)
    if (!service.offerings.some((each) => each.version === version))
      throw new RangeError(`${service.product} has no version ${version}`);
  for (const name of plans ?? [])
    if (!service.plans.some((each) => each.name === name)) throw new RangeError(`${service.kind} has no plan ${name}`);
  const offerings = service.offerings
    .filter(({ version }) => versions.includes(version))
    .map((each) => ({ ...each, plans: each.plans.filter(({ name }) => plans?.includes(name) ?? true) }));
  if (offerings.length === 0 || offerings.some((each) => each.plans.length === 0))
    throw new RangeError("nothing is left to offer");
  return { offerings, maintenance };
}

const DRAFT = "http://json-schema.org/draft-04/schema#";

const schemaOf = (properties: SchemaProperties): object => ({
  $schema: DRAFT,
  type: "object",
  additionalProperties: false,
  properties,
});

const NO_PARAMETERS = schemaOf({});

/** When parameters are given. */
export type ParameterOccasion = "create" | "update";

const schemas = new WeakMap<Service, Readonly<Record<ParameterOccasion, object>>>();

/** Parameters that a platform may give, as JSON Schema (draft 4, as OSB has it). The same object each time. */
export function parametersOf(service: Service, occasion: ParameterOccasion): object {
  const { changeable, lasting } = service;
  const known = schemas.get(service) ?? {
    create: schemaOf({ ...changeable, ...lasting }),
    update: schemaOf(changeable),
  };
  schemas.set(service, known);
  return known[occasion];
}

/**
 * What the backup extension claims: backups and restores in place (B1), into new instances (B2), after a deprovision (B4), keys, retention and
 * schedules (B5). Restores to a moment (B3) take an instance that was created with a parameter, so the catalog can't claim them.
 */
const CLAIMS = ["B1", "B2", "B4", "B5"];

const BACKUP_EXTENSION = {
  id: "urn:drydock:backup:v1",
  path: "/backup",
  description: "Backups and restores of an instance.",
  claims: CLAIMS,
};

/** How a platform shows the operators' dashboards to its users (OSB, "Dashboard Client Object"). */
interface DashboardClient {
  readonly id: string;
  readonly secret: string;
  readonly redirect_uri: string;
}

/**
 * The body of GET /v2/catalog.
 *
 * @param dashboardOf the client of an offering's dashboards, if there are any
 */
export function catalogOf(
  service: Service,
  { offerings, maintenance }: Catalog,
  dashboardOf: (offering: Offering) => DashboardClient | undefined = () => undefined,
): object {
  const parameters = {
    service_instance: {
      create: { parameters: parametersOf(service, "create") },
      update: { parameters: parametersOf(service, "update") },
    },
    service_binding: { create: { parameters: NO_PARAMETERS } },
  };
  const describePlan = ({ id, name, size, nodes, isTls }: Plan): object => ({
    id,
    name,
    description: `${nodes} node${nodes === 1 ? "" : "s"}, ${size}${isTls ? ", over TLS only" : ""}.`,
    free: true,
    bindable: true,
    plan_updateable: true,
    binding_rotatable: true,
    maximum_polling_duration: 7200,
    maintenance_info: { version: maintenance.version, description: maintenance.description },
    schemas: parameters,
  });
  const describeOffering = (offering: Offering): object => {
    const client = dashboardOf(offering);
    return {
      id: offering.id,
      name: offering.name,
      description: `Dedicated ${service.kind} instances (${offering.version}), deployed by BOSH.`,
      bindable: true,
      tags: service.tags,
      instances_retrievable: true,
      bindings_retrievable: true,
      plan_updateable: true,
      allow_context_updates: false,
      metadata: {
        displayName: offering.name,
        extensions: [BACKUP_EXTENSION],
      },
      ...(client && { dashboard_client: client }),
      plans: offering.plans.map(describePlan),
    };
  };
  return { services: offerings.map(describeOffering) };
}
