import { deflateSync, inflateSync } from "node:zlib";
import { type Document, type Draft, fieldOf, isDocument } from "../values/value.ts";
import { readDocument } from "./decode.ts";
import { encodeDocument } from "./encode.ts";
import { ServerError } from "./errors.ts";
import { crc32c } from "./crc32c.ts";

/*
 * The messages of MongoDB's wire protocol that its drivers still send: OP_MSG, OP_QUERY for the first hello, and OP_COMPRESSED
 * around either. All integers are little-endian (MongoDB manual, "MongoDB Wire Protocol").
 */
/** The largest message (`maxMessageSizeBytes` of hello). */
export const MESSAGE_BYTES_MAX = 48_000_000;
/** Length, request, response, operation. */
export const HEADER_BYTES = 16;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_COMPRESSED = 2012;
const OP_MSG = 2013;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const EXHAUST_ALLOWED = 0x10000;
/** Bits of OP_MSG that a receiver must know (the lower 16). */
const REQUIRED_BITS = 0xffff;
const CHECKSUM_BYTES = 4;
const ZLIB = 2;
const NOOP = 0;
/** Compressor, original operation and length. */
const COMPRESSED_BYTES = 9;

/** A command, as received. */
export interface Request {
  readonly id: number;
  readonly body: Document;
  /** With OP_QUERY the database is in the namespace; with OP_MSG it is the field `$db`. */
  readonly database: string;
  readonly isLegacy: boolean;
  /** The client wants no answer. */
  readonly isUnacknowledged: boolean;
  /** The client accepts a stream of answers. */
  readonly isExhaustAllowed: boolean;
  readonly isCompressed: boolean;
}

const malformation = (why: string): ServerError => new ServerError("ProtocolError", `malformed message: ${why}`);

/** Reads a whole message, header included. @throws ServerError ProtocolError, InvalidBSON: the connection can no longer be used */
export function readMessage(message: Buffer): Request {
  if (message.length < HEADER_BYTES || message.readInt32LE(0) !== message.length)
    throw malformation("its length is wrong");
  const id = message.readInt32LE(4);
  const operation = message.readInt32LE(12);
  if (operation !== OP_COMPRESSED) return readBody(id, operation, message, false);
  const uncompressed = uncompress(message);
  return readBody(id, message.readInt32LE(HEADER_BYTES), uncompressed, true);
}

function uncompress(message: Buffer): Buffer {
  if (message.length < HEADER_BYTES + COMPRESSED_BYTES) throw malformation("it is too short");
  const length = message.readInt32LE(HEADER_BYTES + 4);
  const compressor = message[HEADER_BYTES + 8];
  if (length < 0 || length > MESSAGE_BYTES_MAX) throw malformation("it is too large");
  const content = message.subarray(HEADER_BYTES + COMPRESSED_BYTES);
  const body = compressor === ZLIB ? inflate(content, length) : compressor === NOOP ? content : undefined;
  if (body?.length !== length) throw malformation("its compressed content is wrong");
  return Buffer.concat([message.subarray(0, HEADER_BYTES), body]);
}

function inflate(content: Buffer, length: number): Buffer | undefined {
  try {
    return inflateSync(content, { maxOutputLength: Math.max(1, length) });
  } catch {
    return undefined;
  }
}

function readBody(id: number, operation: number, message: Buffer, isCompressed: boolean): Request {
  if (operation === OP_MSG) return readMsg(id, message, isCompressed);
  if (operation === OP_QUERY) return readQuery(id, message, isCompressed);
  throw malformation(`operation ${operation} is not supported`);
}

function readMsg(id: number, message: Buffer, isCompressed: boolean): Request {
  if (message.length < HEADER_BYTES + 4) throw malformation("it is too short");
  const flags = message.readUInt32LE(HEADER_BYTES);
  if ((flags & REQUIRED_BITS & ~(CHECKSUM_PRESENT | MORE_TO_COME)) !== 0) throw malformation("it has unknown flags");
  const hasChecksum = (flags & CHECKSUM_PRESENT) !== 0 && !isCompressed;
  const end = message.length - (hasChecksum ? CHECKSUM_BYTES : 0);
  if (hasChecksum && crc32c(message.subarray(0, end)) !== message.readUInt32LE(end))
    throw malformation("its checksum is wrong");
  const body = readSections(message, HEADER_BYTES + 4, end);
  const database = fieldOf(body, "$db");
  if (typeof database !== "string") throw new ServerError(40571, "OP_MSG requests require a $db argument");
  const isUnacknowledged = (flags & MORE_TO_COME) !== 0;
  const isExhaustAllowed = (flags & EXHAUST_ALLOWED) !== 0;
  return { id, body, database, isLegacy: false, isUnacknowledged, isExhaustAllowed, isCompressed };
}

/** One section of kind 0 is the command; those of kind 1 are lists of documents that belong into it, such as `documents` of an insert. */
function readSections(message: Buffer, from: number, end: number): Document {
  let command: Document | undefined;
  const lists: Draft = {};
  for (let at = from; at < end; ) {
    const kind = message[at];
    if (kind === 0) {
      if (command !== undefined) throw malformation("it has two commands");
      const read = readDocument(message, at + 1, end);
      command = read.document;
      at = read.end;
    } else if (kind === 1) at = readList(message, at + 1, end, lists);
    else throw malformation(`a section is of kind ${kind}`);
  }
  if (command === undefined) throw malformation("it has no command");
  for (const name of Object.keys(lists)) if (Object.hasOwn(command, name)) throw malformation(`${name} is there twice`);
  return { ...command, ...lists };
}

function readList(message: Buffer, at: number, end: number, lists: Draft): number {
  if (at + 4 > end) throw malformation("a section is cut short");
  const to = at + message.readInt32LE(at);
  const nameEnd = message.indexOf(0, at + 4);
  if (to > end || nameEnd === -1 || nameEnd >= to) throw malformation("a section contradicts its length");
  const name = message.toString("utf8", at + 4, nameEnd);
  if (Object.hasOwn(lists, name) || name === "__proto__") throw malformation("a section is there twice");
  const documents: Document[] = [];
  for (let next = nameEnd + 1; next < to; ) {
    const read = readDocument(message, next, to);
    documents.push(read.document);
    next = read.end;
  }
  lists[name] = documents;
  return to;
}

const NAMESPACE = /^([^.]+)\.\$cmd$/;

function readQuery(id: number, message: Buffer, isCompressed: boolean): Request {
  const nameEnd = message.indexOf(0, HEADER_BYTES + 4);
  if (nameEnd === -1 || nameEnd + 9 > message.length) throw malformation("it is cut short");
  const [, database] = NAMESPACE.exec(message.toString("utf8", HEADER_BYTES + 4, nameEnd)) ?? [];
  if (database === undefined) throw malformation("OP_QUERY is accepted for commands only");
  const { document } = readDocument(message, nameEnd + 9);
  const wrapped = fieldOf(document, "$query");
  const body = isDocument(wrapped) ? wrapped : document;
  return { id, body, database, isLegacy: true, isUnacknowledged: false, isExhaustAllowed: false, isCompressed };
}

let lastResponse = 0;

/** The bytes of an answer. `isMore`: further answers to the same request follow. */
export function writeReply(
  request: Pick<Request, "id" | "isLegacy" | "isCompressed">,
  reply: Document,
  isMore = false,
): Buffer {
  const body = encodeDocument(reply);
  const [operation, head] = request.isLegacy ? [OP_REPLY, legacyHead()] : [OP_MSG, msgHead(isMore)];
  const content = Buffer.concat([head, body]);
  return request.isCompressed ? compress(request.id, operation, content) : frame(request.id, operation, content);
}

function frame(id: number, operation: number, content: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + content.length, 0);
  lastResponse = (lastResponse + 1) | 0;
  header.writeInt32LE(lastResponse, 4);
  header.writeInt32LE(id, 8);
  header.writeInt32LE(operation, 12);
  return Buffer.concat([header, content]);
}

/** Cursor, start and number of documents: always one document. */
function legacyHead(): Buffer {
  const head = Buffer.alloc(20);
  head.writeInt32LE(8, 0);
  head.writeInt32LE(1, 16);
  return head;
}

function msgHead(isMore: boolean): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(isMore ? MORE_TO_COME : 0, 0);
  return head;
}

function compress(id: number, operation: number, content: Buffer): Buffer {
  const head = Buffer.alloc(COMPRESSED_BYTES);
  head.writeInt32LE(operation, 0);
  head.writeInt32LE(content.length, 4);
  head[8] = ZLIB;
  return frame(id, OP_COMPRESSED, Buffer.concat([head, deflateSync(content)]));
}

/** The bytes of a command, as a client sends it. */
export function writeRequest(id: number, body: Document): Buffer {
  const bytes = frame(0, OP_MSG, Buffer.concat([msgHead(false), encodeDocument(body)]));
  bytes.writeInt32LE(id, 4);
  return bytes;
}
