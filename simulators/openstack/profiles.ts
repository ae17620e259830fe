/** `agents`: a cloud whose agents and hosts do their work. `rig`: the control plane alone on which the recordings were made. */
export const CLOUD_PROFILES = ["agents", "rig"] as const;
/** One of the profiles. */
export type CloudProfile = (typeof CLOUD_PROFILES)[number];
