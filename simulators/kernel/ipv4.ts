/** The value of an IPv4 address in dotted decimal: a whole number below 2^32. */
export const parseIpv4 = (ip: string): number => ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

/** The IPv4 address of a value, in dotted decimal. */
export const formatIpv4 = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
