import { repr } from "../../python/repr.ts";
import { badRequest } from "./errors.ts";
import { HTML } from "./headers.ts";

const REFERRERS = [".r", ".ref", ".referer", ".referrer"];

/** An access list as it is kept: its items, trimmed, with one word for referrers. @throws Refusal 400 */
export function cleanList(header: string, value: string): string {
  return value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => cleanItem(header, item))
    .join(",");
}

function cleanItem(header: string, item: string): string {
  const at = item.indexOf(":");
  const first = at < 0 ? "" : item.slice(0, at).trim();
  if (!first.startsWith(".")) return item;
  if (!REFERRERS.includes(first)) throw badRequest(`Unknown designator ${repr(first)} in ACL: ${repr(item)}`, HTML);
  if (header.includes("write")) throw badRequest(`Referrers not allowed in write ACL: ${repr(item)}`, HTML);
  const second = item.slice(at + 1).trim();
  const sign = second.startsWith("-") ? "-" : "";
  const host = second.slice(sign.length).trim();
  const domain = host !== "*" && host.startsWith("*") ? host.slice(1).trim() : host;
  if (domain === "" || domain === ".")
    throw badRequest(`No host/domain value after referrer designation in ACL: ${repr(item)}`, HTML);
  return `.r:${sign}${domain}`;
}
