import type { HttpReply } from "../../../kernel/index.ts";
import { classQuotasOf, setClassQuotas } from "../state/quotas.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

const POLICY = "volume_extension:quota_classes";

const BODY = {
  type: "object",
  properties: { quota_class_set: { type: "object" } },
  required: ["quota_class_set"],
} as const;

function update(call: CinderCall): HttpReply {
  const { quota_class_set: wanted } = requireBody(call, BODY);
  const name = call.params.name ?? "";
  const known = classQuotasOf(call.cinder, name);
  const unknown = Object.keys(wanted).filter((each) => !Object.hasOwn(known, each));
  if (unknown.length > 0)
    throw badRequest(`Invalid input received: Bad key(s) in quota class set: ${unknown.join(", ")}`);
  const limits = Object.entries(wanted).map(([each, limit]) => [each, Number(limit)] as const);
  setClassQuotas(call.cinder, name, Object.fromEntries(limits));
  return ok({ quota_class_set: classQuotasOf(call.cinder, name) });
}

/** Routes of the API reference, "Quota class set extension". The class `default` holds for projects without limits of their own. */
export const QUOTA_CLASS_SET_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/os-quota-class-sets/:name",
    admin: `${POLICY}:get`,
    handler: ({ cinder, params }) =>
      ok({ quota_class_set: { ...classQuotasOf(cinder, params.name ?? ""), id: params.name } }),
  },
  { method: "PUT", path: "/os-quota-class-sets/:name", admin: `${POLICY}:update`, handler: update },
];
