const BACKSLASH = 0x5c;
const DOT = 0x2e;
/** Bytes that are escaped in a label beside unprintable ones: `. ( ) ; space @ " \`. */
const SPECIAL = new Set([0x2e, 0x28, 0x29, 0x3b, 0x20, 0x40, 0x22, 0x5c]);

const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;
const POINTERS_MAX = 126;

/** A name with its final dot. */
export const fqdnOf = (name: string): string => (name.endsWith(".") ? name : `${name}.`);

/** A name, and where it ends. */
interface NameRead {
  readonly name: string;
  /** Where reading continues. */
  readonly next: number;
}

/** Reads a name, following compression pointers; `undefined` when it is malformed (RFC 1035 §4.1.4). */
export function readName(bytes: Buffer, at: number): NameRead | undefined {
  let name = "";
  let next = -1;
  let budget = NAME_BYTES_MAX;
  let pointers = 0;
  for (let offset = at; ; ) {
    const head = bytes[offset++];
    if (head === undefined) return undefined;
    if (head === 0) return { name: name === "" ? "." : name, next: next < 0 ? offset : next };
    if ((head & 0xc0) === 0xc0) {
      const low = bytes[offset];
      if (low === undefined || ++pointers > POINTERS_MAX) return undefined;
      if (next < 0) next = offset + 1;
      offset = ((head & 0x3f) << 8) | low;
      continue;
    }
    if ((head & 0xc0) !== 0 || offset + head > bytes.length) return undefined;
    budget -= head + 1;
    if (budget <= 0) return undefined;
    name += `${labelText(bytes, offset, offset + head)}.`;
    offset += head;
  }
}

const isPlain = (byte: number): boolean => byte > 0x20 && byte < 0x7f && !SPECIAL.has(byte);

function labelText(bytes: Buffer, from: number, to: number): string {
  for (let at = from; at < to; at++) if (!isPlain(bytes.readUInt8(at))) return escapeLabel(bytes, from, to);
  return bytes.toString("latin1", from, to);
}

function escapeLabel(bytes: Buffer, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) {
    const byte = bytes.readUInt8(at);
    if (isPlain(byte)) text += String.fromCharCode(byte);
    else if (SPECIAL.has(byte)) text += `\\${String.fromCharCode(byte)}`;
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}

/** Labels of a name, without the final dot; escaped dots don't separate. */
export function labelsOf(name: string): string[] {
  if (name === "." || name === "") return [];
  if (!name.includes("\\")) return (name.endsWith(".") ? name.slice(0, -1) : name).split(".");
  const labels: string[] = [];
  let label = "";
  for (let at = 0; at < name.length; at++) {
    if (name[at] === "\\") label += name[at++] + (name[at] ?? "");
    else if (name[at] === ".") {
      labels.push(label);
      label = "";
    } else label += name[at];
  }
  return label === "" ? labels : [...labels, label];
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** The byte that an escape stands for and the characters it takes. */
function unescape(text: string, at: number): { readonly byte: number; readonly length: number } | undefined {
  const [a, b, c] = [text.charCodeAt(at + 1), text.charCodeAt(at + 2), text.charCodeAt(at + 3)];
  if (Number.isNaN(a)) return undefined;
  if (isDigit(a) && isDigit(b) && isDigit(c))
    return { byte: ((a - 0x30) * 100 + (b - 0x30) * 10 + (c - 0x30)) & 0xff, length: 4 };
  return { byte: a, length: 2 };
}

/** Text whose characters are its UTF-8 bytes. */
export const bytesText = (text: string): string => {
  for (let at = 0; at < text.length; at++)
    if (text.charCodeAt(at) > 0x7f) return Buffer.from(text, "utf8").toString("latin1");
  return text;
};

/** A string of a TXT or a label as bytes, unescaped. `undefined` if an escape is incomplete. */
export function unescapeText(text: string): number[] | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; ) {
    if (text.charCodeAt(at) !== BACKSLASH) {
      bytes.push(text.charCodeAt(at++));
      continue;
    }
    const escape = unescape(text, at);
    if (escape === undefined) return undefined;
    bytes.push(escape.byte);
    at += escape.length;
  }
  return bytes;
}

/** Where the label after the one at `from` begins. */
export function nextLabel(name: string, from: number): number {
  for (let at = from; at < name.length; at++) {
    if (name.charCodeAt(at) === BACKSLASH) at++;
    else if (name.charCodeAt(at) === DOT) return at + 1;
  }
  return name.length;
}

/** Where the next label begins, or -1 when the name has an empty or overlong label and so can't be sent. */
export function writeLabel(target: Buffer, at: number, name: string, from: number): number {
  let length = 0;
  let index = from;
  for (; index < name.length; length++) {
    const code = name.charCodeAt(index);
    if (code === DOT) break;
    if (length === LABEL_BYTES_MAX) return -1;
    if (code !== BACKSLASH) {
      target[at + 1 + length] = code;
      index++;
      continue;
    }
    const escape = unescape(name, index);
    if (escape === undefined) return -1;
    target[at + 1 + length] = escape.byte;
    index += escape.length;
  }
  if (length === 0) return -1;
  target[at] = length;
  return index + 1;
}
