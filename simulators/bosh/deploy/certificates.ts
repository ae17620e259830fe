import { createPrivateKey, createPublicKey, hash } from "node:crypto";
import { createRequire } from "node:module";
import { isIPv4 } from "node:net";
import type * as SchemaModule from "@peculiar/asn1-schema";
import type * as Asn1Module from "@peculiar/asn1-x509";
import type { Fields } from "../configs/fields.ts";
import type { Director } from "../state/director.ts";
import { ECDSA_SHA256, makeKey, signWith } from "./certificate-keys.ts";
import { EXTENDED_KEY_USAGES, KEY_USAGES, SUBJECT_PARTS, textsOf } from "./certificate-options.ts";

/*
 * The certificates that the stand-in for a config server makes. They are real: a client that trusts the
 * authority accepts the server.
 */

/** A certificate as CredHub shows it, PEM throughout. */
interface CertificateValue extends Readonly<Record<string, string>> {
  readonly ca: string;
  readonly certificate: string;
  readonly private_key: string;
}

/** An authority, which signs other certificates. */
export type CertificateAuthority = Pick<CertificateValue, "certificate" | "private_key">;

const DAY_MS = 86_400_000;
/** The default duration. */
const DURATION_DAYS = 365;

type Asn1 = typeof Asn1Module;
type Schema = typeof SchemaModule;

/**
 * Loaded in advance: only deployments with certificates need the libraries, and a director's tasks can't wait
 * for an import.
 */
function loadLibraries(): { readonly x509: Asn1; readonly schema: Schema } {
  const require = createRequire(import.meta.url);
  const [x509, schema]: [Asn1, Schema] = [require("@peculiar/asn1-x509"), require("@peculiar/asn1-schema")];
  return { x509, schema };
}

const toPem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  ).join("\n")}\n-----END ${label}-----\n`;

const fromPem = (pem: string): Buffer => Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ""), "base64");

/** A copy in a buffer of its own, as the libraries require. */
const ownBytes = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/**
 * Makes the certificate that these options ask for, and its key.
 *
 * @param options options that CredHub does not refuse
 * @param issuer the authority, unless it signs itself
 */
export function makeCertificate(
  director: Director,
  options: Fields,
  issuer: CertificateAuthority | undefined,
): CertificateValue {
  const { x509, schema } = loadLibraries();
  const key = makeKey(director);
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const subjectPublicKeyInfo = schema.AsnConvert.parse(spki, x509.SubjectPublicKeyInfo);
  const keyId = hash("sha1", new Uint8Array(subjectPublicKeyInfo.subjectPublicKey), "buffer");
  const parent = issuer && schema.AsnConvert.parse(fromPem(issuer.certificate), x509.Certificate).tbsCertificate;
  const subject = nameOf(x509, options);
  const days = Number(options.duration ?? DURATION_DAYS);
  const { nowMs } = director.kernel;
  const tbs = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: ownBytes(Buffer.from(`01${director.kernel.secrets("bosh/variables").hex(30)}`, "hex")),
    signature: new x509.AlgorithmIdentifier({ algorithm: ECDSA_SHA256 }),
    issuer: parent?.subject ?? subject,
    // Valid from the day before: not every clock agrees with the config server's.
    validity: new x509.Validity({ notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(nowMs + days * DAY_MS) }),
    subject,
    subjectPublicKeyInfo,
    extensions: new x509.Extensions(extensionsOf(x509, schema, options, keyId, parent)),
  });
  const signer = issuer === undefined ? key : createPrivateKey(issuer.private_key);
  const signed = new Uint8Array(schema.AsnConvert.serialize(tbs));
  const certificate = new x509.Certificate({
    tbsCertificate: tbs,
    signatureAlgorithm: new x509.AlgorithmIdentifier({ algorithm: ECDSA_SHA256 }),
    signatureValue: ownBytes(signWith(signer, signed)),
  });
  const pem = toPem("CERTIFICATE", new Uint8Array(schema.AsnConvert.serialize(certificate)));
  const secret = key.export({ type: "pkcs8", format: "pem" });
  return { ca: issuer?.certificate ?? pem, certificate: pem, private_key: secret.toString() };
}

function nameOf(x509: Asn1, options: Fields): InstanceType<Asn1["Name"]> {
  const parts = Object.entries(SUBJECT_PARTS).flatMap(([part, type]) => {
    const text = options[part];
    if (typeof text !== "string" || text === "") return [];
    const value = new x509.AttributeValue({ utf8String: text });
    return [new x509.RelativeDistinguishedName([new x509.AttributeTypeAndValue({ type, value })])];
  });
  return new x509.Name(parts);
}

function extensionsOf(
  x509: Asn1,
  schema: Schema,
  options: Fields,
  keyId: Buffer,
  parent: InstanceType<Asn1["TBSCertificate"]> | undefined,
): InstanceType<Asn1["Extension"]>[] {
  const extension = (extnID: string, value: object, critical = false): InstanceType<Asn1["Extension"]> =>
    new x509.Extension({ extnID, critical, extnValue: new schema.OctetString(schema.AsnConvert.serialize(value)) });
  const isCa = options.is_ca === true;
  const parentId = parent?.extensions?.find(({ extnID }) => extnID === x509.id_ce_subjectKeyIdentifier);
  const alternatives = textsOf(options.alternative_names);
  const usages = textsOf(options.key_usage ?? (isCa ? ["key_cert_sign", "crl_sign"] : []));
  const extended = textsOf(options.extended_key_usage).flatMap((name) => EXTENDED_KEY_USAGES[name] ?? []);
  const bits = usages.reduce((sum, name) => sum | (KEY_USAGES[name] ?? 0), 0);
  const authorityId = new x509.AuthorityKeyIdentifier({
    keyIdentifier: parentId
      ? schema.AsnConvert.parse(parentId.extnValue.buffer, x509.SubjectKeyIdentifier)
      : new x509.KeyIdentifier(ownBytes(keyId)),
  });
  return [
    ...(alternatives.length === 0
      ? []
      : [extension(x509.id_ce_subjectAltName, new x509.SubjectAlternativeName(alternatives.map(altName(x509))))]),
    ...(bits === 0 ? [] : [extension(x509.id_ce_keyUsage, new x509.KeyUsage(bits), true)]),
    ...(extended.length === 0 ? [] : [extension(x509.id_ce_extKeyUsage, new x509.ExtendedKeyUsage(extended))]),
    extension(x509.id_ce_basicConstraints, new x509.BasicConstraints({ cA: isCa }), true),
    extension(x509.id_ce_subjectKeyIdentifier, new x509.SubjectKeyIdentifier(ownBytes(keyId))),
    extension(x509.id_ce_authorityKeyIdentifier, authorityId),
  ];
}

const altName =
  (x509: Asn1) =>
  (name: string): InstanceType<Asn1["GeneralName"]> =>
    new x509.GeneralName(isIPv4(name) ? { iPAddress: name } : { dNSName: name });
