import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { secretsIn, shareSecret } from "./secrets.ts";

const secret = fc.stringMatching(/^[!-~]{8,20}$/);

describe("secretsIn", () => {
  test.prop([secret])("finds a password by its name, in a list, in a nested value and in a uri", (password) => {
    const uri = `amqp://user:${encodeURIComponent(password)}@host/vhost`;
    for (const credentials of [{ password }, { nodes: [{ token: password }] }, { uri }, { a: { urls: [uri] } }])
      expect(secretsIn(credentials)).toContain(password);
  });

  it("does not mistake names, ports and hosts for secrets", () => {
    expect(secretsIn({ host: "h", port: 5432, name: "d", uri: "http://h/password", password: null })).toEqual([]);
  });
});

describe("shareSecret", () => {
  test.prop([secret, secret])("holds if both contain one secret, whatever is beside it", (a, b) => {
    expect(
      shareSecret({ username: "u1", password: a }, { uri: `x://u2:${encodeURIComponent(a)}@h`, password: b }),
    ).toBe(true);
    expect(shareSecret({ username: "same", password: a }, { username: "same", password: `${a}${b}` })).toBe(false);
  });
});
