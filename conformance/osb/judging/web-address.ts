/** Whether an address is an absolute one of the web. */
export function isWebAddress(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\/[^/]/.test(value) && URL.canParse(value);
}
