import { Refusal } from "../../refusal.ts";
import { PLAIN } from "./headers.ts";

/** A refusal with Swift's own page of this status. */
export const refusal = (status: number): Refusal => new Refusal(status, "", "");

/** 404. */
export const notFound = (): Refusal => refusal(404);

/** 400, as plain text unless `headers` say otherwise. */
export const badRequest = (message: string, headers: Readonly<Record<string, string>> = PLAIN): Refusal =>
  new Refusal(400, "", message, { headers });
