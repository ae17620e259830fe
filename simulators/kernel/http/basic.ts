/** User name and password, as Basic authentication carries them. */
export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

/** Reads an `Authorization` header (RFC 7617); `undefined` for any that is not Basic or holds no colon. */
export function readBasic(header: string | undefined): BasicCredentials | undefined {
  const [, encoded] = /^basic\s+(.+)$/i.exec(header ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The value of an `Authorization` header. */
export const basicHeader = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1); empty for any other. */
export const readBearer = (header: string | undefined): string => /^bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? "";
