import { json, own } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { OpenStackRoute } from "../../service.ts";
import { METADEF_SCHEMAS } from "../wire/metadefs.ts";
import { PUBLISHED } from "../wire/schemas.ts";

const { additionalProperties: _none, ...TASK } = METADEF_SCHEMAS.task;

const TASKS: Readonly<Record<string, object>> = {
  task: TASK,
  tasks: {
    name: "tasks",
    properties: {
      tasks: { type: "array", items: TASK },
      first: { type: "string" },
      next: { type: "string" },
      schema: { type: "string" },
    },
    links: [
      { rel: "first", href: "{first}" },
      { rel: "next", href: "{next}" },
      { rel: "describedby", href: "{schema}" },
    ],
  },
};

/** The schemas that Glance publishes. */
export const SCHEMA_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/v2/schemas/:name",
    clients: ["openstack"],
    handler: ({ params }) => {
      const schema = own(TASKS, params.name ?? "") ?? own(PUBLISHED, params.name ?? "");
      if (schema === undefined) throw new Refusal(404, "", "The resource could not be found.");
      return json(200, schema);
    },
  },
];
