import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { parse } from "yaml";
import { CLAIMS } from "../certificate/levels.ts";

const Line = Type.String({ minLength: 1, maxLength: 200 });

const Submission = Type.Object(
  {
    /** The name of the product. */
    product: Line,
    /** Where people read about it. */
    homepage: Type.Optional(Type.String({ pattern: "^https://\\S+$", maxLength: 500 })),
    /** The vendor's claims, such as `osb-core`. */
    claims: Type.Array(Type.Enum([...CLAIMS]), { minItems: 1, uniqueItems: true }),
  },
  { additionalProperties: false },
);

/** `submission.yml`: what a vendor says about a product beside its certificate. */
export type Submission = Readonly<Static<typeof Submission>>;

const submissions = Compile(Submission);

/** Reads a `submission.yml`; otherwise says in one line what is wrong with it. */
export function parseSubmission(text: string): Submission | string {
  let found: unknown;
  try {
    found = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "not YAML") : "not YAML";
  }
  if (submissions.Check(found)) return found;
  const [first] = submissions.Errors(found);
  const place = first?.instancePath.slice(1).replaceAll("/", ".") ?? "";
  return `${place === "" ? "the file" : `"${place}"`} ${first?.message ?? "is wrong"}; claims are ${CLAIMS.join(", ")}`;
}
