export type { ServedKind } from "./engine.ts";
export { endKeptServers } from "./folder.ts";
export { LIVE_PLANE_ERRORS, LivePlaneError, type LivePlaneErrorCode } from "./errors.ts";
export { type LivePlaneOptions, servedKinds } from "./options.ts";
export { absentServers, type ServedKinds } from "../behaviour/absent.ts";
export { LivePlane } from "./plane.ts";
export { majorsHere, whyNoServer } from "./postgresql/binaries.ts";
