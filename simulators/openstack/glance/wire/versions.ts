import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext } from "../../service.ts";

const IDS = ["v2.15", "v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"];

/** The versions of the API: 300 at the root and where no version is named, 200 when asked for. */
export function versionsReply({ cloud, request }: RequestContext, status: 200 | 300): HttpReply {
  const links = [{ rel: "self", href: `${cloud.root("image", request)}/v2/` }];
  const versions = IDS.map((id, at) => ({ id, status: at === 0 ? "CURRENT" : "SUPPORTED", links }));
  return json(status, { versions });
}
