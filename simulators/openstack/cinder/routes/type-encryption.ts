import { type CinderRoute, unmodelledRoute } from "../wire/route.ts";

export const TYPE_ENCRYPTION_ROUTES: readonly CinderRoute[] = [
  unmodelledRoute("POST", "/types/:id/encryption", "encryption"),
];
