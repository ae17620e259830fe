import { notSimulated } from "../wire/errors.ts";
import type { CinderRoute } from "../wire/route.ts";

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
