import { fqdnOf, labelsOf, unescapeText } from "../wire/codec/names.ts";
import { RAW, type Rr, TYPE } from "../wire/codec/types.ts";

/** The numbers of types whose data are written as bytes (RFC 4255, 3403, 8659, 4398, 7208). */
const RAW_TYPE = { NAPTR: 35, CERT: 37, SSHFP: 44, SPF: 99, CAA: 257 } as const;
const CERT_TYPE = ["PKIX", "SPKI", "PGP", "IPKIX", "ISPKI", "IPGP", "ACPKIX", "IACPKIX"];
const CERT_TYPE_NUMBERS: Readonly<Record<string, number>> = { URI: 253, OID: 254 };
const ALGORITHMS: Readonly<Record<string, number>> = {
  RSAMD5: 1,
  DSA: 3,
  RSASHA1: 5,
  "DSA-NSEC3-SHA1": 6,
  "RSASHA1-NSEC3-SHA1": 7,
  RSASHA256: 8,
  RSASHA512: 10,
  "ECC-GOST": 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
};

/** The number of a type by its name; undefined for one that no zone holds. */
export const typeNumber = (name: string): number | undefined => NUMBERS.get(name);

const NUMBERS: ReadonlyMap<string, number> = new Map(Object.entries({ ...TYPE, ...RAW_TYPE }));

/** Strings of a TXT as its text has them: in quotes, or bare. */
function stringsOf(text: string): readonly string[] {
  if (!text.startsWith('"')) return [text];
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, inner = ""]) => inner);
}

const u16 = (value: number): readonly number[] => [(value >> 8) & 0xff, value & 0xff];
const charString = (text: string): readonly number[] => {
  const bytes = unescapeText(text) ?? [];
  return [bytes.length, ...bytes];
};
const nameBytes = (name: string): readonly number[] => [
  ...labelsOf(fqdnOf(name)).flatMap((label) => charString(label)),
  0,
];

/** A record from the text of its data; undefined if the text is malformed. `name` and names in `text` have their final dots. */
export function recordOf(name: string, type: string, ttl: number, text: string): Rr | undefined {
  const words = text.split(/\s+/);
  const [first = "", second = "", third = "", fourth = ""] = words;
  switch (type) {
    case "A":
    case "AAAA":
      return { type: TYPE[type], name, ttl, address: text };
    case "CNAME":
    case "NS":
    case "PTR":
      return { type: TYPE[type], name, ttl, target: fqdnOf(text) };
    case "MX":
      return { type: TYPE.MX, name, ttl, preference: Number(first), exchange: fqdnOf(second) };
    case "SRV":
      return {
        type: TYPE.SRV,
        name,
        ttl,
        priority: Number(first),
        weight: Number(second),
        port: Number(third),
        target: fqdnOf(fourth),
      };
    case "TXT":
      return { type: TYPE.TXT, name, ttl, texts: stringsOf(text) };
    case "SOA": {
      const [serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0] = words.slice(2).map(Number);
      const data = { mname: fqdnOf(first), rname: fqdnOf(second), serial, refresh, retry, expire, minimum };
      return { type: TYPE.SOA, name, ttl, data };
    }
    default: {
      const bytes = bytesOf(type, text);
      const code = typeNumber(type);
      if (bytes === undefined || code === undefined) return undefined;
      return { type: RAW, code, name, ttl, rdata: Uint8Array.from(bytes) };
    }
  }
}

/** The data of a record of the other types, as bytes. */
function bytesOf(type: string, text: string): readonly number[] | undefined {
  const words = text.split(/\s+/);
  const [first = "", second = "", third = ""] = words;
  switch (type) {
    case "SPF":
      return stringsOf(text).flatMap(charString);
    case "SSHFP":
      return [Number(first), Number(second), ...Buffer.from(third, "hex")];
    case "CAA":
      return [Number(first), ...charString(second), ...Buffer.from(words.slice(2).join(" ").replaceAll('"', ""))];
    case "CERT": {
      const known = CERT_TYPE.indexOf(first) + 1;
      const kind = known > 0 ? known : (CERT_TYPE_NUMBERS[first] ?? Number(first));
      const key = Buffer.from(words.slice(3).join(""), "base64");
      return [...u16(kind), ...u16(Number(second)), ALGORITHMS[third] ?? Number(third), ...key];
    }
    case "NAPTR": {
      const [flags = "", service = "", regexp = ""] = words.slice(2, 5).map((word) => word.replaceAll('"', ""));
      return [
        ...u16(Number(first)),
        ...u16(Number(second)),
        ...charString(flags),
        ...charString(service),
        ...charString(regexp),
        ...nameBytes(words[5] ?? "."),
      ];
    }
    default:
      return undefined;
  }
}
