/** A tar is made of blocks, and ends with two of zeros (POSIX.1-2001, "ustar Interchange Format"). */
const BLOCK_BYTES = 512;
/** How many bytes the end of a tar has. */
export const ZEROS_BYTES = 2 * BLOCK_BYTES;
/** The end of a tar. */
export const END_OF_TAR: Buffer = Buffer.alloc(ZEROS_BYTES);

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;

/** One small file as a member of a tar: header, bytes, padding. */
export function tarMember(name: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0, 100, "latin1");
  header.write(octal(0o600, 7), 100, "latin1");
  header.write(octal(0, 7), 108, "latin1");
  header.write(octal(0, 7), 116, "latin1");
  header.write(octal(bytes.length, 11), 124, "latin1");
  header.write(octal(0, 11), 136, "latin1");
  header.write("        ", 148, "latin1");
  header.write("0", 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  const padding = (BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return Buffer.concat([header, bytes, Buffer.alloc(padding)]);
}
