/** `2026-11-22T08:47:19Z`: Nova's created and updated, Neutron, Glance. */
export const isoSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** `2026-11-22T08:49:23.000000`: no zone; Cinder, Designate, Nova's actions. */
export const isoMicros = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}.000000`;

/** `2026-11-22T08:45:48.000000Z`: Keystone. */
export const isoMicrosZ = (ms: number): string => `${isoMicros(ms)}Z`;
