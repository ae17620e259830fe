import type { HttpRequest } from "../../kernel/index.ts";
import { type Director, seconds } from "../director.ts";
import type { Caller } from "./scopes.ts";
import { readBasic, readToken, sameSecret } from "./token.ts";

/** Uploads are judged as of the time they began, up to an hour back. */
const UPLOAD_LEEWAY_S = 3600;

/** Who sends the request, by Basic credentials or by a token of UAA; `undefined` when nobody that the director knows. */
export function callerOf(director: Director, request: HttpRequest): Caller | undefined {
  const header = request.headers.authorization;
  const { uaa, users } = director.options;
  if (uaa !== undefined)
    return bearer(director, uaa.publicKey, header, request.received === undefined ? 0 : UPLOAD_LEEWAY_S);
  const basic = readBasic(header);
  const user = users.find(({ name }) => name === basic?.name);
  return user !== undefined && sameSecret(basic?.password ?? "", user.password)
    ? { user: user.name, scopes: user.scopes }
    : undefined;
}

function bearer(
  director: Director,
  publicKey: string,
  header: string | undefined,
  leewaySeconds: number,
): Caller | undefined {
  const token = /^bearer\s+(\S+)$/i.exec(header ?? "")?.[1];
  const claims = token === undefined ? undefined : readToken(token, publicKey, seconds(director) - leewaySeconds);
  if (claims === undefined) return undefined;
  const scopes = Array.isArray(claims.scope) ? claims.scope.map(String) : [];
  return { user: String(claims.user_name ?? claims.client_id ?? ""), scopes };
}
