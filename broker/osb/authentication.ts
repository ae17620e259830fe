import type { FastifyReply, FastifyRequest } from "fastify";
import type { BrokerConfig, Login } from "../config.ts";
import { OsbError } from "../errors.ts";
import type { Host } from "../host.ts";
import { equalInConstantTime } from "./constant-time.ts";
import { BACKUP_PATHS, DASHBOARD_PATH, LIVE_PATH, METRICS_PATH, OPERATOR_PATH, READY_PATH } from "./paths.ts";
import { createThrottle } from "./throttle.ts";

/** Reads the login of a header with Basic credentials (RFC 7617); undefined for any other header. */
function loginOf(header: string | undefined): Login | undefined {
  const match = /^basic\s+(.+)$/i.exec(header ?? "");
  const text = Buffer.from(match?.[1] ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Compares both parts, whatever the first comparison says. */
function isSameLogin(given: Login, expected: Login): boolean {
  const isUser = equalInConstantTime(given.username, expected.username);
  const isPassword = equalInConstantTime(given.password, expected.password);
  return isUser && isPassword;
}

/**
 * Admits platforms, and operators to the records. Wrong passwords are answered later and later.
 *
 * @throws OsbError 401, and 429 with Retry-After when too many wrong passwords wait for their answer
 */
export type Authenticate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Where operators log in and platforms can't. */
const OPERATORS_PATHS = [...BACKUP_PATHS, OPERATOR_PATH, METRICS_PATH];
/** Requests that anybody may send: the answer is just yes or no. */
const OPEN_PATHS: readonly string[] = [LIVE_PATH, READY_PATH];

/** Makes the function that checks the credentials of requests against those of a configuration. */
export function createAuthentication(config: BrokerConfig, host: Host): Authenticate {
  const throttle = createThrottle(host);
  return async (request, reply) => {
    // The route, not the path, which can be written in several ways.
    const route = request.routeOptions.url ?? "";
    // Dashboards admit users of the platform, by a session.
    if (OPEN_PATHS.includes(route) || route.startsWith(`${DASHBOARD_PATH}/`)) return;
    const isForOperators = OPERATORS_PATHS.some((path) => route === path || route.startsWith(`${path}/`));
    const expected = isForOperators ? config.admin : config.credentials;
    const given = loginOf(request.headers.authorization);
    // Without a password there is none to guess.
    const attempt = given && (await throttle.attempt(request.ip, given.username, () => isSameLogin(given, expected)));
    if (attempt === "right") return;
    if (typeof attempt === "object") {
      reply.header("Retry-After", String(attempt.retryAfterS));
      throw new OsbError(429, "Too many wrong passwords; try again later.");
    }
    reply.header("WWW-Authenticate", 'Basic realm="service broker"');
    throw new OsbError(401, "Credentials are missing or wrong.");
  };
}
