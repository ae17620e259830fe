import { isIPv4 } from "node:net";
import type { Fields } from "../configs/fields.ts";

/*
 * The options of a certificate that a config server generates, as CredHub knows and refuses them (its CertificateGenerationRequestParameters and
 * messages.properties).
 */

const DURATION_DAYS_MAX = 3650;
const KEY_BITS = [2048, 3072, 4096];
/** RFC 5280, upper bounds. */
const COMMON_NAME_CHARS_MAX = 64;
const HOST_NAME = /^(\*\.)?[a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?)*\.?$/;

/** The subject's parts, with their object identifiers (RFC 5280, appendix A.1). */
export const SUBJECT_PARTS = {
  common_name: "2.5.4.3",
  country: "2.5.4.6",
  locality: "2.5.4.7",
  state: "2.5.4.8",
  organization: "2.5.4.10",
  organization_unit: "2.5.4.11",
} as const;

/** The bits of a key usage (RFC 5280, section 4.2.1.3), by CredHub's names. */
export const KEY_USAGES: Readonly<Record<string, number>> = {
  digital_signature: 1,
  non_repudiation: 2,
  key_encipherment: 4,
  data_encipherment: 8,
  key_agreement: 16,
  key_cert_sign: 32,
  crl_sign: 64,
  encipher_only: 128,
  decipher_only: 256,
};

/** Object identifiers of extended key usages (RFC 5280, section 4.2.1.12), by CredHub's names. */
export const EXTENDED_KEY_USAGES: Readonly<Record<string, string>> = {
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  timestamping: "1.3.6.1.5.5.7.3.8",
};

/** The texts of an option that is a list or a single text. */
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];

const unknownOf = (value: unknown, known: Readonly<Record<string, unknown>>): string | undefined =>
  textsOf(value).find((each) => !Object.hasOwn(known, each));

/** CredHub's refusal of options for which it makes no certificate; undefined if it makes one. */
export function certificateProblem(options: Fields): string | undefined {
  const { is_ca: isCa, self_sign: isSelfSigned, ca, duration, key_length: bits } = options;
  if (!Object.keys(SUBJECT_PARTS).some((part) => typeof options[part] === "string" && options[part] !== ""))
    return "At least one subject value, such as common name or organization, must be defined to generate the certificate. Please update and retry your request.";
  if (ca !== undefined && isSelfSigned === true)
    return "The parameters 'ca' and 'self-sign' cannot be used in combination. Please update and retry your request.";
  if (ca === undefined && isSelfSigned !== true && isCa !== true)
    return "You must specify a signing CA or indicate self-signing when generating a certificate. Please update and retry your request.";
  if (bits !== undefined && !KEY_BITS.includes(Number(bits)))
    return "The provided key length is not supported. Valid values include '2048', '3072' and '4096'.";
  if (duration !== undefined && !(Number(duration) >= 1 && Number(duration) <= DURATION_DAYS_MAX))
    return "Invalid duration specified. The supported duration values are whole numbers between 1-3650.";
  if (textsOf(options.alternative_names).some((name) => !isIPv4(name) && !HOST_NAME.test(name)))
    return "A provided alternative name is not a valid hostname or IP address. Please update this value and retry your request.";
  if (String(options.common_name ?? "").length > COMMON_NAME_CHARS_MAX)
    return `The request could not be completed because the common name is too long. The max length for common name is ${COMMON_NAME_CHARS_MAX} characters.`;
  const usage = unknownOf(options.key_usage, KEY_USAGES);
  if (usage !== undefined)
    return `The provided key usage '${usage}' is not supported. Valid values include 'digital_signature', 'non_repudiation', 'key_encipherment', 'data_encipherment', 'key_agreement', 'key_cert_sign', 'crl_sign', 'encipher_only' and 'decipher_only'.`;
  const extended = unknownOf(options.extended_key_usage, EXTENDED_KEY_USAGES);
  if (extended !== undefined)
    return `The provided extended key usage '${extended}' is not supported. Valid values include 'client_auth', 'server_auth', 'code_signing', 'email_protection' and 'timestamping'.`;
  return undefined;
}
