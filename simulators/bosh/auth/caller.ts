import { type HttpRequest, sameSecret, readBasic } from "../../kernel/index.ts";
import { type Director, nowSeconds } from "../state/director.ts";
import type { Caller } from "./scopes.ts";
import { readToken } from "./token.ts";

/** The sender of a request, by Basic credentials or by a token of UAA; `undefined` for a caller unknown to the director. */
export function callerOf(director: Director, request: HttpRequest): Caller | undefined {
  const header = request.headers.authorization;
  const { uaa, users } = director.options;
  if (uaa !== undefined) return callerByToken(director, uaa.publicKey, header);
  const basic = readBasic(header);
  const user = users.find(({ name }) => name === basic?.username);
  return user !== undefined && sameSecret(basic?.password ?? "", user.password)
    ? { user: user.name, scopes: user.scopes }
    : undefined;
}

function callerByToken(director: Director, publicKey: string, header: string | undefined): Caller | undefined {
  const token = /^bearer\s+(\S+)$/i.exec(header ?? "")?.[1];
  const claims = token === undefined ? undefined : readToken(token, publicKey, nowSeconds(director));
  if (claims === undefined) return undefined;
  const scopes = Array.isArray(claims.scope) ? claims.scope.map(String) : [];
  return { user: String(claims.user_name ?? claims.client_id ?? ""), scopes };
}
