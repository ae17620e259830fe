import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startServer } from "./testing/run.ts";
import { drydockHere as drydock } from "./testing/run-here.ts";

const CATALOG = { services: [{ id: "s", name: "db", plans: [{ id: "p", name: "small" }] }] };

const startCatalog = () =>
  startServer((request, response) => {
    const isOpen = request.headers.authorization === `Basic ${Buffer.from("admin:secret").toString("base64")}`;
    response.writeHead(isOpen ? 200 : 401).end(JSON.stringify(CATALOG));
  });

const SHORT = ["--mix", "catalog", "--rate", "50/s", "--for", "200ms", "--username", "admin"];
const env = { DRYDOCK_PASSWORD: "secret" };

it("ends with 1 when a threshold is missed, and writes reports without the password", async () => {
  await using server = await startCatalog();
  const out = mkdtempSync(join(tmpdir(), "drydock-load-"));
  const bounds = ["--threshold", "rate<1/h", "--threshold", "errors<1%", "--out", out, "--quiet"];
  const { code, stdout, stderr } = await drydock(["load", "--target", server.url, ...SHORT, ...bounds], env);
  // On a machine so busy that the generator was later than the server, the run is invalid instead.
  expect([1, 2]).toContain(code);
  expect(stderr).toBe("");
  expect(stdout).toContain("MISSED: rate<1/h");
  expect(stdout).toContain("met: errors<1% (0.00 %)");
  for (const name of ["load.json", "load.html"]) {
    const text = readFileSync(join(out, name), "utf8");
    expect(text).toContain("rate");
    expect(text).not.toContain("secret");
  }
});

it("says in one line why it could not start", async () => {
  await using server = await startCatalog();
  const refused = await drydock(["load", "--target", server.url, ...SHORT], { DRYDOCK_PASSWORD: "wrong" });
  expect(refused).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/^drydock: LOAD_NOT_BEGUN: GET .*: HTTP 401\n$/),
  });
  const unread = await drydock(["load", "--target", server.url, "--rate", "50"]);
  expect(unread).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^drydock: LOAD_BAD_QUANTITY: the rate "50": .*\n$/),
  });
});
