import { type Json, isArray, isObject } from "./json.ts";

const SECRET_HEADER = /^(authorization|proxy-authorization|cookie|set-cookie|x-auth-token|x-api-key|apikey)$/i;
const SECRET_MEMBER =
  /^(credentials|password|passwd|secret|client_secret|clientSecret|token|access_token|private_key|api_key|apikey|uri|jdbcUrl|connection_string)$/i;
const USERINFO = /([a-z][a-z0-9+.-]*:\/\/)[^/\s"@]+@/gi;
/** The text that replaces a secret. */
export const REDACTED = "[redacted]";

/** Headers without the values that grant access; those named in `madeUp` grant none, so they stay. */
export function redactHeaders(
  headers: Readonly<Record<string, string>>,
  madeUp: readonly string[] = [],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      SECRET_HEADER.test(name) && !madeUp.includes(name) ? REDACTED : value,
    ]),
  );
}

const AUTHORIZATION = /\b(basic|bearer)\s+[\w.~+/=-]{4,}/gi;

/**
 * A text, such as a trace, without anything that grants access: Authorization headers, users in URLs, the
 * given secrets.
 */
export function redactText(text: string, secrets: readonly string[] = []): string {
  const withoutHeaders = text.replace(AUTHORIZATION, `$1 ${REDACTED}`).replace(USERINFO, `$1${REDACTED}@`);
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, REDACTED), withoutHeaders);
}

function redactUnder(value: Json, isSecret: boolean): Json {
  if (isArray(value)) return value.map((item) => redactUnder(item, isSecret));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, redactUnder(item, isSecret || SECRET_MEMBER.test(name))]),
    );
  }
  if (isSecret && value !== null && typeof value !== "boolean") return REDACTED;
  return typeof value === "string" ? value.replace(USERINFO, `$1${REDACTED}@`) : value;
}

/** A JSON value without the leaves under `credentials` and the members with secret names; its shape stays readable. */
export function redactJson(value: Json): Json {
  return redactUnder(value, false);
}
