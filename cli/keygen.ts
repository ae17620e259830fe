import { existsSync, writeFileSync } from "node:fs";
import { CertificateError, generateKeys, keyIdOf, parsePublicKey } from "../reports/certificate/index.ts";
import { EXIT } from "./errors.ts";

/** The options of `keygen`. */
interface KeygenOptions {
  readonly out: string;
  readonly json?: boolean;
}

const OWNER_ONLY = 0o600;
const EVERYBODY_READS = 0o644;

function write(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { mode, flag: "wx" });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError("CERTIFICATE_CANNOT_WRITE", why, { cause });
  }
}

/**
 * `drydock keygen`: creates the pair of keys with which a vendor signs and others verify. Returns the exit code.
 *
 * @throws CertificateError CERTIFICATE_KEY_EXISTS, CERTIFICATE_CANNOT_WRITE
 */
export async function keygen({ out, json = false }: KeygenOptions): Promise<number> {
  const [privatePath, publicPath] = [`${out}.key.pem`, `${out}.pub.pem`];
  const taken = [privatePath, publicPath].find((path) => existsSync(path));
  if (taken !== undefined) throw new CertificateError("CERTIFICATE_KEY_EXISTS", `${taken} exists`);
  const { privatePem, publicPem } = generateKeys();
  write(privatePath, privatePem, OWNER_ONLY);
  write(publicPath, publicPem, EVERYBODY_READS);
  const keyId = keyIdOf(parsePublicKey(publicPem, publicPath));
  const lines = [
    `private key   ${privatePath}   keep it secret: drydock certify … --sign ${privatePath}`,
    `public key    ${publicPath}   publish it: drydock verify … --key ${publicPath}`,
    `key id        ${keyId}`,
  ];
  console.log(json ? JSON.stringify({ privateKey: privatePath, publicKey: publicPath, keyId }) : lines.join("\n"));
  return EXIT.ok;
}
