import { stringify } from "yaml";

/** A value as YAML 1.1, which the director reads: `on`, `y` or `1:30` as text is quoted. */
export function writeYaml(value: unknown): string {
  return stringify(value, { version: "1.1" });
}
