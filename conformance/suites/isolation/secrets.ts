import { decodeUriPart } from "../../data/credentials.ts";
import { isArray, isObject, type Json } from "../../client/http/json.ts";

const SECRET = /^(password|passwd|pass|secret|secret_key|client_secret|token|access_token|api_key|private_key)$/i;

/** The password in a uri such as `amqp://user:password@host`. */
function passwordIn(text: string): readonly string[] {
  const password = decodeUriPart(URL.parse(text)?.password ?? "");
  return password === undefined ? [] : [password];
}

/** The secrets in credentials, wherever they lie. */
export function secretsIn(value: Json): readonly string[] {
  if (typeof value === "string") return passwordIn(value);
  if (isArray(value)) return value.flatMap(secretsIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    SECRET.test(name) && typeof item === "string" && item !== "" ? [item] : secretsIn(item),
  );
}

/** Whether two credentials have a secret in common. */
export function shareSecret(a: Json, b: Json): boolean {
  const secrets = new Set(secretsIn(a));
  return secretsIn(b).some((each) => secrets.has(each));
}
