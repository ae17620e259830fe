import { Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import type { ResourceRow } from "../state/rows.ts";
import { badRequest, internalError } from "../wire/errors.ts";

/** `If-Match: revision_number=3`. @throws Refusal 400, 412 */
export function checkRevision({ request }: RequestContext, row: ResourceRow): void {
  const match = /^revision_number=(.*)$/.exec(request.headers["if-match"] ?? "");
  if (match === null) return;
  if (!/^\d+$/.test(match[1] ?? ""))
    throw badRequest("if-match", "Revision number etag must be in the format of revision_number=<int>.");
  if (Number(match[1]) === row.revision) return;
  const message = `Constrained to ${match[1]}, but current revision is ${row.revision}`;
  throw new Refusal(412, "RevisionNumberConstraintFailed", message);
}

/** The database keeps three bytes of UTF-8 a character: the service fails on four. @throws Refusal 500 */
export function checkStorable(fields: object): void {
  if (/[\u{10000}-\u{10ffff}]/u.test(JSON.stringify(fields))) throw internalError();
}
