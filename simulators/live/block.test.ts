import { afterEach, describe, expect, it } from "vitest";
import { type ClaimedBlock, claimBlock, LIVE_BLOCKS } from "./block.ts";

describe("a block of loopback", () => {
  const claimed: ClaimedBlock[] = [];
  const claim = async (wanted?: string): Promise<string> => {
    const block = await claimBlock(wanted);
    claimed.push(block);
    return block.block;
  };
  afterEach(() => claimed.splice(0).forEach((each) => each.release()));

  it("is free when it is claimed, and belongs to its claimant until it is released", async () => {
    const [first, second] = [await claim(), await claim()];
    expect(LIVE_BLOCKS).toContain(first);
    expect(second).not.toBe(first);
    await expect(claimBlock(first)).rejects.toMatchObject({ code: "LIVE_PORT_TAKEN" });
    claimed.splice(0).forEach((each) => each.release());
    expect(await claim(first)).toBe(first);
  });

  it.each(["127.0", "127.256", "10.0", "127.64.0", "localhost", ""])("is not %j", async (wanted) => {
    await expect(claimBlock(wanted)).rejects.toMatchObject({ code: "LIVE_BAD_BLOCK" });
  });
});
