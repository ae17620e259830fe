import { json } from "../../../kernel/index.ts";
import { refuseWith } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";

const TEXT = "A server error occurred.  Please contact the administrator.";

/**
 * Fails where Keystone of Zed does by an error that it does not catch. What a client then sees is the HTTP server's: that of the recorded
 * process is Python's own; behind another one the framework's answer to a method that a path has not.
 *
 * @param allowed the methods of the path; none where it is not the method that is wrong
 */
export function crash({ cloud }: RequestContext, allowed: readonly string[]): never {
  if (cloud.profile === "rig" || allowed.length === 0)
    throw refuseWith({ status: 500, headers: { "Content-Type": "text/plain" }, body: TEXT });
  throw refuseWith(json(405, { message: "The method is not allowed for the requested URL." }));
}
