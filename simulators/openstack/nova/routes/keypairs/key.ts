import { hash } from "node:crypto";
import { badRequest } from "../../wire/errors.ts";
import type { NovaCall } from "../../wire/request.ts";
import { drawRsaKey } from "./rsa.ts";

/** MD5 of the key's own bytes. @throws Refusal 400 if it is not a key */
export function fingerprintOf(publicKey: string): string {
  const [kind = "", blob = ""] = publicKey.trim().split(/\s+/);
  const bytes = Buffer.from(blob, "base64");
  const isKey = bytes.length > 4 && bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString() === kind;
  if (!isKey) throw badRequest("Keypair data is invalid: failed to generate fingerprint");
  return hash("md5", bytes, "hex").replace(/(..)(?!$)/g, "$1:");
}

/** A number of the key as the format of SSH has it: with its length, and a zero before a high bit. */
function mpint(encoded: string | undefined): Buffer {
  const bytes = Buffer.from(encoded ?? "", "base64url");
  return part((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function part(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A key that OpenSSH reads. Its private half opens nothing, as nobody can log in to a simulated VM. */
export function generateKey(call: NovaCall): { readonly publicKey: string; readonly privateKey: string } {
  const key = drawRsaKey(call.nova.cloud.secrets("nova/keypairs"));
  const { e, n } = key.export({ format: "jwk" });
  const blob = Buffer.concat([part(Buffer.from("ssh-rsa")), mpint(e), mpint(n)]);
  return {
    publicKey: `ssh-rsa ${blob.toString("base64")} Generated-by-Nova`,
    privateKey: String(key.export({ type: "pkcs1", format: "pem" })),
  };
}
