import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";

/** The last minor version of Zed. */
const MINOR_MAX = 26;

/** The version document: every minor version is an entry of its own. */
export const VERSION_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/",
    open: true,
    handler: ({ cloud, request }) => {
      const href = `${cloud.root("load-balancer", request)}/v2`;
      const versions = Array.from({ length: MINOR_MAX + 1 }, (_none, minor) => ({
        id: `v2.${minor}`,
        status: minor === MINOR_MAX ? "CURRENT" : "SUPPORTED",
        updated: "2022-08-29T00:00:00Z",
        links: [{ rel: "self", href }],
      }));
      return json(200, { versions });
    },
  },
];
