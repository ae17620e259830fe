import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "./digest.ts";
import { drawHistory } from "./draw-history.ts";
import { judgeCauses, judgeTotal } from "./invariants.ts";
import { judgeLedger, type LedgerRow, type LedgerWrite } from "./ledger.ts";
import { drawRegister, shrinkRegister } from "./draw-register.ts";
import { isLinearizable, type RegisterOperation } from "./register.ts";
import { shrinkHistory } from "./shrink.ts";

const SPAN = { askedMs: 1000, endedMs: 2000 };

/** Histories of several writers, each of which waits for the acknowledgement of one write before the next. */
const histories = fc
  .array(fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 })), { maxLength: 15 }), {
    maxLength: 8,
  })
  .map((writers): readonly LedgerWrite[] =>
    writers.flatMap((steps, writer) => {
      let nowMs = 0;
      return steps.map(([pauseMs, tookMs], seq) => {
        const sentMs = (nowMs += pauseMs);
        return { writer, seq, payload: `${writer}.${seq}`, sentMs, ackedMs: (nowMs += tookMs) };
      });
    }),
  );

const rowOf = ({ writer, seq, payload }: LedgerWrite): LedgerRow => ({ writer, seq, payload });
/** The contents of a sound backup: the state at one moment; a write in progress may already have taken effect. */
const cut = (writes: readonly LedgerWrite[], atMs: number): readonly LedgerRow[] =>
  writes
    .filter(
      ({ sentMs, ackedMs = Number.POSITIVE_INFINITY }) => ackedMs <= atMs || (sentMs <= atMs && ackedMs % 2 === 0),
    )
    .map(rowOf);
const kinds = (writes: readonly LedgerWrite[], rows: readonly LedgerRow[]): readonly string[] => [
  ...new Set(judgeLedger(writes, rows, SPAN).map(({ kind }) => kind)),
];

describe("the ledger of acknowledged writes", () => {
  it("accepts the state at any one moment of the backup", () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: SPAN.askedMs, max: SPAN.endedMs }), (writes, atMs) => {
        expect(judgeLedger(writes, cut(writes, atMs), SPAN)).toEqual([]);
      }),
    );
  });

  it("refuses a state from before the backup was requested if something was acknowledged in between", () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 0, max: 900 }), (writes, atMs) => {
        const rows = cut(writes, atMs);
        const isStale = writes.some(
          (each) => (each.ackedMs ?? 0) < SPAN.askedMs && !rows.some((row) => row.payload === each.payload),
        );
        expect(kinds(writes, rows).includes("stale")).toBe(isStale);
      }),
    );
  });

  it("refuses anything that was sent after the end", () => {
    fc.assert(
      fc.property(histories, (writes) => {
        const late = writes.filter(({ sentMs }) => sentMs > SPAN.endedMs);
        expect(kinds(writes, writes.map(rowOf)).includes("appended")).toBe(late.length > 0);
      }),
    );
  });

  it("refuses halves of two moments", () => {
    const writes = [0, 1].flatMap((writer) =>
      [0, 1, 2, 3].map((seq) => ({
        writer,
        seq,
        payload: `${seq}`,
        sentMs: 1000 + seq * 200,
        ackedMs: 1100 + seq * 200,
      })),
    );
    const torn = [
      ...cut(
        writes.filter(({ writer }) => writer === 0),
        1150,
      ),
      ...cut(
        writes.filter(({ writer }) => writer === 1),
        1750,
      ),
    ];
    expect(kinds(writes, torn)).toEqual(["torn"]);
  });

  it("refuses a gap, a row that nobody wrote, and a row with a different payload", () => {
    const writes = [0, 1, 2].map((seq) => ({
      writer: 0,
      seq,
      payload: `${seq}`,
      sentMs: 1100 + seq * 10,
      ackedMs: 1105 + seq * 10,
    }));
    const all = writes.map(rowOf);
    expect(
      kinds(
        writes,
        all.filter(({ seq }) => seq !== 1),
      ),
    ).toEqual(["gap", "torn"]);
    expect(kinds(writes, [...all, { writer: 9, seq: 0, payload: "x" }])).toEqual(["foreign"]);
    expect(
      kinds(
        writes,
        all.map((row) => ({ ...row, payload: "x" })),
      ),
    ).toEqual(["foreign"]);
  });

  it("accepts a write of unknown outcome either way", () => {
    const writes = [{ writer: 0, seq: 0, payload: "a", sentMs: 100, ackedMs: undefined }];
    expect([judgeLedger(writes, [], SPAN), judgeLedger(writes, writes.map(rowOf), SPAN)]).toEqual([[], []]);
  });

  it("is drawn with the restored and the missing rows", () => {
    const writes = [{ writer: 0, seq: 0, payload: "a", sentMs: 500, ackedMs: 700 }];
    expect(drawHistory(writes, [], SPAN).split("\n")).toEqual([
      `backup          |${" ".repeat(13)}[${"-".repeat(25)}]`,
      "0/0     missing |======",
    ]);
  });
});

describe("a shrunk history", () => {
  it("still fails, and no step of it can be left out", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (steps) => {
        const fails = (some: readonly number[]): boolean =>
          some.filter((each) => each === 7).length >= 2 && some.includes(3);
        fc.pre(fails(steps));
        expect(shrinkHistory(steps, fails).toSorted((a, b) => a - b)).toEqual([3, 7, 7]);
      }),
    );
  });
});

describe("invariants", () => {
  it("hold as long as no transfer is half done", () => {
    expect(
      judgeTotal(10, [
        ["a", -3],
        ["b", 13],
      ]),
    ).toBeUndefined();
    expect(
      judgeTotal(10, [
        ["a", 3],
        ["b", 8],
      ]),
    ).toBe("the accounts hold 11 in all instead of 10");
  });

  it("name an effect without its cause, and not a cause without its effect", () => {
    const pairs = [0, 1, 2].map((at) => ({ cause: `c${at}`, effect: `e${at}` }));
    expect(judgeCauses(pairs, new Set(["c0", "c1"]), new Set(["e0", "e2"]))).toEqual([{ cause: "c2", effect: "e2" }]);
  });
});

describe("a digest", () => {
  it("depends on the facts, and not on their order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: ([fact]) => fact }), (facts) => {
        expect(digestOf(new Map(facts.toReversed()))).toBe(digestOf(new Map(facts)));
        expect(digestOf(new Map([...facts, ["a fact of its own ∎", ""]]))).not.toBe(digestOf(new Map(facts)));
      }),
    );
  });
});

const operation = (what: "write" | "read", value: number, sentMs: number, endedMs?: number): RegisterOperation => ({
  do: what,
  value,
  sentMs,
  endedMs,
});

describe("a register", () => {
  it("is linearizable however operations take effect between request and answer", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 })), {
          maxLength: 12,
        }),
        (steps) => {
          let value = 0;
          const history = steps.map(([isWrite, beforeMs, afterMs], at) => {
            const nowMs = at * 20;
            if (isWrite) value = at + 1;
            return operation(isWrite ? "write" : "read", value, nowMs - beforeMs, nowMs + afterMs);
          });
          expect(isLinearizable(history, 0)).toBe(true);
        },
      ),
    );
  });

  it("shows a lost write, a stale read and two primaries", () => {
    expect(isLinearizable([operation("write", 1, 0, 10), operation("read", 0, 20, 30)], 0)).toBe(false);
    const stale = [operation("write", 1, 0, 10), operation("write", 2, 20, 30), operation("read", 1, 40, 50)];
    expect(isLinearizable(stale, 0)).toBe(false);
    const two = [operation("write", 1, 0, 10), operation("read", 1, 20, 30), operation("read", 0, 40, 50)];
    expect(isLinearizable(two, 0)).toBe(false);
  });

  it("is shrunk to the part that shows the fault, and drawn", () => {
    const before = Array.from({ length: 10 }, (_, at) => operation("write", at + 10, at * 10, at * 10 + 5));
    const history = [
      ...before,
      operation("write", 1, 200, 210),
      operation("read", 1, 220, 230),
      operation("write", 2, 225, 260),
      operation("read", 19, 280, 300),
    ];
    const shortest = shrinkRegister(history, 0);
    expect(shortest.length).toBe(3);
    expect(shortest.at(-1)).toEqual(operation("read", 19, 280, 300));
    expect(shrinkRegister([operation("read", 7, 0, 1), operation("write", 8, 0, 1)], 0)).toEqual([
      operation("read", 7, 0, 1),
    ]);
    expect(drawRegister([operation("write", 1, 0, 10), operation("read", 0, 20, 40)])).toBe(
      ["write 1         |===========", "read 0          |                    ===================="].join("\n"),
    );
    expect(drawRegister([operation("write", 1, 0), operation("read", 0, 20, 40)])).toMatch(/^write 1 {9}\|=+\?$/m);
  });

  it("accepts a write without an answer either way", () => {
    const lost = operation("write", 1, 0);
    expect(isLinearizable([lost, operation("read", 0, 20, 30), operation("read", 1, 40, 50)], 0)).toBe(true);
    expect(isLinearizable([lost, operation("read", 0, 20, 30)], 0)).toBe(true);
  });
});
