import { readFileSync, writeFileSync } from "node:fs";
import type { Figures } from "./measures.ts";

const FILE = new URL("ratchet.json", import.meta.url);

/** The figure that each measure had when it was last written, by measure and key. */
export type Ratchets = Readonly<Record<string, Figures>>;

export function readRatchets(): Ratchets {
  const value: Ratchets = JSON.parse(readFileSync(FILE, "utf8"));
  return value;
}

/** Keys are sorted, so that a change shows as what it is. */
export function writeRatchets(figures: Ratchets): void {
  const sorted = Object.fromEntries(
    Object.entries(figures).map(([name, of]) => [
      name,
      Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1))),
    ]),
  );
  writeFileSync(FILE, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** The lines that say what has grown: empty while every figure is at most its ratchet. */
export function findGrowth(figures: Figures, ratchet: Figures): string[] {
  return Object.entries(figures)
    .filter(([key, figure]) => figure > (ratchet[key] ?? 0))
    .map(([key, figure]) => `${key}: ${figure}, was ${ratchet[key] ?? 0}`);
}
