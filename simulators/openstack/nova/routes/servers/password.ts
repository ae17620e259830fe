import type { Call } from "../../wire/request.ts";

export const newPassword = (call: Call): string => call.nova.cloud.secrets("nova").hex(12);
