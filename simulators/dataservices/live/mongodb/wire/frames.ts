import { ServerError } from "./errors.ts";
import { HEADER_BYTES, MESSAGE_BYTES_MAX } from "./message.ts";

/** Assembles whole messages from pieces that may end anywhere. */
export class Frames {
  #pieces: Buffer[] = [];
  #length = 0;

  /** The messages that are complete now. @throws ServerError ProtocolError if the length of one is impossible */
  *push(piece: Buffer): Generator<Buffer> {
    this.#pieces.push(piece);
    this.#length += piece.length;
    for (;;) {
      const length = this.#expectedLength();
      if (length === undefined || this.#length < length) return;
      const all = this.#join();
      this.#pieces = length === all.length ? [] : [all.subarray(length)];
      this.#length = all.length - length;
      yield all.subarray(0, length);
    }
  }

  /** Whether it is in the middle of a message. */
  get isPartial(): boolean {
    return this.#length > 0;
  }

  /** The length that the next message declares. */
  #expectedLength(): number | undefined {
    if (this.#length < 4) return undefined;
    const [first] = this.#pieces;
    const length = (first !== undefined && first.length >= 4 ? first : this.#join()).readInt32LE(0);
    if (length < HEADER_BYTES || length > MESSAGE_BYTES_MAX)
      throw new ServerError("ProtocolError", `a message of ${length} bytes is not possible`);
    return length;
  }

  #join(): Buffer {
    const [first] = this.#pieces;
    if (this.#pieces.length === 1 && first !== undefined) return first;
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }
}
