import { type CinderRoute, unmodelledRoute } from "../wire/route.ts";

/** Routes of the API reference, "Volume types". Encryption is not modelled. */
export const TYPE_ENCRYPTION_ROUTES: readonly CinderRoute[] = [
  unmodelledRoute("POST", "/types/:id/encryption", "encryption"),
];
