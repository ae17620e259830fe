import { readFileSync } from "node:fs";

/** One instruction of a Containerfile. */
export interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

/** A stage: from one FROM to the next. */
interface Stage {
  /** Its name, if it has one. */
  readonly name: string | undefined;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Containerfile. Comments are left out; a line that ends with a backslash continues. */
export function readStages(path: string): readonly Stage[] {
  const lines = readFileSync(path, "utf8")
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: { name: string | undefined; image: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, keyword = "", text = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    const [, image = "", name] = /^(\S+)(?: AS (\S+))?$/.exec(text) ?? [];
    if (keyword === "FROM") stages.push({ name, image, instructions: [] });
    else stages.at(-1)?.instructions.push({ keyword, text });
  }
  return stages;
}
