/** How long a connection may take to bring its first message (Consul's DNS library, as the two below). */
export const TCP_FIRST_MS = 2000;
/** How long each further message may take. */
export const TCP_IDLE_MS = 8000;
/** How many messages a connection may bring. */
export const TCP_MESSAGES_MAX = 128;

/** Extracts messages from a TCP stream, each prefixed with its length (RFC 1035 §4.2.2); empty ones are skipped. */
export class Frames {
  #pending: Buffer = Buffer.alloc(0);
  /** The number of messages so far, including empty ones. */
  messages = 0;

  /** Adds what has arrived and returns the messages that are now complete. */
  push(chunk: Uint8Array): readonly Buffer[] {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const messages: Buffer[] = [];
    let at = 0;
    while (at + 2 <= this.#pending.length) {
      const end = at + 2 + this.#pending.readUInt16BE(at);
      if (end > this.#pending.length) break;
      this.messages++;
      if (end > at + 2) messages.push(this.#pending.subarray(at + 2, end));
      at = end;
    }
    this.#pending = this.#pending.subarray(at);
    return messages;
  }
}

/** A message prefixed with its length. */
export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(message.length + 2);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, 2);
  return frame;
}
