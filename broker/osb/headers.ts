import type { IncomingHttpHeaders } from "node:http";
import { badRequest, OsbError } from "../errors.ts";
import { isObject } from "../json.ts";

/** The path of the catalog. */
export const CATALOG_PATH = "/v2/catalog";

const VERSION = /^2\.\d+$/;

/**
 * A request that names no version may be served (OSB 2.16, "API Version Header"). The catalog is: a person reads it with a bare `curl`, and it is
 * the same in every version. What changes something is not, for its meaning depends on the version.
 *
 * @param path the route, not the URL
 * @throws OsbError 400, 412
 */
export function checkVersion(header: string | undefined, path: string): void {
  if (header === undefined && path === CATALOG_PATH) return;
  if (header === undefined) throw badRequest("The header X-Broker-API-Version is required.");
  if (!VERSION.test(header))
    throw new OsbError(412, "This broker supports version 2.17 of the Open Service Broker API.");
}

/** The minor version that a platform speaks, from a header that has been checked. */
export const minorOf = (headers: IncomingHttpHeaders): number =>
  Number(String(headers["x-broker-api-version"]).split(".")[1]);

/** Originating identity: `platform` and base64 of a JSON object (OSB, "Originating Identity"). @throws OsbError 400 */
export function checkIdentity(header: string | undefined): void {
  if (header === undefined) return;
  const [platform, encoded, ...rest] = header.split(" ");
  if (platform === undefined || platform === "" || encoded === undefined || rest.length > 0)
    throw badRequest("X-Broker-API-Originating-Identity is malformed.");
  try {
    if (isObject(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")))) return;
  } catch {
    // Refused below, together with JSON that is not an object.
  }
  throw badRequest("X-Broker-API-Originating-Identity must carry a JSON object in base64.");
}
