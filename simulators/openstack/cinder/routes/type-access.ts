import type { HttpReply } from "../../../kernel/index.ts";
import { readBody } from "../wire/body.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { requestedType } from "./types/require-type.ts";

function setAccess(call: CinderCall): HttpReply {
  const body = Object(readBody(call)) as Record<string, { project?: string } | null | undefined>;
  const [name = ""] = Object.keys(body);
  if (name !== "addProjectAccess" && name !== "removeProjectAccess")
    throw badRequest(
      `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
    );
  const project = String(body[name]?.project ?? "");
  const row = requestedType(call);
  if (row.isPublic)
    throw badRequest("Invalid volume type: Type access modification is not applicable to public volume type.");
  const others = row.projects.filter((each) => each !== project);
  row.projects = name === "addProjectAccess" ? [...others, project] : others;
  return emptyReply();
}

export const TYPE_ACCESS_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/types/:id/os-volume-type-access",
    admin: "volume_extension:volume_type_access:get_all_for_type",
    handler: (call) => {
      const row = requestedType(call);
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
    handler: setAccess,
  },
];
