import { beforeAll, describe, expect, it } from "vitest";
import { TwoProjectCloud } from "../../testing.ts";

let cloud: TwoProjectCloud;

beforeAll(async () => {
  cloud = await TwoProjectCloud.open({}, 1);
  for (const name of ["a", "b", "c"])
    await cloud.call("A", "POST", "network", "/security-groups", { security_group: { name } });
});

const refusal = async (method: string, path: string, body?: unknown): Promise<readonly [number, unknown]> => {
  const { status, body: reply } = await cloud.call("A", method, "network", path, body);
  return [status, reply];
};

describe("a body", () => {
  it.each([
    [{ network: { banana: 1 } }, 400, "Unrecognized attribute(s) 'banana'"],
    [{ network: { id: "x" } }, 400, "Attribute 'id' not allowed in POST"],
    [{ network: { mtu: 1451 } }, 400, "Invalid input for operation: Requested MTU is too big, maximum is 1450."],
    [{ network: { name: 5 } }, 400, "Invalid input for name. Reason: '5' is not a valid string."],
    [
      { network: { shared: true } },
      403,
      "(rule:create_network and rule:create_network:shared) is disallowed by policy",
    ],
    [{ subnet: {} }, 400, "Unable to find 'network' in request body"],
  ])("of %j is refused with %i", async (body, status, message) =>
    expect(await refusal("POST", "/networks", body)).toEqual([
      status,
      { NeutronError: expect.objectContaining({ message }) },
    ]),
  );

  it("is refused if the attribute is read-only or the resource has another revision", async () => {
    const { body } = await cloud.call("A", "POST", "network", "/networks", { network: { name: "net" } });
    const id = (await cloud.list("A", "network")).at(-1) ?? "";
    expect(body).toMatchObject({ network: { id, revision_number: 1 } });
    expect(await refusal("PUT", `/networks/${id}`, { network: { status: "DOWN" } })).toMatchObject([
      400,
      { NeutronError: { message: "Cannot update read-only attribute status" } },
    ]);
    const change = await cloud.call("A", "PUT", "network", `/networks/${id}`, { network: { name: "other" } });
    expect(change.body).toMatchObject({ network: { name: "other", revision_number: 2 } });
  });
});

describe("a list", () => {
  const names = async (query: string): Promise<unknown> => {
    const { body } = await cloud.call("A", "GET", "network", `/security-groups?${query}`);
    const { security_groups: groups } = body as { security_groups: readonly { name: string }[] };
    return groups.map(({ name }) => name);
  };

  it("holds whatever matches every filter; several values of one filter are alternatives", async () => {
    expect(await names("name=a&name=c")).toEqual(["a", "c"]);
    expect(await names("name=a&description=nothing")).toEqual([]);
    expect(await refusal("GET", "/security-groups?banana=1")).toMatchObject([
      400,
      { NeutronError: { type: "HTTPBadRequest" } },
    ]);
  });

  it("is sorted and paged, and the next page begins after the marker", async () => {
    const sorted = "sort_key=name&sort_dir=desc";
    expect(await names(sorted)).toEqual(["default", "c", "b", "a"]);
    const { body } = await cloud.call(
      "A",
      "GET",
      "network",
      `/security-groups?${sorted}&limit=2&fields=name&fields=id`,
    );
    const { security_groups: page, security_groups_links: links } = body as {
      security_groups: readonly { name: string; id: string }[];
      security_groups_links: readonly { rel: string; href: string }[];
    };
    expect(page.map(({ name }) => name)).toEqual(["default", "c"]);
    expect(links.map(({ rel }) => rel)).toEqual(["next", "previous"]);
    expect(await names(`${sorted}&limit=2&marker=${page[1]?.id}`)).toEqual(["b", "a"]);
  });
});
