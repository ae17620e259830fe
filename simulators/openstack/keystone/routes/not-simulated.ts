import type { OpenStackRoute } from "../../service.ts";
import { notSimulated, authenticationRequired } from "../wire/errors.ts";

const AREAS = [
  ["/v3/OS-FEDERATION/*rest", "Federation"],
  ["/v3/OS-OAUTH1/*rest", "OAuth"],
  ["/v3/OS-ENDPOINT-POLICY/*rest", "Policies of endpoints"],
  ["/v3/domains/:domain/config", "Configuration of domains"],
  ["/v3/domains/:domain/config/*rest", "Configuration of domains"],
  ["/v3/domains/config/*rest", "Configuration of domains"],
] as const;

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

const unmodelledRoute = (method: string, path: string, what: string): OpenStackRoute => ({
  method,
  path,
  handler: () => {
    throw notSimulated(what);
  },
});

/** Features of Keystone that this simulator lacks: refused with 501 in Keystone's own error form. */
export const NOT_SIMULATED_ROUTES: readonly OpenStackRoute[] = [
  { ...unmodelledRoute("POST", "/v3/ec2tokens", "EC2 authentication"), open: true },
  ...AREAS.flatMap(([path, what]) => METHODS.map((method) => unmodelledRoute(method, path, what))),
  {
    method: "GET",
    path: "/v3/auth/OS-FEDERATION/websso/:protocol",
    handler: () => {
      throw authenticationRequired();
    },
  },
];
