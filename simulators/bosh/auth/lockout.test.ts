import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type HttpReply, Kernel, makeRequest } from "../../kernel/index.ts";
import { LOCKOUT } from "./lockout.ts";
import { createUaa } from "./uaa.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const LOCKED = "Your account has been locked because of too many failed attempts to login.";
const BAD = "Bad credentials";

/** A UAA, and its answer to a login: `ok`, or why not. */
function uaa() {
  const kernel = new Kernel();
  const scopes = ["bosh.admin"];
  const service = createUaa(kernel, {
    url: "https://127.0.0.1:8443",
    privateKey,
    publicKey,
    clients: [{ id: "client", secret: "right", scopes }],
    users: ["ada", "bob"].map((name) => ({ name, password: "right", scopes })),
  });
  const answerTo = (fields: Record<string, string>): string => {
    const body = new URLSearchParams(fields).toString();
    const { status, json } = service.receive(makeRequest("POST", "/oauth/token", { body })) as HttpReply;
    if (status === 200) return "ok";
    expect(json).toMatchObject({ error: "unauthorized" });
    expect(status).toBe(401);
    return (json as { error_description: string }).error_description;
  };
  const logIn = (username: string, password: string): string =>
    answerTo({ grant_type: "password", username, password });
  const fails = (username: string, times: number): string[] =>
    Array.from({ length: times }, () => logIn(username, "wrong"));
  return {
    kernel,
    answerTo,
    logIn,
    fails,
    passS: (seconds: number) => kernel.advanceTo(kernel.nowMs + seconds * 1000),
  };
}

describe("UAA's lockout", () => {
  it("locks a user, and nobody else, after too many wrong passwords: for a time even the right one fails", () => {
    const { fails, logIn, passS } = uaa();
    expect(new Set(fails("ada", LOCKOUT.failuresMax))).toEqual(new Set([BAD]));
    expect(logIn("ada", "right")).toBe(LOCKED);
    expect(logIn("bob", "right")).toBe("ok");
    passS(LOCKOUT.lockedForS - 1);
    expect(logIn("ada", "right")).toBe(LOCKED);
    passS(1);
    expect(logIn("ada", "right")).toBe("ok");
    expect(logIn("ada", "wrong")).toBe(BAD);
    expect(logIn("ada", "right")).toBe("ok");
  });

  it("locks again at the first wrong password after that time", () => {
    const { fails, logIn, passS } = uaa();
    fails("ada", LOCKOUT.failuresMax);
    passS(LOCKOUT.lockedForS);
    expect(fails("ada", 2)).toEqual([BAD, LOCKED]);
    expect(logIn("ada", "right")).toBe(LOCKED);
  });

  it("is not prolonged by attempts while it lasts", () => {
    const { fails, logIn, passS } = uaa();
    fails("ada", LOCKOUT.failuresMax);
    passS(LOCKOUT.lockedForS - 1);
    fails("ada", 10);
    passS(1);
    expect(logIn("ada", "right")).toBe("ok");
  });

  it("forgets wrong passwords with a right one, and after a time", () => {
    const { fails, logIn, passS } = uaa();
    for (let each = 0; each < 3; each++) {
      fails("ada", LOCKOUT.failuresMax - 1);
      expect(logIn("ada", "right")).toBe("ok");
    }
    fails("ada", LOCKOUT.failuresMax - 1);
    passS(LOCKOUT.countedForS);
    expect(fails("ada", 1)).toEqual([BAD]);
    expect(logIn("ada", "right")).toBe("ok");
  });

  it("affects neither clients nor unknown users", () => {
    const { answerTo, fails, kernel } = uaa();
    const client = (secret: string): string =>
      answerTo({ grant_type: "client_credentials", client_id: "client", client_secret: secret });
    for (let each = 0; each < 20; each++) expect(client("wrong")).toBe(BAD);
    expect(client("right")).toBe("ok");
    expect(new Set(fails("nobody", 20))).toEqual(new Set([BAD]));
    expect(kernel.journal.seq).toBe(0);
  });

  it("is restored with a snapshot", () => {
    const { kernel, fails, logIn } = uaa();
    fails("ada", LOCKOUT.failuresMax);
    const snapshot = kernel.snapshot();
    kernel.advanceTo(kernel.nowMs + LOCKOUT.lockedForS * 1000);
    expect(logIn("ada", "right")).toBe("ok");
    kernel.restore(snapshot);
    expect(logIn("ada", "right")).toBe(LOCKED);
  });
});
