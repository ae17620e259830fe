import { json, own } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { OpenStackRoute } from "../../service.ts";
import { PUBLISHED } from "../wire/schemas.ts";

/** The schemas that Glance publishes. */
export const SCHEMA_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/v2/schemas/:name",
    clients: ["openstack"],
    handler: ({ params }) => {
      const schema = own(PUBLISHED, params.name ?? "");
      if (schema === undefined) throw new Refusal(404, "", "The resource could not be found.");
      return json(200, schema);
    },
  },
];
