import { Refusal } from "../../refusal.ts";

/*
 * Octavia's refusals (octavia, `common/exceptions.py`).
 */

/** 400 about a value. */
export const invalidValue = (name: string, value: string, why: string): Refusal =>
  new Refusal(400, "", `Invalid input for field/attribute ${name}. Value: '${value}'. ${why}`);
/** 400 from the service's own checks. */
export const badRequest = (message: string): Refusal => new Refusal(400, "", `Validation failure: ${message}`);
/** 404. */
export const notFound = (title: string, id: string): Refusal => new Refusal(404, "", `${title} ${id} not found.`);
/** 409. */
export const conflict = (message: string): Refusal => new Refusal(409, "", message);
/** 409 while a change is in progress. */
export const immutable = (title: string, id: string): Refusal =>
  conflict(`${title} ${id} is immutable and cannot be updated.`);
/** 403. */
export const forbidden = (): Refusal => new Refusal(403, "", "Policy does not allow this request to be performed.");
