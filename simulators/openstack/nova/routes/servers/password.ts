import type { NovaCall } from "../../wire/request.ts";

/** A new password of the administrator, which only the answer shows. */
export const newPassword = (call: NovaCall): string => call.nova.cloud.secrets("nova").hex(12);
