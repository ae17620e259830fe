import { notSimulated } from "../wire/errors.ts";
import type { CinderRoute } from "../wire/route.ts";

/** Routes of the API reference, "Capabilities for storage back ends". Not modelled. */
export const CAPABILITY_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/capabilities/:host",
    admin: "volume_extension:capabilities",
    handler: () => {
      throw notSimulated("capabilities of back ends");
    },
  },
];
