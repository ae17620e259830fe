import { notSimulated, Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";

/** The handler of what belongs to administrators and is not simulated for them either. */
export const forAdministrators =
  (rule: string, what: string): OpenStackRoute["handler"] =>
  ({ actor }: RequestContext): never => {
    if (actor.isAdmin) throw notSimulated(what);
    throw new Refusal(403, "", `You are not authorized to complete ${rule} action.`);
  };
