import { Refusal } from "./refusal.ts";

/*
 * Refusals that Nova and Cinder word in the same way: a fault named after its status.
 */

/** 400 `badRequest`. */
export const badRequest = (message: string): Refusal => new Refusal(400, "badRequest", message);

/** 404 `itemNotFound`. */
export const notFound = (message: string): Refusal => new Refusal(404, "itemNotFound", message);
