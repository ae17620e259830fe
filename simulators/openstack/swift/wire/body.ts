import type { Context } from "../../service.ts";

/** The bytes of the body. */
export const bodyBytes = ({ request }: Context): Uint8Array =>
  typeof request.body === "string" ? Buffer.from(request.body) : request.body;
