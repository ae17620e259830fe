import { DirectorError } from "../wire/errors.ts";

/** A name as a DNS label (the director's canonicalizer.rb). @throws DirectorError 420001 if it yields none */
export function canonicalName(name: string): string {
  const canonical = name
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/[^a-z0-9-]/g, "");
  for (const [pattern, fault] of FAULTS)
    if (pattern.test(canonical))
      throw new DirectorError(420001, `Invalid DNS canonical name '${canonical}', cannot ${fault} with a hyphen`);
  return canonical;
}

const FAULTS = [
  [/^-/, "start"],
  [/-$/, "end"],
] as const;
