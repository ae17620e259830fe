import type { ServiceName } from "../config.ts";

/** A plan as the catalog offers it. Sizes only grow, and single may become replica; nothing goes back. */
export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly size: "small" | "big";
  readonly nodes: 1 | 3;
}

export interface Service {
  readonly id: string;
  readonly name: string;
  readonly kind: ServiceName;
  readonly tags: readonly string[];
  readonly plans: readonly Plan[];
  /** Role of a node in its name: `<deployment>-<role>-<n>`. */
  readonly role: string;
  readonly port: number;
}

export const MAINTENANCE_VERSION = "1.0.0";

const SIZES = ["small", "big"] as const;

/** Ids are fixed for good: OSB ids are what platforms know a plan by. */
function plans(kind: ServiceName, digit: string, topology: string): readonly Plan[] {
  return (["single", "replica"] as const).flatMap((nodes, at) =>
    SIZES.map(
      (size, step): Plan => ({
        id: `5d3b1c${digit}0-0000-4000-8000-0000000000${at}${step}`,
        name: `${kind}-${nodes === "single" ? "single" : topology}-${size}`,
        size,
        nodes: nodes === "single" ? 1 : 3,
      }),
    ),
  );
}

const SERVICES: Readonly<Record<ServiceName, Service>> = {
  postgresql: {
    id: "5d3b1c10-0000-4000-8000-000000000000",
    name: "a9s-postgresql",
    kind: "postgresql",
    tags: ["sql", "database", "object-relational", "consistent"],
    plans: plans("postgresql", "1", "replica"),
    role: "pg",
    port: 5432,
  },
  redis: {
    id: "5d3b1c20-0000-4000-8000-000000000000",
    name: "a9s-redis",
    kind: "redis",
    tags: ["key-value", "cache"],
    plans: plans("redis", "2", "replica"),
    role: "redis",
    port: 6379,
  },
  mongodb: {
    id: "5d3b1c30-0000-4000-8000-000000000000",
    name: "a9s-mongodb",
    kind: "mongodb",
    tags: ["nosql", "document"],
    plans: plans("mongodb", "3", "replica"),
    role: "mongodb",
    port: 27017,
  },
};

export const serviceOf = (kind: ServiceName): Service => SERVICES[kind];

/** Parameters that a platform may give, as JSON Schema (draft 4, as OSB has it). */
export const PARAMETERS = {
  $schema: "http://json-schema.org/draft-04/schema#",
  type: "object",
  additionalProperties: false,
  properties: {
    max_connections: {
      type: "integer",
      minimum: 10,
      maximum: 1000,
      description: "Most connections at once; never smaller than before.",
    },
    max_disk_threshold: {
      type: "integer",
      minimum: 0,
      maximum: 100,
      description: "Percentage of the disk at which processes are stopped.",
    },
  },
} as const;

const NO_PARAMETERS = {
  $schema: PARAMETERS.$schema,
  type: "object",
  additionalProperties: false,
  properties: {},
} as const;

/** The body of GET /v2/catalog. */
export function catalogOf(service: Service): object {
  const schemas = {
    service_instance: { create: { parameters: PARAMETERS }, update: { parameters: PARAMETERS } },
    service_binding: { create: { parameters: NO_PARAMETERS } },
  };
  return {
    services: [
      {
        id: service.id,
        name: service.name,
        description: `Dedicated ${service.kind} instances, deployed by BOSH.`,
        bindable: true,
        tags: service.tags,
        instances_retrievable: true,
        bindings_retrievable: true,
        plan_updateable: true,
        allow_context_updates: false,
        metadata: {
          displayName: service.name,
          extensions: [
            { id: "urn:drydock:backup:v1", path: "/backup", description: "Backups and restores of an instance." },
          ],
        },
        plans: service.plans.map(({ id, name, size, nodes }) => ({
          id,
          name,
          description: `${nodes} node${nodes === 1 ? "" : "s"}, ${size}.`,
          free: true,
          bindable: true,
          plan_updateable: true,
          maximum_polling_duration: 7200,
          maintenance_info: { version: MAINTENANCE_VERSION, description: "The first release." },
          schemas,
        })),
      },
    ],
  };
}

/** May an instance move from one plan to the other? */
export const mayBecome = (from: Plan, to: Plan): boolean =>
  SIZES.indexOf(to.size) >= SIZES.indexOf(from.size) && to.nodes >= from.nodes;
