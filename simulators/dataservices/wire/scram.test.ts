import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scramVerifierOf, verifiesScram } from "./scram.ts";

const SALT = Uint8Array.from({ length: 16 }, (_, at) => at);

describe("a SCRAM verifier", () => {
  it("is the one that PostgreSQL stores", () => {
    // RFC 7677, section 3: the exchange for the password "pencil", salt and iterations of its example.
    const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
    const [, keys = ""] = scramVerifierOf("pencil", salt, 4096).split("$").slice(1);
    expect(scramVerifierOf("pencil", salt, 4096)).toMatch(/^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$/);
    expect(keys).toBe("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
  });

  it("matches its password and no other", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (password, other) => {
        const verifier = scramVerifierOf(password, SALT, 1);
        expect(verifiesScram(password, verifier)).toBe(true);
        if (password !== other) expect(verifiesScram(other, verifier)).toBe(false);
      }),
    );
  });

  it("matches no password if it is malformed", () => {
    for (const text of ["", "md5abc", "SCRAM-SHA-256$1:AA==", "SCRAM-SHA-256$x:AA==$AA==:AA=="])
      expect(verifiesScram("p", text)).toBe(false);
  });

  it("differs with salt and iterations", () => {
    expect(scramVerifierOf("p", SALT, 1)).not.toBe(scramVerifierOf("p", SALT, 2));
    expect(scramVerifierOf("p", SALT, 1)).not.toBe(scramVerifierOf("p", SALT.slice(1), 1));
  });
});
