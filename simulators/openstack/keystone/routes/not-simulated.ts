import type { OpenStackRoute } from "../../service.ts";
import { authenticationRequired, notSimulated } from "../wire/errors.ts";
import { requireAdmin } from "../wire/policy.ts";
import TABLE from "../wire/unserved.json" with { type: "json" };

/*
 * What Keystone has but this simulator lacks: refused with 501 in Keystone's own error form, to those whom its policies let through. The table
 * names each route with its rule, all of which ask for an administrator.
 */

const AREAS = [
  ["OS-FEDERATION", "Federation"],
  ["OS-OAUTH1", "OAuth"],
  ["OS-ENDPOINT-POLICY", "Policies of endpoints"],
  ["OS-REVOKE", "The list of revocations"],
  ["/config", "Configuration of domains"],
] as const;

const nameOf = (path: string): string => AREAS.find(([part]) => path.includes(part))?.[1] ?? path;

/** Paths of the same areas that no policy names. */
const OTHERS = ["/v3/OS-FEDERATION/*rest", "/v3/OS-OAUTH1/*rest", "/v3/domains/:domain/config/*rest"];
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

const refuse = (method: string, path: string, action?: string): OpenStackRoute => ({
  method,
  path,
  handler: (context) => {
    if (action !== undefined) requireAdmin(context, action);
    throw notSimulated(nameOf(path));
  },
});

/** Features of Keystone that this simulator lacks: refused with 501 in Keystone's own error form. */
export const NOT_SIMULATED_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "POST",
    path: "/v3/ec2tokens",
    open: true,
    handler: () => {
      throw notSimulated("EC2 authentication");
    },
  },
  ...TABLE.routes.map(({ method, path, action }) => refuse(method, path, action)),
  ...OTHERS.flatMap((path) => METHODS.map((method) => refuse(method, path))),
  {
    method: "GET",
    path: "/v3/auth/OS-FEDERATION/websso/:protocol",
    handler: () => {
      throw authenticationRequired();
    },
  },
];
