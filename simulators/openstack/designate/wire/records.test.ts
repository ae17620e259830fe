import { describe, expect, it } from "vitest";
import { Refusal } from "../../refusal.ts";
import { checkServiceName, parseRecords, recordType } from "./records.ts";

const isRecord = (type: string, record: string): boolean => {
  try {
    return parseRecords(type, [record])[0] === record;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

const LONG = "x".repeat(255);

const RECORDS: readonly (readonly [type: string, right: readonly string[], wrong: readonly string[]])[] = [
  ["A", ["10.0.0.1", "255.255.255.255"], ["10.0.0", "10.0.0.256", "fd00::1", "10.0.0.1 ", ""]],
  ["AAAA", ["fd00::1", "::"], ["10.0.0.1", "fd00::1%eth0", "fd00::g"]],
  ["CNAME", ["a.example.org."], ["a.example.org", "-a.example.org.", `${LONG}.org.`]],
  ["NS", ["ns1.example.org."], ["ns1.example.org"]],
  ["PTR", ["a.example.org."], ["10.0.0.1"]],
  [
    "MX",
    ["10 mail.example.org.", "65535 .", "0 mail.example.org."],
    ["65536 mail.example.org.", "10 mail", "10", "a mail.org."],
  ],
  [
    "SRV",
    ["0 5 5060 sip.example.org."],
    ["0 5 sip.example.org.", "0 5 65536 sip.example.org.", "0 5 5060 sip", "0 0 0 ."],
  ],
  [
    "TXT",
    ['"v=spf1 -all"', "word", `"${LONG.slice(2)}" "b"`, LONG, '"a \\" b"', 'a"b', '""'],
    [`${LONG}x`, '"a"b"', '"a" "b"', "a b", '"a', "a\\"],
  ],
  ["SPF", ['"v=spf1 -all"', `"${LONG}x"`], ["v=spf1 -all"]],
  [
    "SSHFP",
    [`1 1 ${"a".repeat(40)}`, `4 2 ${"F".repeat(64)}`],
    [`5 1 ${"a".repeat(40)}`, `1 3 ${"a".repeat(40)}`, `1 1 ${"g".repeat(40)}`],
  ],
  [
    "NAPTR",
    ["0 0 S SIP+D2U !^.*$!sip:a@example.org! _sip._udp.example.org."],
    ['0 0 "S" "SIP+D2U" "" _sip._udp.example.org.', "65536 0 S x !a!b! a.example.org.", "0 0 S x !a!b! ."],
  ],
  [
    "CAA",
    [
      "0 issue ca.example.org",
      "1 issuewild ca.example.org; a=b",
      "0 iodef mailto:a@example.org",
      "0 iodef https://a.org/x",
    ],
    ["2 issue ca.org", "0 iodef ftp://x", "0 banana ca.org", '0 issue "ca.org"', "0 issuewild ;"],
  ],
  [
    "CERT",
    ["PKIX 1 8 dGVzdA==", "1 65535 255 dGVzdA=="],
    ["BANANA 1 8 dGVzdA==", "PKIX 65536 8 dGVzdA==", "PKIX 1 256 dGVzdA=="],
  ],
  [
    "SOA",
    ["ns.example.org. a.example.org. 1 2 3 4 5"],
    ["ns.example.org. a.example.org. 1 2 3 4", "ns a.example.org. 1 2 3 4 5"],
  ],
];

describe.each(RECORDS)("a record of type %s", (type, right, wrong) => {
  it.each(right)("may be %j", (record) => expect(isRecord(type, record)).toBe(true));
  it.each(wrong)("is not %j", (record) => expect(isRecord(type, record)).toBe(false));
});

describe("records", () => {
  it("are refused with the position of the first invalid one", () => {
    const refusal = (): unknown => parseRecords("A", ["10.0.0.1", "banana", "apple"]);
    expect(refusal).toThrow(
      expect.objectContaining({
        status: 400,
        type: "invalid_object",
        extras: {
          members: {
            errors: {
              errors: [
                {
                  path: ["records", 1],
                  message: "'banana' is not a 'A' Record",
                  validator: "format",
                  validator_value: ["A"],
                },
              ],
            },
          },
        },
      }),
    );
  });

  it("have one of the known types", () => {
    expect(RECORDS.map(([type]) => recordType(type))).toEqual(RECORDS.map(([type]) => type));
    for (const type of ["a", "BANANA", "toString", undefined, 5]) expect(() => recordType(type)).toThrow(Refusal);
  });

  it("of services need a service name", () => {
    expect(() => checkServiceName("SRV", "sip.example.org.")).toThrow("name is invalid");
    expect(() => checkServiceName("SRV", "_sip._udp.example.org.")).not.toThrow();
    expect(() => checkServiceName("A", "sip.example.org.")).not.toThrow();
  });
});
