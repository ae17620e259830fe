import type { OpenStackRoute } from "../../service.ts";
import { listReply } from "../wire/links.ts";

/** Unified limits, of which this cloud has none. */
export const LIMIT_ROUTES: readonly OpenStackRoute[] = ["limits", "registered_limits"].map((collection) => ({
  method: "GET",
  path: `/v3/${collection}`,
  handler: (context) => listReply(context, collection, []),
}));
