import { describe, expect, it } from "vitest";
import { checkExtraSpec } from "./extra-specs.ts";

const refusal = (name: string, value: string): string => {
  try {
    checkExtraSpec(name, value);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe("extra specs of a flavor", () => {
  it.each([
    ["hw:cpu_policy", "bogus", "Validation failed; 'bogus' is not one of: dedicated, shared, mixed."],
    ["hw:numa_nodes", "0", "Validation failed; '0' is less than the min value of '1'."],
    ["hw:numa_nodes", "x", "Validation failed; 'x' is not a valid integer value."],
    ["hw:boot_menu", "maybe", "Validation failed; 'maybe' is not a valid boolean-like value."],
    ["hw:numa_mem.0", "-1", "Validation failed; '-1' is less than the min value of '1'."],
    ["hw:bogus", "1", "Validation failed; extra spec 'hw:bogus' does not appear to be a valid extra spec."],
    ["quota:disk_read_bytes_sec", "-5", "Validation failed; '-5' is less than the min value of '0'."],
  ])("refuse %s = %s", (name, value, message) => {
    expect(refusal(name, value)).toBe(message);
  });

  it.each([
    ["hw:cpu_policy", "shared"],
    ["hw:mem_page_size", "2MB"],
    ["hw:cpu_dedicated_mask", "^0,2-3"],
    ["hw:numa_cpus.1", "0-3"],
    ["quota:cpu_shares_level", "custom"],
    ["own", "anything"],
    ["vendor:key", "anything"],
  ])("take %s = %s", (name, value) => {
    expect(refusal(name, value)).toBe("");
  });
});
