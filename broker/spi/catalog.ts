import type { ServiceName } from "../config.ts";

/** A plan as the catalog offers it. Sizes only grow, and single may become replica; never the reverse. */
export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly size: "small" | "big";
  readonly nodes: 1 | 3;
}

/** A data service as the catalog offers it, and what its deployments need to know. */
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

/** The version of every plan (OSB, "Maintenance Info Object"). */
export const MAINTENANCE_VERSION = "1.0.0";

const SIZES = ["small", "big"] as const;

/** Ids never change: platforms know a plan by its id. */
function plansOf(kind: ServiceName, digit: string, topology: string): readonly Plan[] {
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
    plans: plansOf("postgresql", "1", "replica"),
    role: "pg",
    port: 5432,
  },
  redis: {
    id: "5d3b1c20-0000-4000-8000-000000000000",
    name: "a9s-redis",
    kind: "redis",
    tags: ["key-value", "cache"],
    plans: plansOf("redis", "2", "replica"),
    role: "redis",
    port: 6379,
  },
  mongodb: {
    id: "5d3b1c30-0000-4000-8000-000000000000",
    name: "a9s-mongodb",
    kind: "mongodb",
    tags: ["nosql", "document"],
    plans: plansOf("mongodb", "3", "replica"),
    role: "mongodb",
    port: 27017,
  },
};

/** The service of a kind. The same object each time. */
export const serviceOf = (kind: ServiceName): Service => SERVICES[kind];

const DRAFT = "http://json-schema.org/draft-04/schema#";

const schemaOf = (properties: object): object => ({
  $schema: DRAFT,
  type: "object",
  additionalProperties: false,
  properties,
});

const NO_PARAMETERS = schemaOf({});

const EVERY_SERVICE = {
  max_disk_threshold: {
    type: "integer",
    minimum: 0,
    maximum: 100,
    description: "Percentage of the disk at which processes are stopped.",
  },
};

/** What a platform may give on create and change on update (docs/discoveries/data-services.md, "Parameters"). */
const CHANGEABLE: Readonly<Record<ServiceName, object>> = {
  postgresql: {
    ...EVERY_SERVICE,
    max_connections: {
      type: "integer",
      minimum: 10,
      maximum: 1000,
      description: "Most connections at once; never smaller than before.",
    },
    statement_timeout: {
      type: "integer",
      minimum: 0,
      maximum: 2_147_483_647,
      description: "Longest time a statement may take, in milliseconds; 0 for no limit.",
    },
    temp_file_limit: {
      type: "integer",
      minimum: -1,
      maximum: 2_147_483_647,
      not: { enum: [0] },
      description: "Most disk space for temporary files of a process, in kilobytes; -1 for no limit.",
    },
    track_io_timing: { type: "boolean", description: "Whether times of reads and writes are collected." },
  },
  redis: {
    ...EVERY_SERVICE,
    maxmemory_policy: {
      type: "string",
      enum: ["noeviction", "allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-lfu", "volatile-ttl"],
      description: "What goes when memory is full.",
    },
  },
  mongodb: EVERY_SERVICE,
};

/** What a platform may give on create only. */
const LASTING: Readonly<Record<ServiceName, object>> = {
  postgresql: {
    continuous_archiving: {
      type: "boolean",
      description:
        "Whether the instance can be restored to any moment between its first backup and now. It stays as it is.",
    },
  },
  redis: {},
  mongodb: {},
};

/** When parameters are given. */
export type ParameterOccasion = "create" | "update";

const schemasOf = (kind: ServiceName): Readonly<Record<ParameterOccasion, object>> => ({
  create: schemaOf({ ...CHANGEABLE[kind], ...LASTING[kind] }),
  update: schemaOf(CHANGEABLE[kind]),
});

const SCHEMAS: Readonly<Record<ServiceName, Readonly<Record<ParameterOccasion, object>>>> = {
  postgresql: schemasOf("postgresql"),
  redis: schemasOf("redis"),
  mongodb: schemasOf("mongodb"),
};

/** Parameters that a platform may give, as JSON Schema (draft 4, as OSB has it). The same object each time. */
export const parametersOf = (service: Service, occasion: ParameterOccasion): object => SCHEMAS[service.kind][occasion];

/** The body of GET /v2/catalog. */
export function catalogOf(service: Service): object {
  const schemas = {
    service_instance: {
      create: { parameters: parametersOf(service, "create") },
      update: { parameters: parametersOf(service, "update") },
    },
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
          binding_rotatable: true,
          maximum_polling_duration: 7200,
          maintenance_info: { version: MAINTENANCE_VERSION, description: "The first release." },
          schemas,
        })),
      },
    ],
  };
}

/** Whether an instance may move from one plan to the other: it may grow, become replicated, or stay as it is. */
export const mayBecome = (from: Plan, to: Plan): boolean =>
  SIZES.indexOf(to.size) >= SIZES.indexOf(from.size) && to.nodes >= from.nodes;
