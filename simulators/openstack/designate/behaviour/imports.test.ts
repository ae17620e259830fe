import { expect, it } from "vitest";
import { valueAt } from "../../parity/compare.ts";
import { TwoProjectCloud } from "../../testing.ts";

const FILE = `$ORIGIN imported.org.
$TTL 300
@ IN SOA ns1.example.net. admin.imported.org. 1 3600 600 86400 300
@ IN NS ns1.example.net.
www IN A 192.0.2.1
www IN A 192.0.2.2
`;

/** Sends a zone file, waits, and returns what the import then says. */
async function importFile(cloud: TwoProjectCloud, text: string): Promise<unknown> {
  const actor = cloud.actors.A;
  const headers = { "x-auth-token": actor?.token ?? "", "content-type": "text/dns" };
  const made = await cloud.client.send(
    "POST",
    `${actor?.endpoints.dns?.base}/zones/tasks/imports`,
    headers,
    Buffer.from(text),
  );
  cloud.sleep(60_000);
  const id = String(valueAt(made.body, "$.id"));
  return (await cloud.call("A", "GET", "dns", `/zones/tasks/imports/${id}`)).body;
}

it("makes the zone of a file with its recordsets, once", async () => {
  const cloud = await TwoProjectCloud.open({ profile: "agents" }, 1);
  const done = await importFile(cloud, FILE);
  expect(done).toMatchObject({ status: "COMPLETE", message: "imported.org. imported" });
  const zone = String(valueAt(done, "$.zone_id"));
  const { body } = await cloud.call("A", "GET", "dns", `/zones/${zone}/recordsets?name=www.imported.org.`);
  expect(valueAt(body, "$.recordsets[0]")).toMatchObject({
    type: "A",
    records: ["192.0.2.1", "192.0.2.2"],
    status: "ACTIVE",
  });
  expect((await cloud.call("A", "GET", "dns", `/zones/${zone}`)).body).toMatchObject({
    ttl: 300,
    email: "admin@imported.org",
  });
  expect(await importFile(cloud, FILE)).toMatchObject({ status: "ERROR", message: "Duplicate Zone" });
});

it.each([
  ["junk", "Malformed zonefile."],
  [FILE.replace("192.0.2.1", "192.0.2"), /./],
  [FILE.replace("www IN A 192.0.2.1", "www.other.org. IN A 192.0.2.1"), /not contained/],
])("leaves nothing behind of a file that is not a zone file: %j", async (text, message) => {
  const cloud = await TwoProjectCloud.open({ profile: "agents" }, 1);
  expect(await importFile(cloud, text)).toMatchObject({ status: "ERROR", message: expect.stringMatching(message) });
  expect(cloud.openstack.state().designate.zones.size).toBe(0);
});
