import type { NovaCall } from "../../wire/request.ts";

/** A new administrator's password, which goes out in the answer alone. */
export const newPassword = (call: NovaCall): string => call.nova.cloud.secrets("nova").hex(12);
