import type { NovaCall } from "./request.ts";

/** The links of a resource: with the version and without. */
export const links = (call: NovaCall, collection: string, id: string): object[] => [
  { rel: "self", href: `${call.base}/${collection}/${id}` },
  { rel: "bookmark", href: `${call.bookmark}/${collection}/${id}` },
];

/** `…_links` of a full page, with sorted parameters as the service writes them. */
export function nextLink(call: NovaCall, path: string, marker: string): object[] {
  // Of several values the last one in order stays.
  const pairs = [...call.query].filter(([name]) => name !== "marker").sort(([, a], [, b]) => (a < b ? -1 : 1));
  const sorted = new URLSearchParams(Object.fromEntries(pairs));
  sorted.sort();
  const hadMarker = call.query.has("marker");
  sorted.append("marker", marker);
  if (hadMarker) sorted.sort();
  return [{ rel: "next", href: `${call.base}${path}?${sorted.toString()}` }];
}
