import { type HttpReply, json } from "../../kernel/index.ts";
import type { RequestContext } from "../wire/context.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

/** No network is ever orphaned here, and the director lists only orphaned ones. */
const list = ({ query }: RequestContext): HttpReply =>
  query.get("orphaned") === "true"
    ? json(200, [])
    : {
        status: 500,
        body: "listing active networks is not implemented",
        headers: { "Content-Type": "application/json" },
      };

/** The routes of /networks. */
export const NETWORKS: readonly DirectorRoute[] = [route("GET", "/networks", {}, list)];
