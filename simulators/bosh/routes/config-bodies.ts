import { bodyJson, bodyText } from "../../kernel/index.ts";
import { jsonError } from "../configs/json-error.ts";
import { YamlError } from "../templates/yaml-errors.ts";
import { readYaml } from "../templates/yaml.ts";
import { dumpYaml } from "../templates/yaml-dump.ts";
import { isTruthy, toRubyText } from "../templates/ruby.ts";
import { type Fields, isHash } from "../configs/fields.ts";
import { isNil, Unforeseen } from "../wire/bodies.ts";
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
  const [type, name] = [readName(value, "type"), readName(value, "name")];
  const content = readContent(value.content);
  const expected = value.expected_latest_id;
  return {
    type,
    name,
    // A runtime config is stored as the director parsed it, the others as received.
    content: type === "runtime" ? dumpYaml(withTextVersions(content)) : String(value.content),
    expected: expected === undefined || expected === null ? undefined : String(expected),
  };
}

/** @throws DirectorError 440010; Unforeseen for a value without Ruby's `empty?` */
function readName(value: Fields, field: "type" | "name"): string {
  const given = value[field];
  if (typeof given === "number" || typeof given === "boolean") throw new Unforeseen();
  if (isNil(given) || Object.keys(Object(given)).length === 0)
    throw new DirectorError(440010, `'${field}' is required`);
  if (typeof given !== "string") throw new DirectorError(440010, `'${field}' must be a string`);
  return given;
}

/**
 * A runtime config with the versions of its releases as texts.
 * @throws Unforeseen if Ruby can't look up a release's version
 */
export function withTextVersions(config: Fields): Fields {
  const { releases } = config;
  if (isNil(releases) || (isHash(releases) && Object.keys(releases).length === 0)) return config;
  if (!Array.isArray(releases)) throw new Unforeseen();
  return { ...config, releases: releases.map(withTextVersion) };
}

function withTextVersion(release: unknown): unknown {
  // In Ruby, looking up a name in a text gives nil.
  if (typeof release === "string") return release;
  if (!isHash(release)) throw new Unforeseen();
  return isTruthy(release.version) ? { ...release, version: toRubyText(release.version) } : release;
}

const RUBY_KINDS: Readonly<Record<string, string>> = { number: "Integer", boolean: "true", object: "Hash" };

/** @throws DirectorError 440011 */
export function readContent(content: unknown): Fields {
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
  if (!isHash(value)) throw new DirectorError(440011, "YAML hash expected");
  return value;
}
