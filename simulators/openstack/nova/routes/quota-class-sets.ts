import { defaultOf, setDefaultQuotas } from "../state/quotas.ts";
import { requireBody } from "../wire/body.ts";
import { requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { quotaSchema, readQuotas, shownNames } from "./quota-sets.ts";

const CLASS_HIDDEN = ["server_group_members", "server_groups"];

function classView(call: NovaCall): object {
  const names = shownNames(call.version).filter((name) => call.version >= 50 || !CLASS_HIDDEN.includes(name));
  return Object.fromEntries(names.map((name) => [name, defaultOf(call.nova, name)]));
}
const classPath = "/os-quota-class-sets/:class";

/** Routes of the API reference, "Quota class sets (os-quota-class-sets)". Only the class `default` has an effect, as on the real service. */
export const QUOTA_CLASS_SET_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: classPath,
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-quota-class-sets:show");
      return ok({ quota_class_set: { id: call.params.class, ...classView(call) } });
    },
  },
  {
    method: "PUT",
    path: classPath,
    clients: ["openstack"],
    handler: (call) => {
      const body = requireBody(call, quotaSchema(call.version, "quota_class_set"));
      requireAdmin(call, "os-quota-class-sets:update");
      if (call.params.class === "default") setDefaultQuotas(call.nova, readQuotas(body.quota_class_set));
      return ok({ quota_class_set: classView(call) });
    },
  },
];
