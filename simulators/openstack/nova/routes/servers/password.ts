import type { NovaCall } from "../../wire/request.ts";

export const newPassword = (call: NovaCall): string => call.nova.cloud.secrets("nova").hex(12);
