/**
 * The bytes of a percent-encoded text (RFC 3986 §2.1). An incomplete escape stands for itself; characters beyond ASCII become their UTF-8
 * bytes.
 */
export function percentDecode(text: string): Uint8Array {
  const source = Buffer.from(text);
  const bytes = new Uint8Array(source.length);
  let length = 0;
  for (let at = 0; at < source.length; at++) {
    const escape = source[at] === 0x25 ? hexByte(source, at + 1) : undefined;
    bytes[length++] = escape ?? source[at] ?? 0;
    if (escape !== undefined) at += 2;
  }
  return bytes.subarray(0, length);
}

/** A percent-encoded text, decoded as UTF-8; invalid bytes become U+FFFD. Unlike `decodeURIComponent` it never throws. */
export const percentText = (text: string): string =>
  text.includes("%") ? Buffer.from(percentDecode(text)).toString("utf8") : text;

function hexByte(source: Uint8Array, at: number): number | undefined {
  const [high, low] = [hexDigit(source[at]), hexDigit(source[at + 1])];
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

function hexDigit(code: number | undefined): number | undefined {
  const value = code === undefined ? Number.NaN : Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? undefined : value;
}
