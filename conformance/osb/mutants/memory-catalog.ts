import type { JsonObject } from "../../client/http/json.ts";

const sizeSchema: JsonObject = {
  $schema: "http://json-schema.org/draft-04/schema#",
  type: "object",
  properties: { size: { type: "integer", minimum: 1, maximum: 9 } },
};
const bindSchema: JsonObject = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: { role: { type: "string", enum: ["reader", "writer"] } },
};

export const MAINTENANCE_VERSION = "1.2.3";

function databasePlan(id: string, name: string): JsonObject {
  return {
    id,
    name,
    description: `A ${name} database`,
    free: false,
    bindable: true,
    binding_rotatable: true,
    plan_updateable: true,
    maximum_polling_duration: 60,
    maintenance_info: { version: MAINTENANCE_VERSION, description: "A restart of a second" },
    metadata: { displayName: name, bullets: ["one node"], costs: [{ amount: { usd: 9.5 }, unit: "MONTHLY" }] },
    schemas: {
      service_instance: { create: { parameters: sizeSchema }, update: { parameters: sizeSchema } },
      service_binding: { create: { parameters: bindSchema } },
    },
  };
}

function simpleService(id: string, name: string, permission: string): JsonObject {
  return {
    id: `${id}0`,
    name,
    description: `Shows ${permission}`,
    bindable: true,
    bindings_retrievable: true,
    requires: [permission],
    plans: [{ id: `${id}1`, name: "standard", description: "The only one" }],
  };
}

/** What the broker in memory offers: a database with all that the API has, and one service for each permission. */
export const MEMORY_CATALOG: JsonObject = {
  services: [
    {
      id: "5f0b4c8e-0000-4000-8000-000000000100",
      name: "memory-db",
      description: "A database that forgets",
      bindable: true,
      plan_updateable: true,
      instances_retrievable: true,
      bindings_retrievable: true,
      allow_context_updates: true,
      tags: ["database"],
      requires: [],
      metadata: { displayName: "Memory database", documentationUrl: "https://docs.example.com/", shareable: true },
      dashboard_client: { id: "memory-db", secret: "not-a-secret", redirect_uri: "https://dashboard.example.com/" },
      plans: [
        databasePlan("5f0b4c8e-0000-4000-8000-000000000101", "small"),
        databasePlan("5f0b4c8e-0000-4000-8000-000000000102", "big"),
        {
          id: "5f0b4c8e-0000-4000-8000-000000000103",
          name: "archive",
          description: "Read by nobody",
          bindable: false,
          plan_updateable: false,
        },
      ],
    },
    simpleService("5f0b4c8e-0000-4000-8000-00000000020", "memory-logs", "syslog_drain"),
    simpleService("5f0b4c8e-0000-4000-8000-00000000030", "memory-routes", "route_forwarding"),
    simpleService("5f0b4c8e-0000-4000-8000-00000000040", "memory-volumes", "volume_mount"),
  ],
};
