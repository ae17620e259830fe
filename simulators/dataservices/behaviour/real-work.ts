import { type Body, type Kernel, on, type Signal } from "../../kernel/index.ts";
import { DataServiceError, isDataServiceErrorCode } from "../wire/errors.ts";

/** An error as plain data. */
interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly severity: string | undefined;
}

/** The result of work. `value` is plain data, without anything meant only for a reply. */
type Outcome = { readonly value: unknown } | { readonly error: PlainError };

interface Ended {
  readonly id: number;
  readonly outcome: Outcome;
}

/** The work on real servers that handlers wait for. */
export interface RealWork {
  /** Waits for work with a result, plain data of this type, that may decide what the handler does next. */
  await<T>(work: Promise<T>, isResult: (value: unknown) => value is T): Body<T>;
  /** Waits for work whose result goes into the reply alone; where the world is made again from its inputs, it is undefined. */
  awaitForReply<T>(work: Promise<T>): Body<T | undefined>;
  /** After a restart, ends the work that handlers still wait for: whoever did it is gone. */
  abandon(): void;
}

const KIND = "dataservices.worked";
const INTERRUPTED: PlainError = {
  name: "Error",
  message: "the cloud was restarted meanwhile",
  code: "INTERRUPTED",
  severity: undefined,
};

function plainOf(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), code: undefined, severity: undefined };
  const { name, message } = error;
  const code = "code" in error ? String(error.code) : undefined;
  const severity = "severity" in error ? String(error.severity) : undefined;
  return { name, message, code, severity };
}

function errorOf({ name, message, code, severity }: PlainError): Error {
  if (name === "DataServiceError" && isDataServiceErrorCode(code)) return DataServiceError.again(code, message);
  const error = new Error(message);
  error.name = name;
  return Object.assign(error, code !== undefined && { code }, severity !== undefined && { severity });
}

/**
 * Work on real servers takes place outside the world, so that it has ended is an input: a world that is made again from its inputs learns the outcome
 * from there and does nothing twice. A handler that waits stays a process of the world: it sleeps on a signal and resumes in an event of its own. Only
 * for worlds on the wall clock.
 */
export function defineRealWork(kernel: Kernel): RealWork {
  const counter = kernel.slot("dataservices/real-work", { lastId: 0 });
  const waiting = new Map<number, Signal<Outcome>>();
  const end = kernel.onInput<Ended, void>(KIND, ({ id, outcome }) => {
    const settled = waiting.get(id);
    waiting.delete(id);
    settled?.fire(outcome);
  });
  /** @param note called with the result in place of making it part of the input */
  function* wait<T>(work: Promise<T>, note?: (value: T) => void): Body<unknown> {
    const id = ++counter.value.lastId;
    const settled = kernel.signal<Outcome>();
    waiting.set(id, settled);
    work.then(
      (value) => {
        note?.(value);
        end({ id, outcome: { value: note === undefined ? value : undefined } });
      },
      (error: unknown) => end({ id, outcome: { error: plainOf(error) } }),
    );
    const outcome = yield* on(settled);
    if ("error" in outcome) throw errorOf(outcome.error);
    return outcome.value;
  }
  return {
    *await(work, isResult) {
      const value = yield* wait(work);
      if (isResult(value)) return value;
      throw new TypeError("work on a real server had an unexpected result");
    },
    *awaitForReply<T>(work: Promise<T>) {
      let result: T | undefined;
      yield* wait(work, (value) => {
        result = value;
      });
      return result;
    },
    abandon: () => {
      for (const settled of waiting.values()) settled.fire({ error: INTERRUPTED });
      waiting.clear();
    },
  };
}

/** For work that has no result. */
export const isNothing = (value: unknown): value is void => value === undefined;
