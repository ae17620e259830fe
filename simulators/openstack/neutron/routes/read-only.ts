import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";
import { notSimulated } from "../wire/errors.ts";

/** A list that is always empty on this cloud, such as its agents. */
export const emptyList = (path: string, collection: string): OpenStackRoute => ({
  method: "GET",
  path: `/v2.0/${path}`,
  clients: ["openstack"],
  handler: () => json(200, { [collection]: [] }),
});

/** A creation that is refused because the resource is not simulated. */
export const refusedCreation = (path: string): OpenStackRoute => ({
  method: "POST",
  path: `/v2.0/${path}`,
  handler: () => {
    throw notSimulated(path);
  },
});
