import Type from "typebox";
import { Section } from "./vocabulary.ts";

const Figure = (description: string, example: number) =>
  Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      description,
      expected: "a number greater than 0",
      fallback: "no claim",
      examples: [example],
    }),
  );

/** The section `figures`. */
export const FiguresSection = Section(
  {
    rpo: Figure("How much a restore of the newest backup may lose, in seconds.", 60),
    rto: Figure("From the request for a restore to the first write, in seconds.", 600),
    stall: Figure("The longest time without a write during a backup, in seconds.", 5),
    amplification: Figure("Bytes that a backup stores for each byte of data.", 2),
    revocation: Figure(
      "From the end of an unbind until its credentials are refused and its sessions have ended, in seconds.",
      5,
    ),
    role: Figure("How long a dashboard's session outlives the role that it was given for, in seconds.", 10),
    opening: Figure("How long nobody gets in after a VM was made again at another address, in seconds.", 30),
  },
  {
    description:
      "The upper limits that the vendor claims; measurements are compared with them, and reported beside them.",
  },
);
