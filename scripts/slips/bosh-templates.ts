import type { Slip } from "./slip.ts";

const at = (path: string): string => `simulators/bosh/templates/${path}`;
const tests = (path: string): readonly string[] => [at(path)];

/** Slips of the director's Ruby: ERB and YAML. */
export const BOSH_TEMPLATE_SLIPS: readonly Slip[] = [
  {
    id: "bosh-erb-swallows-lines",
    breaks: "-%> swallows one newline",
    file: at("erb.ts"),
    from: 'text.replace(/^\\n/, "")',
    to: 'text.replace(/^\\n+/, "")',
    tests: tests("erb.test.ts"),
  },
  {
    id: "bosh-erb-keeps-line-end",
    breaks: "`-%>` also removes the end of its line",
    file: at("erb.ts"),
    from: 'before?.endsWith("-%>") ? text.replace(/^\\n/, "") : text',
    to: "text",
    tests: tests("erb.test.ts"),
  },
  {
    id: "bosh-psych-y-plain",
    breaks: "Psych writes y and n in quotes",
    file: at("yaml-dump.ts"),
    from: "/^[yn]$/i.test(value) || ",
    to: "",
    tests: tests("psych.test.ts"),
  },
  {
    id: "bosh-psych-octal-plain",
    breaks: "Psych writes texts that look like octal numbers in quotes",
    file: at("yaml-dump.ts"),
    from: "  if (/^0[0-7]*[89]/.test(text)) return true;\n",
    to: "",
    tests: tests("psych.test.ts"),
  },
  {
    id: "bosh-yaml-octal-decimal",
    breaks: "a number that begins with 0 is octal in YAML, as Psych reads it",
    file: at("yaml-scalars.ts"),
    from: "[8, /^[-+]?0",
    to: "[10, /^[-+]?0",
    tests: tests("yaml.test.ts"),
  },
  {
    id: "bosh-yaml-merge-yields",
    breaks: "a merge key wins over the keys before it",
    file: at("yaml.ts"),
    from: "set(hash, name, inner);",
    to: "if (!Object.hasOwn(hash, name)) set(hash, name, inner);",
    tests: tests("yaml.test.ts"),
  },
];
