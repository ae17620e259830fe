/**
 * The director's own errors: a code, the HTTP status of its class, and the text that people read
 * (bosh director, lib/bosh/director/errors.rb).
 */
const STATUS_OF: Readonly<Record<number, number>> = {
  10000: 404,
  20000: 404,
  30005: 404,
  30006: 404,
  50003: 404,
  70000: 404,
  70001: 404,
  70009: 404,
  70012: 500,
  90000: 422,
  100002: 404,
  110003: 404,
  440012: 404,
  500000: 500,
  500001: 500,
  600000: 401,
  810000: 404,
  810004: 500,
  810009: 403,
};

/** An error of the director: its code decides the HTTP status. */
export class DirectorError extends Error {
  readonly code: number;
  readonly status: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "DirectorError";
    this.code = code;
    this.status = STATUS_OF[code] ?? 400;
  }
}

/** Errors without a class of their own are reported under this code. */
export const UNCLASSED = 100;

/** The code of an error in reports. */
export const codeOf = (error: unknown): number => (error instanceof DirectorError ? error.code : UNCLASSED);
/** The text of an error. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
