import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";
import { forAdmins, refuseUnmodelled, rootOf } from "../wire/request.ts";

/** A list that only administrators see and that is always empty. */
export const emptyAdminList = (member: string): OpenStackRoute => ({
  method: "GET",
  path: `/v2/${member}`,
  handler: forAdmins((context) =>
    json(200, { [member]: [], links: { self: `${rootOf(context)}/${member}` }, metadata: { total_count: 0 } }),
  ),
});

/** A creation, for administrators, that is refused because the resource is not simulated. */
export const refusedAdminCreation = (member: string): OpenStackRoute => ({
  method: "POST",
  path: `/v2/${member}`,
  handler: forAdmins(refuseUnmodelled(member)),
});
