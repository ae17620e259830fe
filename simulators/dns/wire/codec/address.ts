/** Bytes of an IPv4 address in dotted form; `undefined` for anything else. Leading zeros are allowed, as Go's parser once did. */
function parseIpv4(text: string): number[] | undefined {
  const bytes = [0, 0, 0, 0];
  let part = 0;
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2e) {
      if (digits === 0 || ++part > 3) return undefined;
      digits = 0;
      continue;
    }
    if (code < 0x30 || code > 0x39) return undefined;
    const value = (bytes[part] ?? 0) * 10 + code - 0x30;
    if (value > 255 || ++digits > 3) return undefined;
    bytes[part] = value;
  }
  return part === 3 && digits > 0 ? bytes : undefined;
}

const GROUP = /^[0-9a-fA-F]{1,4}$/;

/** Bytes of an IPv6 address as text (RFC 4291 §2.2), without a zone. */
function parseIpv6(text: string): number[] | undefined {
  if (!text.includes(":")) return undefined;
  const tail = text.slice(text.lastIndexOf(":") + 1);
  const embedded = tail.includes(".") ? parseIpv4(tail) : undefined;
  if (tail.includes(".") && embedded === undefined) return undefined;
  const plain =
    embedded === undefined ? text : `${text.slice(0, -tail.length)}${hexPair(embedded, 0)}:${hexPair(embedded, 2)}`;
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], rest] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - (rest?.length ?? 0);
  if (rest === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: rest === undefined ? 0 : missing }, () => "0"), ...(rest ?? [])];
  if (!groups.every((group) => GROUP.test(group))) return undefined;
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Two bytes as a number, the higher first. */
const pairAt = (bytes: readonly number[], at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

const hexPair = (bytes: readonly number[], at: number): string => pairAt(bytes, at).toString(16);

const isMapped = (bytes: readonly number[]): boolean =>
  bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;

/** An address as its 4 or 16 bytes; an IPv4 address mapped into IPv6 is an IPv4 address. `undefined` for a host name. */
export function addressBytes(text: string): number[] | undefined {
  const four = parseIpv4(text);
  if (four !== undefined) return four;
  const six = parseIpv6(text);
  return six !== undefined && isMapped(six) ? six.slice(12) : six;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

/** `7f000001`: an address as the label under `addr`. */
export const hexLabel = (bytes: readonly number[]): string => bytes.map(hex).join("");

/** `1.0.0.127.in-addr.arpa.`, or under `ip6.arpa.` (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(bytes: readonly number[]): string {
  if (bytes.length === 4) return `${[...bytes].reverse().join(".")}.in-addr.arpa.`;
  return `${hexLabel(bytes).split("").reverse().join(".")}.ip6.arpa.`;
}

/** The canonical text of an address (RFC 5952). */
export function addressText(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => pairAt(bytes, at * 2));
  const run = longestZeros(groups);
  const text = (list: readonly number[]): string => list.map((group) => group.toString(16)).join(":");
  if (run.length < 2) return text(groups);
  return `${text(groups.slice(0, run.at))}::${text(groups.slice(run.at + run.length))}`;
}

function longestZeros(groups: readonly number[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (at + length < groups.length && groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  return best;
}
