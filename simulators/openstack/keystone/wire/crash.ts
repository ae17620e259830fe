import { json } from "../../../kernel/index.ts";
import { refuseWith } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";

const TEXT = "A server error occurred.  Please contact the administrator.";

/**
 * Fails like Zed's Keystone with an error that it does not catch. A client then sees the HTTP server's answer: in the recorded process Python's
 * own; behind another server, the framework's answer to a method that the path lacks.
 *
 * @param allowed the methods of the path; none if the method is not what is wrong
 */
export function crash({ cloud }: RequestContext, allowed: readonly string[]): never {
  if (cloud.profile === "rig" || allowed.length === 0)
    throw refuseWith({ status: 500, headers: { "Content-Type": "text/plain" }, body: TEXT });
  throw refuseWith(json(405, { message: "The method is not allowed for the requested URL." }));
}
