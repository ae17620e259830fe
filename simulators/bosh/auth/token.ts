import { asFields } from "../configs/fields.ts";
import { sign, verify } from "node:crypto";

const encodeSegment = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

type Claims = Readonly<Record<string, unknown>>;

/** The id of the key that signs all tokens. */
export const KEY_ID = "key-1";

/** A JSON Web Token signed with RS256 (RFC 7519, RFC 7518 §3.3). */
export function issueToken(claims: Claims, privateKey: string): string {
  const head = `${encodeSegment({ alg: "RS256", kid: KEY_ID, typ: "JWT" })}.${encodeSegment(claims)}`;
  return `${head}.${sign("RSA-SHA256", Buffer.from(head), privateKey).toString("base64url")}`;
}

/**
 * The claims of a token of this kind with a valid signature, before its expiry; otherwise `undefined`. A
 * refresh token's `jti` ends in -r.
 */
export function readToken(
  token: string,
  publicKey: string,
  nowSeconds: number,
  kind: "access" | "refresh" = "access",
): Claims | undefined {
  const [header, body, signature] = token.split(".");
  if (header === undefined || body === undefined || signature === undefined) return undefined;
  try {
    if (!verify("RSA-SHA256", Buffer.from(`${header}.${body}`), publicKey, Buffer.from(signature, "base64url")))
      return undefined;
    const claims = asFields(JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
    if (typeof claims.exp !== "number" || claims.exp <= nowSeconds) return undefined;
    const isRefresh = String(claims.jti ?? "").endsWith("-r");
    return isRefresh === (kind === "refresh") ? claims : undefined;
  } catch {
    // A token that can't be read is answered with 401, like a wrong one.
    return undefined;
  }
}
