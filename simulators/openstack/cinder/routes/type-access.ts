import { isDeepStrictEqual } from "node:util";
import type { HttpReply } from "../../../kernel/index.ts";
import { recordChange } from "../state/cinder.ts";
import { readAction } from "../wire/body.ts";
import { badRequest, noAction, notFound } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { requireTypeOf } from "./types/require-type.ts";

const ACTIONS = ["addProjectAccess", "removeProjectAccess"] as const;

function changeAccess(call: CinderCall): HttpReply {
  const [asked, fields] = readAction(call);
  const name = ACTIONS.find((each) => each === asked);
  if (name === undefined) throw noAction(asked);
  const project = typeof fields === "object" && fields !== null && "project" in fields ? String(fields.project) : "";
  const row = requireTypeOf(call);
  if (row.isPublic)
    throw badRequest("Invalid volume type: Type access modification is not applicable to public volume type.");
  const others = row.projects.filter((each) => each !== project);
  const next = name === "addProjectAccess" ? [...others, project] : others;
  if (!isDeepStrictEqual(row.projects, next)) {
    row.projects = next;
    recordChange(call.cinder, "type.access", row.id, { action: name, project });
  }
  return emptyReply();
}

/** Routes of the API reference, "Volume type access". */
export const TYPE_ACCESS_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/types/:id/os-volume-type-access",
    admin: "volume_extension:volume_type_access:get_all_for_type",
    handler: (call) => {
      const row = requireTypeOf(call);
      if (row.isPublic) throw notFound("Access list not available for public volume types.");
      const access = row.projects.map((project) => ({ volume_type_id: row.id, project_id: project }));
      return ok({ volume_type_access: access });
    },
  },
  {
    method: "POST",
    path: "/types/:id/action",
    admin: "volume_extension:volume_type_access:addProjectAccess",
    clients: ["openstack"],
    handler: changeAccess,
  },
];
