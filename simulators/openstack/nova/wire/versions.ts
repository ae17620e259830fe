import { json } from "../../../kernel/index.ts";
import type { MicroversionRange } from "../../microversion.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";

/** The microversions of Zed. */
export const MICROVERSIONS: MicroversionRange = {
  service: "compute",
  major: 2,
  minorMin: 1,
  minorMax: 93,
  legacyHeader: "x-openstack-nova-api-version",
};

/** The media types of a version document. */
export const mediaTypes = (version: string): object[] => [
  { base: "application/json", type: `application/vnd.openstack.compute+json;version=${version}` },
];

/** One version document. */
function versionDocument(context: RequestContext, id: "v2.0" | "v2.1", isFull: boolean): object {
  const isCurrent = id === "v2.1";
  const path = isCurrent ? "v2.1" : "v2";
  const self = { rel: "self", href: `${context.request.origin}/${path}/` };
  const described = { rel: "describedby", type: "text/html", href: "http://docs.openstack.org/" };
  return {
    id,
    status: isCurrent ? "CURRENT" : "SUPPORTED",
    version: isCurrent ? `2.${MICROVERSIONS.minorMax}` : "",
    min_version: isCurrent ? "2.1" : "",
    updated: isCurrent ? "2013-07-23T11:33:21Z" : "2011-01-21T11:33:21Z",
    links: isFull ? [self, described] : [self],
    ...(isFull && { "media-types": mediaTypes(isCurrent ? "2.1" : "2") }),
  };
}

/** The version documents. */
export const VERSION_ROUTES: readonly OpenStackRoute[] = [
  // The root is an application of its own, which ignores the method.
  ...["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"].map(
    (method): OpenStackRoute => ({
      method,
      path: "/",
      open: true,
      handler: (context) =>
        json(200, { versions: [versionDocument(context, "v2.0", false), versionDocument(context, "v2.1", false)] }),
    }),
  ),
  ...["/v2.1", "/v2.1/", "/v2", "/v2/"].map(
    (path): OpenStackRoute => ({
      method: "GET",
      path,
      open: true,
      handler: (context) =>
        json(200, { version: versionDocument(context, path.startsWith("/v2.1") ? "v2.1" : "v2.0", true) }),
    }),
  ),
];
