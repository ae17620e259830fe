import { checkSegment, type Segment } from "../behaviour/segments.ts";
import type { Neutron } from "../state/state.ts";
import { type Convert, integer, isFalsy, textUpTo } from "../wire/converters.ts";
import { internalError, invalid } from "../wire/errors.ts";
import { isDictionary } from "../wire/structures.ts";

/*
 * What a body says of the segments of a network: the attributes of the extension `provider`, or the list of the extension `multi-provider`.
 */

/** Characters of `network_type` and `physical_network`. */
const TYPE_CHARS_MAX = 32;
const PHYSICAL_CHARS_MAX = 64;

/** `network_type` of the extension `provider`. */
export const networkType = textUpTo(TYPE_CHARS_MAX);
/** `physical_network` of the extension `provider`. */
export const physicalNetwork = textUpTo(PHYSICAL_CHARS_MAX);

const NAMES = ["provider:network_type", "provider:physical_network", "provider:segmentation_id"];

/** Segments as a list of objects; anything else is the service's own error. */
export const segmentList: Convert<readonly Readonly<Record<string, unknown>>[]> = (value) => {
  if (value === "" || (typeof value === "object" && isFalsy(value) && value !== null)) return [];
  if (!Array.isArray(value)) throw internalError();
  return value.map((each: unknown) => {
    if (!isDictionary(each)) throw internalError();
    return Object.fromEntries(NAMES.map((name) => [name, each[name] ?? null]));
  });
};

interface Provided {
  readonly "provider:network_type"?: string;
  readonly "provider:physical_network"?: string;
  readonly "provider:segmentation_id"?: number;
  readonly segments?: readonly Readonly<Record<string, unknown>>[];
}

/** The segment that the `provider` attributes ask for; `undefined` if none is given. */
export function providerSegment(fields: Provided): Segment | undefined {
  const segment = {
    type: fields["provider:network_type"],
    physicalNetwork: fields["provider:physical_network"],
    id: fields["provider:segmentation_id"],
  };
  return Object.values(segment).every((each) => each === undefined) ? undefined : segment;
}

/** An entry of the list; a null is as good as nothing. */
function listedSegment(entry: Readonly<Record<string, unknown>>): Segment {
  const {
    "provider:network_type": type,
    "provider:physical_network": physical,
    "provider:segmentation_id": id,
  } = entry;
  return {
    ...(type != null && { type: networkType(type) }),
    ...(physical != null && { physicalNetwork: physicalNetwork(physical) }),
    ...(id != null && { id: integer(id) }),
  };
}

/** The segments that an administrator wants for a new network; `undefined` for any. @throws Refusal 400, 409 */
export function askedSegments(neutron: Neutron, fields: Provided): readonly Segment[] | undefined {
  const provided = providerSegment(fields);
  const listed = fields.segments;
  if (listed === undefined || listed.length === 0) {
    if (provided !== undefined) checkSegment(neutron, provided);
    return provided && [provided];
  }
  if (provided !== undefined)
    throw invalid("SegmentsSetInConjunctionWithProviders", "Segments and provider values cannot both be set.");
  const keys = listed.map((entry) => JSON.stringify(NAMES.map((name) => entry[name] ?? null)));
  if (new Set(keys).size < keys.length)
    throw invalid("SegmentsContainDuplicateEntry", "Duplicate segment entry in request.");
  const asked = listed.map(listedSegment);
  for (const segment of asked) checkSegment(neutron, segment);
  return asked;
}
