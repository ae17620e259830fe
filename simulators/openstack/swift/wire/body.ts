import type { RequestContext } from "../../service.ts";

/** The bytes of the body. */
export const bodyBytes = ({ request }: RequestContext): Uint8Array =>
  typeof request.body === "string" ? Buffer.from(request.body) : request.body;
