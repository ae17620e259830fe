import { notFound } from "../wire/errors.ts";
import type { CinderRoute } from "../wire/route.ts";

/** The path of the workers' clean-up, which has no GET. */
export const WORKER_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    // Has no GET.
    path: "/workers",
    isForAnyProject: true,
    handler: () => {
      throw notFound("The resource could not be found.");
    },
  },
];
