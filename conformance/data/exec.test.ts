import { describe, expect, it } from "vitest";
import { openByProgram } from "./exec.ts";
import { DataError, type Login } from "./plane.ts";
import { DATA_LIMITS } from "./postgresql.ts";

const LOGIN: Login = { client: "mysql", host: "db", port: 3306, username: "u", password: "p", database: "d" };
const LIMITS = { ...DATA_LIMITS, connectMsMax: 20_000, statementMsMax: 20_000 };

/** A program that answers each line with the value of an expression over it, `q`. */
const answering = (answer: string): readonly string[] => [
  process.execPath,
  "--eval",
  `require("node:readline").createInterface(process.stdin).on("line", (line) => { const q = JSON.parse(line); const a = ${answer}; if (a === null) process.exit(3); console.log(typeof a === "string" ? a : JSON.stringify(a)); });`,
];
const open = (answer: string) => openByProgram(answering(answer), LOGIN, "10.0.0.1", "10.0.0.2", LIMITS);
const faultOf = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => (error instanceof DataError ? [error.fault, error.code] : error));

describe("the exec driver", () => {
  it("gives the login and the addresses, then statements, and reads rows", async () => {
    const session = await open(
      `q.do === "connect" ? { extras: ["native"] } : { rows: [[q.do, q.text ?? null], [String(process.pid), null]] }`,
    );
    expect([...session.extras]).toEqual(["native"]);
    const first = await session.run({ do: "native", text: "SHOW GRANTS" });
    const second = await session.run({ do: "tables" });
    expect([first[0], second[0]]).toEqual([
      ["native", "SHOW GRANTS"],
      ["tables", null],
    ]);
    expect(first[1]).toEqual(second[1]);
    await session.close();
    const heard = await faultOf(
      open(`{ fault: "failed", message: [q.client, q.address, q.source, q.username].join() }`),
    );
    expect(heard).toEqual(["failed", undefined]);
  });

  it("reports the program's reason for having no session, or no rows", async () => {
    expect(await faultOf(open(`{ fault: "denied", message: "no", code: "1045" }`))).toEqual(["denied", "1045"]);
    expect(await faultOf(open(`{ fault: "unreachable" }`))).toEqual(["unreachable", undefined]);
    const session = await open(`q.do === "connect" ? {} : { fault: "failed", message: "no right", code: "1142" }`);
    expect(await faultOf(session.run({ do: "tables" }))).toEqual(["failed", "1142"]);
    await session.close();
  });

  it.each([
    ["no JSON", `"hello"`],
    ["something else", `[1]`],
    ["a fault that there is none of", `{ fault: "tired" }`],
  ])("takes %s for a failure", async (_what, answer) => {
    expect(await faultOf(open(answer))).toEqual(["failed", undefined]);
  });

  it("loses the session if the program ends, or can't be started", async () => {
    expect(await faultOf(open("null"))).toEqual(["lost", undefined]);
    expect(await faultOf(openByProgram(["/no/such/program"], LOGIN, "", undefined, LIMITS))).toEqual([
      "lost",
      undefined,
    ]);
  });

  it("ends a program that does not answer", async () => {
    const mute = [process.execPath, "--eval", "setInterval(() => {}, 1000)"];
    const limits = { ...LIMITS, connectMsMax: 50 };
    expect(await faultOf(openByProgram(mute, LOGIN, "", undefined, limits))).toEqual(["lost", undefined]);
  });
});
