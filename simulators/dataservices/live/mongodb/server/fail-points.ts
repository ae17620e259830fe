import { type Document, isArray, isDocument, isTruthy, numberOf } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";

/** Thrown to cut the connection instead of answering. */
export class Cut extends Error {}

/** The effect of a fail point, how many times it is skipped first, and how many times it then acts. */
interface FailPoint {
  readonly name: string;
  readonly data: Document;
  skips: number;
  times: number;
}

/** `failCommand` for any command, for `getMore`, and for retryable writes. */
const NAMES = new Set(["failCommand", "failGetMoreAfterCursorCheckout", "onPrimaryTransactionalWrite"]);

/** The fail points that drivers' own tests set (`src/mongo/util/fail_point.h`), one at a time. */
export class FailPoints {
  #armed: FailPoint | undefined;
  #fields: Document = {};

  /** @throws ServerError NotImplemented */
  configure(name: string, mode: unknown, data: Document): void {
    if (!NAMES.has(name)) throw notSimulated(`the fail point ${name}`);
    if (mode === "off") {
      this.#armed = undefined;
      return;
    }
    const { times, skip } = isDocument(mode) ? mode : {};
    this.#armed = { name, data, skips: numberOf(skip) ?? 0, times: numberOf(times) ?? Number.POSITIVE_INFINITY };
  }

  /** The effect armed for a command; it counts as used. */
  forCommand(command: string): Document | undefined {
    const armed = this.#armed;
    if (armed?.name === "onPrimaryTransactionalWrite" || command === "configureFailPoint") return undefined;
    const commands = armed?.name === "failCommand" ? armed.data.failCommands : ["getMore"];
    return isArray(commands) && commands.includes(command) ? this.#use() : undefined;
  }

  #use(): Document | undefined {
    const armed = this.#armed;
    if (armed === undefined || armed.times <= 0) return undefined;
    if (armed.skips > 0) {
      armed.skips--;
      return undefined;
    }
    armed.times--;
    return armed.data;
  }

  /** Runs a retryable write: it fails before its commit, or its answer is lost. @throws Cut, ServerError */
  async duringWrite<T>(work: () => Promise<T>): Promise<T> {
    const data = this.#armed?.name === "onPrimaryTransactionalWrite" ? this.#use() : undefined;
    if (data === undefined) return work();
    const code = numberOf(data.failBeforeCommitExceptionCode);
    const result = code === undefined ? await work() : undefined;
    if (data.closeConnection === undefined || isTruthy(data.closeConnection)) throw new Cut();
    if (result === undefined)
      throw new ServerError(code ?? 1, "Failing write via 'onPrimaryTransactionalWrite' failpoint");
    return result;
  }

  /** The next reply carries these fields as well. */
  arm(fields: Document): void {
    this.#fields = fields;
  }

  /** The fields for this reply. */
  takeFields(): Document {
    const fields = this.#fields;
    this.#fields = {};
    return fields;
  }
}
