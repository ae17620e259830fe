import { type HttpReply, type HttpRequest, json, readBearer, type ReplyHeaders, sameSecret } from "../kernel/index.ts";

/** Who may steer the world, and under which names it is reached. */
export interface ControlAccess {
  /** The token that each request must carry as `Authorization: Bearer`. */
  readonly token: string;
  /** `127.64.250.1:7701`: where the API listens. Any other `Host` got here through a foreign name (DNS rebinding). */
  readonly hosts: readonly string[];
}

/** An error of the control API: `{error: {code, message}}`. */
export const refusal = (status: number, code: string, message: string, headers?: ReplyHeaders): HttpReply =>
  json(status, { error: { code, message } }, headers);

const CHALLENGE = { "WWW-Authenticate": 'Bearer realm="drydock"' } as const;

/** Browsers name the page that sends a request (Fetch §3.2, Fetch Metadata §2); what is typed into their address bar comes from `none`. */
function isFromPage({ headers }: HttpRequest): boolean {
  return headers.origin !== undefined || (headers["sec-fetch-site"] ?? "none") !== "none";
}

/** Whether a request has a body, even one that the edge does not read, such as that of a GET. */
const hasBody = ({ headers, body }: HttpRequest): boolean =>
  body.length > 0 || Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined;

/** A page may send text or a form to anybody; for JSON its browser asks first (CORS-preflight), and is refused. */
function isOtherThanJson(request: HttpRequest): boolean {
  const type = request.headers["content-type"];
  return type === undefined ? hasBody(request) : !/^application\/json *(;|$)/i.test(type);
}

/** Why a request is refused; `undefined` when it may go on. */
export function refusalOf({ token, hosts }: ControlAccess, request: HttpRequest): HttpReply | undefined {
  if (!sameSecret(readBearer(request.headers.authorization), token))
    return refusal(401, "CONTROL_UNAUTHORIZED", "send Authorization: Bearer and DRYDOCK_CONTROL_TOKEN", CHALLENGE);
  if (!hosts.includes((request.headers.host ?? "").toLowerCase()))
    return refusal(403, "CONTROL_FOREIGN_HOST", `send the Host that listens here: ${hosts.join(", ")}`);
  if (isFromPage(request)) return refusal(403, "CONTROL_FROM_PAGE", "web pages may not steer a cloud");
  if (isOtherThanJson(request)) return refusal(415, "CONTROL_NOT_JSON", "send Content-Type: application/json");
  return undefined;
}
