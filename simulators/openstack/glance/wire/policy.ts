import { notSimulated, Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";

/** The handler of a route that is for administrators and not simulated: 501 for them, 403 for others. */
export const forAdministrators =
  (rule: string, what: string): OpenStackRoute["handler"] =>
  ({ actor }: RequestContext): never => {
    if (actor.isAdmin) throw notSimulated(what);
    throw new Refusal(403, "", `You are not authorized to complete ${rule} action.`);
  };
