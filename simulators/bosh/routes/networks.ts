import { type HttpReply, json } from "../../kernel/index.ts";
import { pathParam, type RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

/** No network is ever orphaned here, and the director lists only orphaned ones. */
const list = ({ query }: RequestContext): HttpReply =>
  (query.get("orphaned") ?? "false") !== "false"
    ? json(200, [])
    : {
        status: 500,
        body: "listing active networks is not implemented",
        headers: { "Content-Type": "application/json" },
      };

/** Only managed networks are in the director's records, and it keeps none unless it manages networks. */
function remove(context: RequestContext): never {
  throw new DirectorError(16012, `Deleting non-existing network ${pathParam(context, "name")}`);
}

/** The routes of /networks. */
export const NETWORKS: readonly DirectorRoute[] = [
  route("GET", "/networks", {}, list),
  route("DELETE", "/networks/:name", {}, remove),
];
