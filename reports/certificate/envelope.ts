import { type KeyObject, sign, verify } from "node:crypto";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { keyIdOf } from "./keys.ts";

/** The type of the payload of every certificate. */
const PAYLOAD_TYPE = "application/vnd.in-toto+json";
/** The media type of the file for tools of the sigstore family. */
const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

const Closed = { additionalProperties: false };
const Envelope = Type.Object(
  {
    payload: Type.String(),
    payloadType: Type.String(),
    signatures: Type.Array(Type.Object({ keyid: Type.Optional(Type.String()), sig: Type.String() }, Closed), {
      minItems: 1,
      maxItems: 1,
    }),
  },
  Closed,
);

const Bundle = Type.Object(
  {
    mediaType: Type.String(),
    verificationMaterial: Type.Object(
      {
        publicKey: Type.Object({ hint: Type.String() }, Closed),
        tlogEntries: Type.Array(Type.Never(), { maxItems: 0 }),
      },
      Closed,
    ),
    dsseEnvelope: Envelope,
  },
  Closed,
);

/** A DSSE envelope with one signature. */
type Envelope = Static<typeof Envelope>;
/** A sigstore bundle around the same signature. */
type Bundle = Static<typeof Bundle>;

const envelopes = Compile(Envelope);
const bundles = Compile(Bundle);

/** The bytes that are signed: DSSE's pre-authentication encoding, which binds the type to the body. */
function signedBytes(payloadType: string, body: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${body.length} `;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Signs a text and puts it in an envelope; Ed25519 gives one signature for one text and key. */
export function seal(text: string, key: KeyObject): Envelope {
  const body = Buffer.from(text);
  const sig = sign(null, signedBytes(PAYLOAD_TYPE, body), key).toString("base64");
  return { payload: body.toString("base64"), payloadType: PAYLOAD_TYPE, signatures: [{ keyid: keyIdOf(key), sig }] };
}

/**
 * The same signature as a bundle for cosign and sigstore-go. The signature has no key id there: those libraries take an id for the name of a key
 * that they were not given, and find no key.
 */
export function bundleOf({ payload, payloadType, signatures }: Envelope): Bundle {
  const [first] = signatures;
  return {
    mediaType: BUNDLE_TYPE,
    verificationMaterial: { publicKey: { hint: first?.keyid ?? "" }, tlogEntries: [] },
    dsseEnvelope: { payload, payloadType, signatures: [{ sig: first?.sig ?? "" }] },
  };
}

/** A file as it is written. Only these bytes are accepted, so that no byte can be changed unnoticed. */
export const fileText = (content: Envelope | Bundle): string => `${JSON.stringify(content)}\n`;

const isSameBase64 = (text: string): boolean => Buffer.from(text, "base64").toString("base64") === text;

/** The members in the order in which they are written. */
const asWritten = (found: Envelope): Envelope => ({
  payload: found.payload,
  payloadType: found.payloadType,
  signatures: found.signatures.map(({ keyid, sig }) => (keyid === undefined ? { sig } : { keyid, sig })),
});

function parseFile(
  text: string,
): { readonly envelope: Envelope; readonly keyId: string; readonly rewritten: string } | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (envelopes.Check(found)) {
    const envelope = asWritten(found);
    return { envelope, keyId: envelope.signatures[0]?.keyid ?? "", rewritten: fileText(envelope) };
  }
  if (!bundles.Check(found)) return undefined;
  const { hint } = found.verificationMaterial.publicKey;
  const [signature] = found.dsseEnvelope.signatures;
  if (signature === undefined || signature.keyid !== undefined) return undefined;
  const envelope = { ...asWritten(found.dsseEnvelope), signatures: [{ keyid: hint, sig: signature.sig }] };
  return { envelope, keyId: hint, rewritten: fileText(bundleOf(envelope)) };
}

/** The content of an envelope: the signed text, or why it is refused, and what was wrong. */
type Opened =
  | { readonly text: string }
  | {
      readonly refusal: "not-a-certificate" | "rewritten" | "other-type" | "other-key" | "bad-signature";
      readonly detail: string;
    };

/** Opens an envelope or a bundle with the public key of its signer. */
export function open(fileBytes: Buffer, key: KeyObject): Opened {
  const text = fileBytes.toString("utf8");
  const parsed = parseFile(text);
  if (parsed === undefined) return { refusal: "not-a-certificate", detail: "it is not an envelope with one signature" };
  const { envelope, keyId, rewritten } = parsed;
  const sig = envelope.signatures[0]?.sig ?? "";
  if (!Buffer.from(rewritten).equals(fileBytes) || !isSameBase64(envelope.payload) || !isSameBase64(sig))
    return { refusal: "rewritten", detail: "its bytes differ from what drydock wrote" };
  if (envelope.payloadType !== PAYLOAD_TYPE)
    return { refusal: "other-type", detail: `the payload is ${envelope.payloadType}, not ${PAYLOAD_TYPE}` };
  if (keyId !== keyIdOf(key))
    return {
      refusal: "other-key",
      detail: `it was signed with the key ${keyId.slice(0, 16)}…, and this is ${keyIdOf(key).slice(0, 16)}…`,
    };
  const body = Buffer.from(envelope.payload, "base64");
  if (!verify(null, signedBytes(envelope.payloadType, body), key, Buffer.from(sig, "base64")))
    return { refusal: "bad-signature", detail: "the content was changed after it was signed" };
  return { text: body.toString("utf8") };
}
