import { type CinderRoute, refuseUnmodelled } from "../wire/route.ts";

export const TYPE_ENCRYPTION_ROUTES: readonly CinderRoute[] = [
  refuseUnmodelled("POST", "/types/:id/encryption", "encryption"),
];
