import type { SuiteName } from "../conformance/runner/events.ts";

/** Where a section is, from a minor version of the specification on: file and anchor. */
type Place = readonly [since: number, file: "spec.md" | "profile.md", anchor: string];

/**
 * Sections of the Open Service Broker API by the headings of 2.17, each with its place in each release; earlier releases name and place
 * some differently. Source: spec.md and profile.md at the tags v2.11 to v2.17 of openservicebrokerapi/servicebroker.
 */
const PLACES: Readonly<Record<string, readonly Place[]>> = {
  "Change Policy for Minor Versions": [
    [11, "spec.md", "change-policy"],
    [14, "spec.md", "change-policy-for-minor-versions"],
  ],
  "API Version Header": [[11, "spec.md", "api-version-header"]],
  "Originating Identity": [[13, "spec.md", "originating-identity"]],
  "Request Identity": [[15, "spec.md", "request-identity"]],
  "Vendor Extension Fields": [[14, "spec.md", "vendor-extension-fields"]],
  "Platform to Service Broker Authentication": [
    [11, "spec.md", "authentication"],
    [14, "spec.md", "platform-to-service-broker-authentication"],
  ],
  "URL Properties": [[13, "spec.md", "url-properties"]],
  "Service Broker Errors": [
    [11, "spec.md", "broker-errors"],
    [14, "spec.md", "service-broker-errors"],
  ],
  "Broker Errors": [
    [11, "spec.md", "broker-errors"],
    [14, "spec.md", "service-broker-errors"],
  ],
  "Error Codes": [
    [11, "spec.md", "broker-errors"],
    [14, "spec.md", "error-codes"],
  ],
  "Content Type": [[14, "spec.md", "content-type"]],
  "Catalog Management": [[11, "spec.md", "catalog-management"]],
  "Service Offering Object": [
    [11, "spec.md", "service-objects"],
    [14, "spec.md", "service-object"],
    [15, "spec.md", "service-offering-object"],
  ],
  "Service Plan Object": [
    [11, "spec.md", "plan-object"],
    [15, "spec.md", "service-plan-object"],
  ],
  "Schemas Object": [
    [13, "spec.md", "schema-object"],
    [14, "spec.md", "schemas-object"],
  ],
  "Input Parameters Schema Object": [
    [13, "spec.md", "input-parameters-object"],
    [14, "spec.md", "input-parameters-schema-object"],
  ],
  "Maintenance Info Object": [[15, "spec.md", "maintenance-info-object"]],
  "Synchronous and Asynchronous Operations": [[11, "spec.md", "synchronous-and-asynchronous-operations"]],
  "Asynchronous Operations": [[11, "spec.md", "asynchronous-operations"]],
  "Blocking Operations": [[11, "spec.md", "blocking-operations"]],
  "Polling Last Operation for Service Instances": [
    [11, "spec.md", "polling-last-operation"],
    [14, "spec.md", "polling-last-operation-for-service-instances"],
  ],
  "Polling Last Operation for Service Bindings": [
    [11, "spec.md", "polling-last-operation"],
    [14, "spec.md", "polling-last-operation-for-service-bindings"],
  ],
  "Polling Interval and Duration": [[11, "spec.md", "polling-interval-and-duration"]],
  Provisioning: [[11, "spec.md", "provisioning"]],
  "Fetching a Service Instance": [[14, "spec.md", "fetching-a-service-instance"]],
  "Updating a Service Instance": [[11, "spec.md", "updating-a-service-instance"]],
  "Service Instance Metadata": [[16, "spec.md", "service-instance-metadata"]],
  Binding: [[11, "spec.md", "binding"]],
  "Binding Rotation": [[17, "spec.md", "binding-rotation"]],
  "Types of Binding": [[11, "spec.md", "types-of-binding"]],
  "Request (Creating a Service Binding)": [
    [11, "spec.md", "binding"],
    [17, "spec.md", "request-creating-a-service-binding"],
  ],
  "Request (Rotating a Service Binding)": [[17, "spec.md", "request-rotating-a-service-binding"]],
  "Binding Metadata Object": [[16, "spec.md", "binding-metadata-object"]],
  "Volume Mount Object": [
    [11, "spec.md", "volume-mounts-object"],
    [14, "spec.md", "volume-mount-object"],
  ],
  "Device Object": [[11, "spec.md", "device-object"]],
  "Endpoint Object": [[15, "spec.md", "endpoint-object"]],
  "Fetching a Service Binding": [[14, "spec.md", "fetching-a-service-binding"]],
  Unbinding: [[11, "spec.md", "unbinding"]],
  Deprovisioning: [[11, "spec.md", "deprovisioning"]],
  "Orphan Mitigation": [
    [11, "spec.md", "orphans"],
    [15, "spec.md", "orphan-mitigation"],
  ],
  "profile.md: Context Object": [[12, "profile.md", "context-object"]],
  "profile.md: Bind Resource Object": [
    [12, "spec.md", "bind-resource-object"],
    [14, "profile.md", "bind-resource-object"],
  ],
  "profile.md: Service Metadata": [[13, "profile.md", "service-metadata"]],
  "profile.md: Dashboard Client Object": [
    [11, "spec.md", "dashboard-client-object"],
    [14, "profile.md", "dashboard-client-object"],
  ],
};

/** The newest release, for a report without a profile. */
const NEWEST_MINOR = 17;

/** The minor version in `osb-2.15`, or in the name of a profile like it. */
function minorOf(profile: string | undefined): number {
  const minor = profile === undefined ? undefined : /2\.(\d+)$/.exec(profile)?.[1];
  return minor === undefined ? NEWEST_MINOR : Number(minor);
}

/**
 * The URL of a section in the release of the specification by which a run judged; `undefined` for sections of other suites, and for those
 * that the release does not have.
 */
export function specificationUrl(
  { suite, section }: { readonly suite: SuiteName; readonly section: string },
  profile: string | undefined,
): string | undefined {
  if (suite !== "osb") return undefined;
  const minor = minorOf(profile);
  // A section comes from a stream: a name that every object has, such as `valueOf`, is not a section.
  const places = Object.hasOwn(PLACES, section) ? PLACES[section] : undefined;
  const place = places?.findLast(([since]) => since <= minor);
  if (place === undefined) return undefined;
  const [, file, anchor] = place;
  return `https://github.com/openservicebrokerapi/servicebroker/blob/v2.${minor}/${file}#${anchor}`;
}
