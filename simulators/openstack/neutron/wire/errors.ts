import { invalidRequest as invalid, Refusal } from "../../refusal.ts";

/*
 * Neutron's refusals: status, type and message as recorded (docs/discoveries/openstack.md, "Neutron errors").
 */

const NOT_FOUND: Readonly<Record<string, (id: string) => string>> = {
  SecurityGroup: (id) => `Security group ${id} does not exist`,
  SecurityGroupRule: (id) => `Security group rule ${id} does not exist`,
  FloatingIP: (id) => `Floating IP ${id} could not be found`,
  Router: (id) => `Router ${id} could not be found`,
  SubnetPool: (id) => `Subnet pool ${id} could not be found.`,
  RbacPolicy: (id) => `RBAC policy of type unknown with ID ${id} not found`,
  AddressScope: (id) => `Address scope ${id} could not be found.`,
  ServiceProfile: (id) => `Service Profile ${id} could not be found.`,
  AddressGroup: (id) => `Address group ${id} could not be found.`,
};

/** 404 `NetworkNotFound` and the like; `exception` is the prefix of the type. */
export const notFound = (exception: string, id: string): Refusal =>
  new Refusal(404, `${exception}NotFound`, NOT_FOUND[exception]?.(id) ?? `${exception} ${id} could not be found.`);

/** 404 of any type. */
export const notFoundAs = (type: string, message: string): Refusal => new Refusal(404, type, message);

/** 400 `InvalidInput`. */
export const badInput = (message: string): Refusal =>
  new Refusal(400, "InvalidInput", `Invalid input for operation: ${message}.`.replace(/\.\.$/, "."));

/** 400 `BadRequest`, which names the resource. */
export const badRequest = (resource: string, message: string): Refusal =>
  new Refusal(400, "BadRequest", `Bad ${resource} request: ${message}`);

/** 400 `HTTPBadRequest`: the web framework's, about the request itself. */
export const httpBadRequest = (message: string): Refusal => new Refusal(400, "HTTPBadRequest", message);

export { invalid };

/** 409 of any type. */
export const conflict = (type: string, message: string): Refusal => new Refusal(409, type, message);

/** 403 by a policy rule. */
export const forbidden = (rule: string): Refusal =>
  new Refusal(403, "PolicyNotAuthorized", `${rule} is disallowed by policy`);

/** The message of a 500 by which Neutron reports an error of its own. */
export const INTERNAL_ERROR = "Request Failed: internal server error while processing your request.";

/** 500, which Neutron answers where a check is missing. */
export const internalError = (): Refusal => new Refusal(500, "HTTPInternalServerError", INTERNAL_ERROR);

/** 501 for what is not modelled, in Neutron's own error form. */
export const notSimulated = (what: string): Refusal => new Refusal(501, "HTTPNotImplemented", `not simulated: ${what}`);

/** Neutron's answer to a request that it does not understand. */
export const UNCOMPREHENDED =
  "The server could not comply with the request since it is either malformed or otherwise incorrect.";

/** 405. */
export const methodNotAllowed = (): Refusal => new Refusal(405, "HTTPMethodNotAllowed", UNCOMPREHENDED);
