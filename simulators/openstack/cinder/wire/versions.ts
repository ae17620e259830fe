import { type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { microversionOf, type MicroversionRange } from "../../microversion.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";

/** The microversions of Zed. */
export const MICROVERSIONS: MicroversionRange = { service: "volume", major: 3, minorMin: 0, minorMax: 70 };

/** The microversion that an answer names. */
export function shownVersion(headers: Readonly<Record<string, string>>): string {
  try {
    return `3.${microversionOf(MICROVERSIONS, headers)}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return /^Version (\S+)/.exec(error.message)?.[1] ?? `3.${MICROVERSIONS.minorMin}`;
  }
}

const versionDocuments = ({ cloud, request }: RequestContext): readonly object[] => [
  {
    id: "v3.0",
    status: "CURRENT",
    version: `3.${MICROVERSIONS.minorMax}`,
    min_version: "3.0",
    updated: "2022-08-31T00:00:00Z",
    links: [
      { rel: "describedby", type: "text/html", href: "https://docs.openstack.org/" },
      { rel: "self", href: `${cloud.root("volumev3", request)}/v3/` },
    ],
    "media-types": [{ base: "application/json", type: "application/vnd.openstack.volume+json;version=3" }],
  },
];

/** The version documents. */
export const VERSION_ROUTES: readonly OpenStackRoute[] = [
  // The root is an application of its own, which ignores the method.
  ...["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map((method) => ({
    method,
    path: "/",
    open: true as const,
    handler: (context: RequestContext): HttpReply => json(300, { versions: versionDocuments(context) }),
  })),
  {
    method: "GET",
    path: "/healthcheck",
    open: true,
    handler: () => json(200, { detailed: false, reasons: ["OK"] }),
  },
  ...["/v3", "/v3/"].map((path) => ({
    method: "GET",
    path,
    handler: (context: RequestContext): HttpReply => json(200, { versions: versionDocuments(context) }),
  })),
];
