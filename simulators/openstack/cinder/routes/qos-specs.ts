import { ok } from "../wire/replies.ts";
import { type CinderRoute, unmodelledRoute } from "../wire/route.ts";

/** Routes of the API reference, "Quality of service specifications". There are none. */
export const QOS_SPEC_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/qos-specs",
    admin: "volume_extension:qos_specs_manage:get_all",
    handler: () => ok({ qos_specs: [] }),
  },
  unmodelledRoute("POST", "/qos-specs", "quality of service"),
];
