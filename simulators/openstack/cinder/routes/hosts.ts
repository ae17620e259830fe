import { ok } from "../wire/replies.ts";
import { type CinderRoute, refuseUnmodelled } from "../wire/route.ts";

export const HOST_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/os-hosts", admin: "volume_extension:hosts", handler: () => ok({ hosts: [] }) },
  refuseUnmodelled("GET", "/os-hosts/:host", "hosts of back ends"),
];
