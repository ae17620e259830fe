import type { Variable } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Fields } from "../configs/fields.ts";
import { certificateProblem } from "./certificate-options.ts";
import { type CertificateAuthority, makeCertificate } from "./certificates.ts";

/*
 * The values that a config server generates, by type, in CredHub's form. Certificates and their keys are real
 * (`certificates.ts`); other keys are stand-ins, PEM-shaped texts that no client can use.
 */

const PASSWORD_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const PASSWORD_LENGTH = 30;
const USER_LENGTH = 20;
const PEM_CHARS = 64;

type VariableValue = Variable["value"];

const MAKERS: Readonly<
  Record<string, (director: Director, options: Readonly<Record<string, unknown>>) => VariableValue>
> = {
  password: (director, { length }) => makeText(director, typeof length === "number" ? length : PASSWORD_LENGTH),
  certificate: (director, options) => makeCertificate(director, possibleOptions(options), issuerOf(director, options)),
  rsa: (director) => ({
    private_key: makePem(director, "RSA PRIVATE KEY"),
    public_key: makePem(director, "PUBLIC KEY"),
  }),
  ssh: (director) => ({
    private_key: makePem(director, "RSA PRIVATE KEY"),
    public_key: `ssh-rsa ${makeText(director, PEM_CHARS)}`,
    public_key_fingerprint: makeText(director, 43),
  }),
  user: (director, { username }) => ({
    password: makeText(director, PASSWORD_LENGTH),
    password_hash: `$6$${makeText(director, 8)}$${makeText(director, 86)}`,
    username: typeof username === "string" ? username : makeText(director, USER_LENGTH),
  }),
};

/**
 * The options, or, if no certificate can have them, those of the certificate that a lenient config server
 * makes anyway (`makesAnyCertificate`).
 */
const possibleOptions = (options: Fields): Fields =>
  certificateProblem(options) === undefined ? options : { common_name: "certificate", self_sign: true };

/** The latest version of the authority named in the options. */
function issuerOf(director: Director, { ca }: Readonly<Record<string, unknown>>): CertificateAuthority | undefined {
  const value = typeof ca === "string" ? director.slot.value.variables.get(ca)?.at(-1)?.value : undefined;
  if (typeof value !== "object") return undefined;
  const { certificate, private_key: key } = value;
  return certificate === undefined || key === undefined ? undefined : { certificate, private_key: key };
}

/** Whether a config server generates values of a type. */
export const isVariableType = (type: string): boolean => Object.hasOwn(MAKERS, type);

/** A new value of a known type. */
export const makeValue = (
  director: Director,
  type: string,
  options: Readonly<Record<string, unknown>>,
): VariableValue => MAKERS[type]?.(director, options) ?? "";

function makeText(director: Director, length: number): string {
  const digits = director.kernel.secrets("bosh/variables").hex(2 * length);
  const pairs = digits.match(/../g) ?? [];
  return pairs.map((pair) => PASSWORD_CHARS[Number.parseInt(pair, 16) % PASSWORD_CHARS.length] ?? "").join("");
}

const makePem = (director: Director, label: string): string =>
  `-----BEGIN ${label}-----\n${makeText(director, PEM_CHARS)}\n-----END ${label}-----\n`;
