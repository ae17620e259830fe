// Verifies certificate.sigstore.json with the sigstore libraries for Node. Arguments: the bundle, the PEM of the public key, the certified
// file. Exit code 0 when it holds. Neither a transparency log nor a timestamp is asked for: the certificate stands on its key alone.
import { createHash, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The libraries are installed in a folder of their own, in which this is started.
const { bundleFromJSON } = createRequire(`${process.cwd()}/`)("@sigstore/bundle");
const { toSignedEntity, toTrustMaterial, Verifier } = createRequire(`${process.cwd()}/`)("@sigstore/verify");

const [bundleFile, keyFile, certified] = process.argv.slice(2);
const bundle = bundleFromJSON(JSON.parse(readFileSync(bundleFile, "utf8")));
const key = { publicKey: createPublicKey(readFileSync(keyFile)), validFor: () => true };
const root = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const trust = toTrustMaterial(root, () => key);
new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 }).verify(toSignedEntity(bundle));
const statement = JSON.parse(Buffer.from(bundle.content.dsseEnvelope.payload).toString("utf8"));
const digest = createHash("sha256").update(readFileSync(certified)).digest("hex");
if (!statement.subject.some((each) => each.digest.sha256 === digest)) throw new Error("it certifies another file");
