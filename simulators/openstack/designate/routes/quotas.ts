import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { QUOTAS, quotasOf } from "../state/quotas.ts";
import type { Designate } from "../state/state.ts";
import { forbidden, invalidValue } from "../wire/errors.ts";
import { integer } from "../wire/fields.ts";
import { bodyObject, forAdmins, projectOf } from "../wire/request.ts";

const projectIn = ({ params }: RequestContext): string => params.project_id ?? "";

function show(designate: Designate, context: RequestContext): HttpReply {
  const project = projectIn(context);
  if (project !== context.actor.projectId && !context.actor.isAdmin) throw forbidden();
  return json(200, quotasOf(designate, project));
}

function update(designate: Designate, context: RequestContext): HttpReply {
  const limits = Object.entries(bodyObject(context, "quota")).map(([name, value]) => {
    if (!Object.hasOwn(QUOTAS, name)) throw invalidValue(`Field value ${name} is invalid`);
    return [name, integer(value)] as const;
  });
  const { quotas } = designate.slot.value;
  const project = projectIn(context);
  quotas.set(project, { ...quotas.get(project), ...Object.fromEntries(limits) });
  return json(200, quotasOf(designate, project));
}

function reset({ slot }: Designate, context: RequestContext): HttpReply {
  slot.value.quotas.delete(projectIn(context));
  return { status: 204 };
}

/** `/v2/quotas` */
export const quotaRoutes = (designate: Designate): readonly OpenStackRoute[] => [
  {
    method: "GET",
    path: "/v2/quotas",
    handler: (context) => json(200, quotasOf(designate, projectOf(context))),
  },
  { method: "GET", path: "/v2/quotas/:project_id", handler: (context) => show(designate, context) },
  {
    method: "PATCH",
    path: "/v2/quotas/:project_id",
    handler: forAdmins((context) => update(designate, context)),
  },
  {
    method: "DELETE",
    path: "/v2/quotas/:project_id",
    handler: forAdmins((context) => reset(designate, context)),
  },
];
