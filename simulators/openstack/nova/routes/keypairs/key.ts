import { hash } from "node:crypto";
import { badRequest } from "../../wire/errors.ts";
import type { NovaCall } from "../../wire/request.ts";

/** MD5 of the key's own bytes. @throws Refusal 400 if it is not a key */
export function fingerprintOf(publicKey: string): string {
  const [kind = "", blob = ""] = publicKey.trim().split(/\s+/);
  const bytes = Buffer.from(blob, "base64");
  const isKey = bytes.length > 4 && bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString() === kind;
  if (!isKey) throw badRequest("Keypair data is invalid: failed to generate fingerprint");
  return hash("md5", bytes, "hex").replace(/(..)(?!$)/g, "$1:");
}

/** A key of the right form. Its private half opens nothing, as nobody can log in to a simulated VM. */
export function generateKey(call: NovaCall): { readonly publicKey: string; readonly privateKey: string } {
  const { cloud } = call.nova;
  const part = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(cloud.random("nova").hex(512), "hex")]);
  const blob = Buffer.concat([part(Buffer.from("ssh-rsa")), part(Buffer.from([1, 0, 1])), part(modulus)]);
  const secret = Buffer.from(cloud.secrets("nova").bytes(1188))
    .toString("base64")
    .replace(/(.{64})/g, "$1\n");
  return {
    publicKey: `ssh-rsa ${blob.toString("base64")} Generated-by-Nova`,
    privateKey: `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----\n`,
  };
}
