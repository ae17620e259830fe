import fc from "fast-check";
import { expect, it } from "vitest";
import { parseZoneFile } from "./zone-files.ts";

it("reads owners, relative names, comments, parentheses and both orders of TTL and class", () => {
  const text = `$ORIGIN example.org.
$TTL 300
@ IN SOA ns1 host\\.master.example.org. ( 1 ; serial
  3600 600 86400 300 )
  IN NS ns1
www 60 IN A 192.0.2.1
    IN 60 A 192.0.2.2
txt IN TXT "a; b" ; a comment
mail MX 10 mx.example.net.
`;
  expect(parseZoneFile(text)).toEqual({
    name: "example.org.",
    email: "host.master@example.org",
    ttl: 300,
    recordsets: [
      { name: "example.org.", type: "NS", ttl: null, records: ["ns1.example.org."] },
      { name: "www.example.org.", type: "A", ttl: 60, records: ["192.0.2.1", "192.0.2.2"] },
      { name: "txt.example.org.", type: "TXT", ttl: null, records: ['"a; b"'] },
      { name: "mail.example.org.", type: "MX", ttl: null, records: ["10 mx.example.net."] },
    ],
  });
});

it("never throws, whatever the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseZoneFile(text)));
});
