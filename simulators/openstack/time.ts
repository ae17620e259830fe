/*
 * Times as the services read them back from their databases, whose columns hold whole seconds. Arguments are ms since the Unix epoch.
 */

/** `2026-11-22T08:49:23.000000`, without a zone: Cinder, Designate, Nova's actions. */
export const storedTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}.000000`;

/** `2026-11-22T08:45:48.000000Z`: Keystone. */
export const storedTimeZ = (ms: number): string => `${storedTime(ms)}Z`;
