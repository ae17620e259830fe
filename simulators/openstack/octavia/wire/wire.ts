import { EVENTLET_FRONT } from "../../python/http-server.ts";
import { keystoneUnauthorized, type ServiceWire } from "../../service.ts";

const fault = (status: number, message: string): { readonly status: number; readonly json: object } => ({
  status,
  json: { faultcode: status >= 500 ? "Server" : "Client", faultstring: message, debuginfo: null },
});

/** How Octavia speaks: the faults of its web framework. */
export const WIRE: ServiceWire = {
  refuse: ({ status, message }) => fault(status, message),
  unauthenticated: keystoneUnauthorized,
  unmatched: (_context, allowed) =>
    allowed.length > 0 ? fault(405, "Method Not Allowed") : fault(404, "The resource could not be found."),
  headers: ({ requestId }) => ({ "X-Openstack-Request-Id": requestId }),
  crashed: () => fault(500, "An unknown exception occurred."),
  front: EVENTLET_FRONT,
};
