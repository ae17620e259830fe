import { notFound } from "../wire/errors.ts";
import type { CinderRoute } from "../wire/route.ts";

/** The path of the clean-up of workers, which knows no GET. */
export const WORKER_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    // Knows no GET.
    path: "/workers",
    handler: () => {
      throw notFound("The resource could not be found.");
    },
  },
];
