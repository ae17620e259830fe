import { Refusal } from "./refusal.ts";

/** A microversion `major.minor` of an API whose major never changes: the minor. */
export interface MicroversionRange {
  /** The word of the header: `compute`, `volume`. */
  readonly service: string;
  readonly major: number;
  readonly minorMax: number;
  readonly minorMin: number;
  /** The older header: `x-openstack-nova-api-version`, `x-openstack-volume-api-version`. */
  readonly legacyHeader?: string;
}

/**
 * The minor that the headers ask for; by default the lowest.
 *
 * @throws Refusal 400 bad form, 406 out of range (docs/discoveries/openstack.md, "Microversions")
 */
export function microversionOf(range: MicroversionRange, headers: Readonly<Record<string, string>>): number {
  const asked = requestedVersion(range, headers);
  if (asked === undefined) return range.minorMin;
  if (asked.toLowerCase() === "latest") return range.minorMax;
  const match = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(asked);
  if (match === null) {
    const message = `API Version String ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`;
    throw new Refusal(400, "badRequest", message);
  }
  const minor = Number(match[2]);
  if (Number(match[1]) !== range.major || minor < range.minorMin || minor > range.minorMax) {
    const { major, minorMin, minorMax } = range;
    const bounds = `Minimum is ${major}.${minorMin} and maximum is ${major}.${minorMax}.`;
    throw new Refusal(406, "computeFault", `Version ${asked} is not supported by the API. ${bounds}`);
  }
  return minor;
}

function requestedVersion(range: MicroversionRange, headers: Readonly<Record<string, string>>): string | undefined {
  const modern = headers["openstack-api-version"];
  if (modern !== undefined) {
    for (const part of modern.split(",")) {
      const [service, version] = part.trim().split(/\s+/);
      if (service?.toLowerCase() === range.service && version !== undefined) return version;
    }
  }
  const legacy = range.legacyHeader === undefined ? undefined : headers[range.legacyHeader];
  return legacy?.trim();
}
