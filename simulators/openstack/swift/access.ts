import { percentText } from "../../kernel/index.ts";
import { createHmac, timingSafeEqual } from "node:crypto";
import { refuseWith } from "../refusal.ts";
import { ANONYMOUS, type Context } from "../service.ts";
import { findContainer, type Headers, notSimulated, type Swift } from "./state.ts";
import { paged, refused, unauthorized } from "./style.ts";

/** What a request wants: to list or read, or to change. Owners may do all; others what the container's lists allow. */
export type Wish = "list" | "read" | "write" | "own";

/** Roles that own the account of their project. */
const OPERATORS = ["member", "admin"];

const entriesOf = (acl: string | undefined): readonly string[] => (acl ?? "").split(",").map((entry) => entry.trim());

function allows(metadata: Headers, wish: Wish, { actor }: Context): boolean {
  const isRead = wish === "read" || wish === "list";
  const entries = entriesOf(metadata[isRead ? "x-container-read" : "x-container-write"]);
  if (isRead && entries.includes(".r:*") && (wish === "read" || entries.includes(".rlistings"))) return true;
  if (actor === ANONYMOUS) return false;
  return entries.some((entry) => {
    const [project = "", user] = entry.split(":");
    if (user === undefined) return actor.roles.includes(project);
    const isProject = project === "*" || project === actor.projectId || project === actor.projectName;
    return isProject && (user === "*" || user === actor.userId || user === actor.userName);
  });
}

/** Refuses who may not do what they wish. Answers whether a signed address let them in. */
export function admit(swift: Swift, context: Context, wish: Wish): boolean {
  const { actor, params, query } = context;
  if (params.object !== undefined && (query.has("temp_url_sig") || query.has("temp_url_expires"))) {
    checkSigned(swift, context);
    return true;
  }
  const isOwn = params.account === `AUTH_${actor.projectId}` && actor.roles.some((role) => OPERATORS.includes(role));
  if (isOwn || actor.roles.includes("ResellerAdmin")) return false;
  const container = findContainer(swift, params.account ?? "", params.container ?? "");
  if (wish !== "own" && container !== undefined && allows(container.metadata, wish, context)) return false;
  throw actor === ANONYMOUS ? refuseWith(unauthorized(context)) : refused(403);
}

const DIGESTS: Readonly<Record<number, string>> = { 40: "sha1", 64: "sha256", 128: "sha512" };

/** Signed by a key of the account or of the container, for this method and path, and not expired? */
function checkSigned(swift: Swift, context: Context): void {
  const { query, params, request, cloud } = context;
  for (const unknown of ["temp_url_prefix", "temp_url_ip_range"]) if (query.has(unknown)) throw notSimulated(unknown);
  const signature = query.get("temp_url_sig") ?? "";
  const expires = query.get("temp_url_expires") ?? "";
  const untilS = /^\d+$/.test(expires) ? Number(expires) : Date.parse(expires) / 1000;
  const digest = DIGESTS[signature.length];
  const metadata = [
    swift.slot.value.metadata.get(params.account ?? "") ?? {},
    findContainer(swift, params.account ?? "", params.container ?? "")?.metadata ?? {},
  ];
  const keys = metadata.flatMap((each, at) =>
    ["", "-2"].map((suffix) => each[`x-${at === 0 ? "account" : "container"}-meta-temp-url-key${suffix}`]),
  );
  const path = percentText(request.path);
  const methods = request.method === "HEAD" ? ["HEAD", "GET", "PUT", "POST"] : [request.method];
  const holds = (key: string | undefined): boolean =>
    key !== undefined &&
    methods.some((method) => {
      const expected = createHmac(digest ?? "sha1", key)
        .update(`${method}\n${untilS}\n${path}`)
        .digest("hex");
      const [own, given] = [Buffer.from(expected), Buffer.from(signature)];
      return own.length === given.length && timingSafeEqual(own, given);
    });
  if (digest !== undefined && untilS >= cloud.kernel.nowMs / 1000 && keys.some(holds)) return;
  throw refuseWith(
    paged(context, 401, { "WWW-Authenticate": 'Swift realm="unknown"' }, "401 Unauthorized: Temp URL invalid\n"),
  );
}
