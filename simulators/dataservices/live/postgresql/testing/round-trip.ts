import { type DatabasePlan, harmDatabase, makeDatabase } from "./databases.ts";
import { bytesIn, digestOf } from "./digest.ts";
import type { PostgresqlRig } from "./rig.ts";

export interface RoundTrip {
  /** Bytes of the rows as text. */
  readonly bytes: number;
  readonly dumpBytes: number;
  /** The differences, a line each, or a refusal of the agent. Empty if everything came back. */
  readonly differences: readonly string[];
}

const differences = (before: readonly string[], after: readonly string[]): readonly string[] => [
  ...before.filter((line) => !after.includes(line)).map((line) => `lost: ${line}`),
  ...after.filter((line) => !before.includes(line)).map((line) => `new: ${line}`),
];

/** Creates a database, dumps it, harms it, restores it, and compares the server's digests from before and after. */
export async function roundTrip(rig: PostgresqlRig, plan: DatabasePlan): Promise<RoundTrip> {
  const [before, bytes] = await rig.using(async (client) => {
    await makeDatabase(client, plan);
    return [await digestOf(client), await bytesIn(client)] as const;
  });
  const dump = await rig.dump();
  if (!(dump instanceof Uint8Array)) return { bytes, dumpBytes: 0, differences: [`no dump: ${JSON.stringify(dump)}`] };
  await rig.using(harmDatabase);
  const restored = await rig.restore(dump);
  if (restored.status !== 200)
    return { bytes, dumpBytes: dump.length, differences: [`no restore: ${JSON.stringify(restored)}`] };
  const after = await rig.using(digestOf);
  return { bytes, dumpBytes: dump.length, differences: differences(before, after) };
}
