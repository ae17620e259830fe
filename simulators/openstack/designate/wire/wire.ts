import { EVENTLET_FRONT } from "../../python/http-server.ts";
import { Refusal } from "../../refusal.ts";
import { type RequestContext, keystoneUnauthorized, type ServiceWire } from "../../service.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

const NOT_ACCEPTABLE = `<html>
 <head>
  <title>406 Not Acceptable</title>
 </head>
 <body>
  <h1>406 Not Acceptable</h1>
  The resource could not be generated that was acceptable to your browser
(content of type TYPE. <br /><br />

 </body>
</html>`;

const NO_VERSION = `<!doctype html>
<html lang=en>
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>
`;

/** The service speaks only JSON. */
function checkAccept({ request }: RequestContext): void {
  const accept = request.headers.accept ?? "*/*";
  if (/application\/(json|\*)|\*\/\*|text\/dns/.test(accept)) return;
  const reply = {
    status: 406,
    headers: { "Content-Type": "text/html; charset=UTF-8" },
    body: NOT_ACCEPTABLE.replace("TYPE", accept),
  };
  throw new Refusal(406, "", "", { reply });
}

/** Headers by which administrators act for others. Members are refused before anything is looked up. */
function checkScope({ request, actor }: RequestContext): void {
  const {
    "x-auth-all-projects": all,
    "x-auth-sudo-project-id": project,
    "x-auth-sudo-tenant-id": tenant,
  } = request.headers;
  const sudo = project ?? tenant;
  if ((all?.toLowerCase() !== "true" && sudo === undefined) || actor.isAdmin) return;
  const reply = { status: 403, headers: { "Content-Type": "text/html; charset=utf-8" }, body: "" };
  throw new Refusal(403, "", "", { reply });
}

/** How Designate speaks: errors, unknown routes, headers. */
export const WIRE: ServiceWire = {
  refuse: ({ status, type, message, extras }, { requestId }) => ({
    status,
    headers: { ...JSON_TYPE, ...extras.headers },
    json: {
      code: status,
      type,
      ...(message !== "" && { message }),
      ...extras.members,
      request_id: requestId,
    },
  }),
  unauthenticated: keystoneUnauthorized,
  unmatched: ({ request, requestId }, allowed) => {
    if (!/^\/v2(\/|$)/.test(request.path))
      return { status: 404, headers: { "Content-Type": "text/html; charset=utf-8" }, body: NO_VERSION };
    const [status, type] = allowed.length > 0 ? [405, "method_not_allowed"] : [404, "not_found"];
    const message = status === 404 ? { message: "resource not found" } : {};
    return { status, headers: JSON_TYPE, json: { code: status, type, ...message, request_id: requestId } };
  },
  headers: ({ requestId }) => ({ "X-Openstack-Request-Id": requestId }),
  crashed: ({ requestId }) => ({
    status: 500,
    headers: JSON_TYPE,
    json: { code: 500, type: "unknown", request_id: requestId },
  }),
  front: EVENTLET_FRONT,
  ignoresChunks: true,
  admit: (context) => {
    checkScope(context);
    checkAccept(context);
  },
};
