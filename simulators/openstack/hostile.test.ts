import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VirtualDriver } from "../kernel/edge/drive.ts";
import { type Served, serve } from "../kernel/edge/serve.ts";
import { type Crash, type HttpReply, makeRequest, replyHeader, serialise, type Service } from "../kernel/index.ts";
import { TwoProjectCloud } from "./testing.ts";

type Name = keyof TwoProjectCloud["openstack"]["services"];

const NAMES = ["keystone", "nova", "neutron", "cinder", "glance", "swift", "designate", "octavia"] as const;

/** The message of a 500 by which a service reports an error of its own (recorded from Zed). */
const FAILURES: Readonly<Record<Name, readonly [type: string, body: unknown]>> = {
  keystone: ["application/json", { error: { code: 500, title: "Internal Server Error", message: expect.anything() } }],
  nova: ["application/json; charset=UTF-8", { computeFault: { code: 500, message: expect.stringMatching(/erred/) } }],
  cinder: ["application/json", { computeFault: { code: 500, message: expect.stringMatching(/erred/) } }],
  neutron: ["application/json", { NeutronError: expect.objectContaining({ type: "HTTPInternalServerError" }) }],
  glance: ["application/json", expect.objectContaining({ code: "500 Internal Server Error" })],
  swift: ["text/plain", "An error occurred"],
  designate: ["application/json", { code: 500, type: "unknown", request_id: expect.stringMatching(/^req-/) }],
  octavia: ["application/json", expect.objectContaining({ faultcode: "Server", debuginfo: null })],
};

const bodyOf = ({ json, body }: HttpReply): unknown => json ?? Buffer.from(body ?? "").toString();

const PATHS: Readonly<Record<Name, (project: string) => string>> = {
  keystone: () => "/v3/users",
  nova: () => "/v2.1/servers",
  neutron: () => "/v2.0/networks",
  cinder: () => "/v3/volumes",
  glance: () => "/v2/images",
  designate: () => "/v2/zones",
  octavia: () => "/v2.0/lbaas/loadbalancers",
  swift: (project) => `/v1/AUTH_${project}/box`,
};

describe("a handler that throws", () => {
  it.each(NAMES)(
    "of of %s is answered in that service's envelope, and the log says which request it was",
    async (name) => {
      const cloud = await TwoProjectCloud.open({}, 1);
      const { services } = cloud.openstack;
      const path = PATHS[name](cloud.projectId("A"));
      const headers = { "x-auth-token": cloud.actors.A?.token ?? "", accept: "application/json" };
      const reply = services[name].crashed(makeRequest("GET", path, { headers }), new TypeError("no state"));
      expect([replyHeader({ status: 500, headers: serialise(reply).headers }, "content-type"), bodyOf(reply)]).toEqual(
        FAILURES[name],
      );
      expect(reply.status).toBe(500);
      const crash = reply.crash as Crash;
      expect(crash.message).toContain(`${name}: GET `);
      expect(crash.message).toContain("TypeError: no state");
      expect(crash.requestId).toBe(replyHeader(reply, "x-openstack-request-id"));
      expect(crash.cause).toBeInstanceOf(TypeError);
      expect(JSON.stringify(bodyOf(reply))).not.toContain("no state");
    },
  );
});

describe("input on which a handler would crash", () => {
  let cloud: TwoProjectCloud;
  let network: string;
  beforeAll(async () => {
    cloud = await TwoProjectCloud.open({}, 1);
    const made = await cloud.call("A", "POST", "network", "/networks", { network: { name: "n" } });
    network = (made.body as { network: { id: string } }).network.id;
    await cloud.call("A", "PUT", "object-store", "/box", "");
  });

  it.each<readonly [string, string, string, unknown, number, RegExp]>([
    ["network", "POST", "/ports", { allowed_address_pairs: [null] }, 400, /'None' is not a dictionary/],
    ["network", "POST", "/ports", { extra_dhcp_opts: [null] }, 400, /No valid key specs matched for: None/],
    ["network", "POST", "/ports", { fixed_ips: [5] }, 400, /Invalid data format for fixed IP: '5'/],
    ["network", "POST", "/subnets", { allocation_pools: [null] }, 400, /'None' must be a dictionary with keys/],
    ["network", "POST", "/subnets", { host_routes: "x" }, 400, /Invalid data format for hostroute: 'x'/],
  ])("%s %s %s %j is refused", async (service, method, path, fields, status, message) => {
    const member = path === "/ports" ? "port" : "subnet";
    const body = {
      [member]: {
        network_id: network,
        ...(member === "subnet" && { ip_version: 4, cidr: "10.1.0.0/24" }),
        ...(fields as object),
      },
    };
    const answer = await cloud.call("A", method, service, path, body);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([status, expect.stringMatching(message)]);
  });

  it.each<readonly [string, string, number]>([
    ["network", "/security-group-rules?tags=x", 400],
    ["network", "/networks?sort_key=__proto__&sort_dir=asc", 400],
    ["image", "/images?sort_key=__proto__", 400],
    ["image", "/images?__proto__=1", 200],
    ["image", "/schemas/constructor", 404],
    ["volume", "/volumes?__proto__=1", 200],
    ["volume", "/volumes?sort=constructor", 400],
    ["dns", "/zones?constructor=1", 400],
    ["compute", "/servers?name=%5E(a%2B)%2B%24", 200],
    ["compute", "/servers?name=(", 400],
    ["compute", "/servers?name=", 400],
    ["compute", "/servers?name=%FF", 400],
  ])("%s %s is answered", async (service, path, status) => {
    expect((await cloud.call("A", "GET", service, path)).status).toBe(status);
  });

  it.each(["volume", "compute"])("%s refuses an action that no table lists", async (service) => {
    const [path, id] =
      service === "volume" ? ["/volumes", (await cloud.create("A", "volume", []))[1]?.id] : ["/servers", "x"];
    for (const name of ["__proto__", "constructor", "toString"]) {
      const answer = await cloud.call("A", "POST", service, `${path}/${id}/action`, JSON.parse(`{"${name}":{}}`));
      expect([answer.status, JSON.stringify(answer.body)]).toEqual([
        400,
        expect.stringContaining("There is no such action"),
      ]);
    }
  });

  it.each(["network", "volume", "compute", "identity", "image", "dns"])(
    "a body of %s that is 5,000 deep",
    async (service) => {
      const paths = {
        network: "/networks",
        volume: "/volumes",
        compute: "/servers",
        identity: "/users",
        image: "/images",
        dns: "/zones",
      };
      const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
      const answer = await cloud.call("A", "POST", service, paths[service as keyof typeof paths], deep);
      expect(answer.status).toBe(500);
      expect(JSON.stringify(answer.body).length).toBeGreaterThan(20);
    },
  );

  it("a manifest that is not UTF-8 is kept, and followed later", async () => {
    const send = (method: string, headers: Record<string, string>): number => {
      const path = `/v1/AUTH_${cloud.projectId("A")}/box/large`;
      const token = cloud.actors.A?.token ?? "";
      const answered = cloud.openstack.services.swift.receive(
        makeRequest(method, path, { headers: { "x-auth-token": token, ...headers } }),
      );
      return "status" in answered ? answered.status : 0;
    };
    expect(send("PUT", { "content-length": "0", "x-object-manifest": "%FF/x" })).toBe(201);
    // It leads to a container that does not exist.
    expect(send("GET", {})).toBe(404);
  });

  it("no pattern for the name of a server blocks the service", async () => {
    const things = [{ kind: "network", id: network, owner: "A" as const }];
    await cloud.call("A", "POST", "network", "/subnets", {
      subnet: { network_id: network, ip_version: 4, cidr: "10.9.0.0/24" },
    });
    const [, server] = await cloud.create("A", "server", things);
    await cloud.call("A", "PUT", "compute", `/servers/${server?.id}`, { server: { name: `${"a".repeat(40)}!` } });
    const names = async (pattern: string): Promise<number> => {
      const { body } = await cloud.call("A", "GET", "compute", `/servers?name=${encodeURIComponent(pattern)}`);
      return (body as { servers: unknown[] }).servers.length;
    };
    expect(await names("^(a+)+$")).toBe(0);
    expect(await names("^A+!$")).toBe(1);
    // Nova takes the bar literally.
    expect(await names("zz|aa")).toBe(0);
  });

  it("a pool whose bound exceeds every prefix is refused, and a nearly full one still gives a prefix", async () => {
    const pool = (fields: object): ReturnType<TwoProjectCloud["call"]> =>
      cloud.call("A", "POST", "network", "/subnetpools", {
        subnetpool: { name: "p", prefixes: ["2001:db8::/32"], ...fields },
      });
    expect((await pool({ max_prefixlen: 99_999_999_999 })).status).toBe(400);
    const made = (await pool({ min_prefixlen: 33 })).body as { subnetpool: { id: string } };
    const subnet = (prefixlen: number): ReturnType<TwoProjectCloud["call"]> =>
      cloud.call("A", "POST", "network", "/subnets", {
        subnet: { network_id: network, ip_version: 6, subnetpool_id: made.subnetpool.id, prefixlen },
      });
    expect([(await subnet(33)).status, (await subnet(120)).status]).toEqual([201, 201]);
  });
});

describe("over sockets", () => {
  const served = new Map<string, Served>();
  let cloud: TwoProjectCloud;
  let token: string;

  beforeAll(async () => {
    cloud = await TwoProjectCloud.open({}, 1);
    token = cloud.actors.A?.token ?? "";
    await cloud.call("A", "PUT", "object-store", "/box", "");
    const driver = new VirtualDriver(cloud.kernel);
    for (const [name, service] of Object.entries(cloud.openstack.services) as [string, Service][])
      served.set(name, await serve(service, driver, { host: "127.0.0.1", port: 0 }));
  });
  afterAll(async () => {
    await Promise.all([...served.values()].map((each) => each.close()));
  });

  /** Sends bytes and reads until the server closes. */
  const exchange = (name: string, text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(served.get(name)?.port ?? 0, "127.0.0.1", () => {
        socket.end(text.replaceAll("{token}", token), "latin1");
      });
      let answer = "";
      socket.setEncoding("latin1");
      socket.on("data", (chunk: string) => (answer += chunk));
      socket.once("error", reject);
      socket.once("close", () => resolve(answer));
    });

  const pathOf = (name: string): string => PATHS[name as Name](cloud.projectId("A"));
  const AUTH = "Host: h\r\nX-Auth-Token: {token}\r\nAccept: application/json\r\nConnection: close\r\n";

  it.each<readonly [string, string, string, RegExp]>([
    ["keystone", "FOO", "", /^HTTP\/1\.1 405 .*The method is not allowed/s],
    ["nova", "FOO", "", /^HTTP\/1\.1 404 .*"code":"404 Not Found"/s],
    ["nova", "get", "", /^HTTP\/1\.1 404 /],
    ["cinder", "FOO", "", /^HTTP\/1\.1 404 .*"code":"404 Not Found"/s],
    ["neutron", "FOO", "", /^HTTP\/1\.1 200 .*"networks":\[/s],
    ["glance", "FOO", "", /^HTTP\/1\.1 405 .*not allowed for this resource/s],
    ["designate", "FOO", "", /^HTTP\/1\.1 405 .*method_not_allowed/s],
    ["swift", "get", "", /^HTTP\/1\.1 405 .*The method is not allowed for this resource/s],
    ["keystone", "GET", "/%FF", /^HTTP\/1\.1 403 .*identity:get_user/s],
    ["nova", "GET", "/%FF", /^HTTP\/1\.1 500 .*text\/plain/s],
    ["neutron", "GET", "/%FF", /^HTTP\/1\.1 400 .*HTTPBadRequest/s],
    ["designate", "GET", "/%FF", /^HTTP\/1\.1 400 .*invalid_uuid/s],
    ["swift", "GET", "/%FF", /^HTTP\/1\.1 412 .*Invalid UTF8 or contains NULL/s],
    ["swift", "PUT", "/a%00b", /^HTTP\/1\.1 412 .*Invalid UTF8 or contains NULL/s],
    ["swift", "PUT", "/o", /^HTTP\/1\.1 411 .*Missing Content-Length header/s],
    ["nova", "GET", `/${"x".repeat(9000)}`, /^HTTP\/1\.1 414 /],
    ["nova", "GET", "/a b", /^HTTP\/1\.1 400 Bad request syntax .*Error code: 400/s],
  ])("%s answers %s %s as the real service does", async (name, method, more, expected) => {
    expect(await exchange(name, `${method} ${pathOf(name)}${more} HTTP/1.1\r\n${AUTH}\r\n`)).toMatch(expected);
  });

  it.each<readonly [string, string, string, RegExp]>([
    ["nova", "Content-Type: json", '{"a":1}', /^HTTP\/1\.1 415 .*Unsupported Content-Type/s],
    ["nova", "Content-Type: ", '{"a":1}', /^HTTP\/1\.1 400 .*'server' is a required property/s],
    ["cinder", "Content-Type: ", '{"a":1}', /^HTTP\/1\.1 415 .*Unsupported Content-Type/s],
    ["neutron", "Content-Type: json", '{"a":1}', /^HTTP\/1\.1 400 .*Unable to find 'network'/s],
    ["keystone", "Content-Type: json", '{"a":1}', /^HTTP\/1\.1 40[03] /],
    [
      "designate",
      "Transfer-Encoding: zz\r\nContent-Type: application/json",
      "",
      /^HTTP\/1\.1 400 .*"type":"(?:empty_request_body|invalid_json)"/s,
    ],
  ])("%s answers a POST with %s as the real service does", async (name, header, body, expected) => {
    const length = header.startsWith("Transfer") ? "" : `Content-Length: ${body.length}\r\n`;
    expect(await exchange(name, `POST ${pathOf(name)} HTTP/1.1\r\n${AUTH}${length}${header}\r\n\r\n${body}`)).toMatch(
      expected,
    );
  });

  it.each(["nova", "neutron", "cinder", "glance", "designate", "swift"])(
    "%s answers an invalid length with an empty response",
    async (name) => {
      const answer = await exchange(name, `POST ${pathOf(name)} HTTP/1.1\r\n${AUTH}Content-Length: x\r\n\r\n{}`);
      expect(answer).toBe("HTTP/1.0 400 Bad Request\r\nConnection: close\r\nContent-length: 0\r\n\r\n");
    },
  );

  it.each<readonly [string, RegExp]>([
    ["nova", /^HTTP\/1\.1 500 .*computeFault/s],
    ["neutron", /^HTTP\/1\.1 500 .*HTTPInternalServerError/s],
    ["designate", /^HTTP\/1\.1 500 .*"type":"unknown"/s],
  ])("%s answers a body that ends early in its own envelope", async (name, expected) => {
    const answer = await exchange(
      name,
      `POST ${pathOf(name)} HTTP/1.1\r\n${AUTH}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{}`,
    );
    expect(answer).toMatch(expected);
  });

  it.each<readonly [string, string, RegExp]>([
    ["nova", "", /^HTTP\/1\.1 400 .*None is not of type 'object'/s],
    ["neutron", "", /^HTTP\/1\.1 400 .*Unable to find 'network'/s],
    ["glance", "", /^HTTP\/1\.1 400 .*Body expected in request/s],
    ["nova", "Transfer-Encoding: zz\r\n", /^HTTP\/1\.1 400 .*None is not of type 'object'/s],
    ["glance", "Transfer-Encoding: zz\r\n", /^HTTP\/1\.1 400 .*Body expected in request/s],
    ["swift", "Transfer-Encoding: zz\r\n", /^HTTP\/1\.1 400 .*Invalid Transfer-Encoding header value/s],
  ])("%s reads no body without a length (%j)", async (name, fields, expected) => {
    const [method, path] = name === "swift" ? ["PUT", "/o"] : ["POST", ""];
    const type = "Content-Type: application/json\r\n";
    expect(
      await exchange(name, `${method} ${pathOf(name)}${path} HTTP/1.1\r\n${AUTH}${type}${fields}\r\n{"a":1}`),
    ).toMatch(expected);
  });

  it("bytes that are not HTTP never reveal the framework", async () => {
    for (const name of NAMES)
      expect(await exchange(name, "\x16\x03\x01\x00\x05hello\r\n\r\n")).toMatch(/Error code: 400/);
  });
});
