import { readFileSync, writeFileSync } from "node:fs";
import type { Figures } from "./measures.ts";

const FILE = new URL("ratchet.json", import.meta.url);

/** The figures when they were last written, by measure and key. */
type Ratchets = Readonly<Record<string, Figures>>;

/** Reads the figures that were last written. */
export function readRatchets(): Ratchets {
  const value: Ratchets = JSON.parse(readFileSync(FILE, "utf8"));
  return value;
}

/** Writes figures, their keys sorted, so that a diff shows just what has changed. */
export function writeRatchets(figures: Ratchets): void {
  const sorted = Object.fromEntries(
    Object.entries(figures).map(([name, of]) => [
      name,
      Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1))),
    ]),
  );
  writeFileSync(FILE, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** Finds the figures that are above their ratchets, as readable lines. */
export function findGrowth(figures: Figures, ratchet: Figures): string[] {
  return Object.entries(figures)
    .filter(([key, figure]) => figure > (ratchet[key] ?? 0))
    .map(([key, figure]) => `${key}: ${figure}, was ${ratchet[key] ?? 0}`);
}
