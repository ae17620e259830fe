import { bodyJson, bodyText } from "../../kernel/index.ts";
import { jsonError } from "../configs/json-error.ts";
import { YamlError } from "../templates/yaml-errors.ts";
import { readYaml } from "../templates/yaml.ts";
import { isHash } from "../configs/fields.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";

interface ConfigBody {
  readonly type: string;
  readonly name: string;
  readonly content: string;
  readonly expected: string | undefined;
}

/** @throws DirectorError 440010, 710001 */
export function parseBody(context: RequestContext): Readonly<Record<string, unknown>> {
  const body = bodyJson(context.request);
  if (!body.ok)
    throw new DirectorError(710001, `Invalid JSON request body: ${jsonError(bodyText(context.request), body.error)}`);
  if (!isHash(body.value)) throw new DirectorError(440010, "JSON object expected");
  return body.value;
}

/** @throws DirectorError 440010, 440011 */
export function readConfigBody(value: Readonly<Record<string, unknown>>): ConfigBody {
  for (const field of ["type", "name"] as const)
    if (typeof value[field] !== "string" || value[field] === "")
      throw new DirectorError(
        440010,
        value[field] === undefined || value[field] === "" ? `'${field}' is required` : `'${field}' must be a string`,
      );
  readContent(value.content);
  const expected = value.expected_latest_id;
  return {
    type: String(value.type),
    name: String(value.name),
    content: String(value.content),
    expected: expected === undefined || expected === null ? undefined : String(expected),
  };
}

const RUBY_KINDS: Readonly<Record<string, string>> = { number: "Integer", boolean: "true", object: "Hash" };

/** @throws DirectorError 440011 */
export function readContent(content: unknown): unknown {
  if (typeof content !== "string") {
    const kind =
      content === undefined || content === null ? "nil" : Array.isArray(content) ? "Array" : RUBY_KINDS[typeof content];
    throw new DirectorError(440011, `Config must be valid YAML: no implicit conversion of ${kind} into String`);
  }
  let value: unknown;
  try {
    value = readYaml(content);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new DirectorError(440011, `Config must be valid YAML: ${error.message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DirectorError(440011, "YAML hash expected");
  return value;
}
