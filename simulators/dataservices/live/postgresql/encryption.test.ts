import { execFile } from "node:child_process";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import pg from "pg";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DATABASE, PASSWORD, USER } from "../testing/rig.ts";
import { whyNoServer } from "./binaries.ts";
import { PostgresqlRig } from "./testing/rig.ts";

const whyNot = await whyNoServer();
if (whyNot !== undefined) process.stderr.write(`skipped: TLS to a real server: ${whyNot}\n`);
const run = promisify(execFile);
const hasPsql = await run("psql", ["--version"]).then(
  () => true,
  () => false,
);

const NAME = "d1-pg-0.node.dc1.consul";
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

describe.skipIf(whyNot !== undefined)("an instance of a plan with TLS", () => {
  let rig: PostgresqlRig;
  let ca: string;

  const login = (ssl: pg.ClientConfig["ssl"]): pg.ClientConfig => ({
    host: rig.address,
    port: rig.port,
    user: USER,
    password: PASSWORD,
    database: DATABASE,
    ssl,
  });
  const using = async <T>(ssl: pg.ClientConfig["ssl"], work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client(login(ssl));
    client.on("error", () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  const dial = async (): Promise<Socket> => {
    const socket = connect(rig.port, rig.address);
    await new Promise((resolve) => socket.once("connect", resolve));
    return socket;
  };
  const answerTo = async (socket: Socket, ...sent: readonly Buffer[]): Promise<Buffer | "end"> => {
    for (const each of sent) socket.write(each);
    return new Promise((resolve) => {
      socket.once("data", resolve);
      socket.once("end", () => resolve("end"));
      socket.once("error", () => resolve("end"));
      socket.once("close", () => resolve("end"));
    });
  };

  beforeAll(async () => {
    const authority = await generate([{ name: "commonName", value: "test CA" }], {
      extensions: [{ name: "basicConstraints", cA: true, critical: true }],
    });
    const own = await generate([{ name: "commonName", value: NAME }], {
      ca: { key: authority.private, cert: authority.cert },
      extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "*.node.dc1.consul" }] }],
    });
    ca = authority.cert;
    rig = await PostgresqlRig.open({ tls: { certificate: own.cert, private_key: own.private } });
  });
  afterAll(async () => {
    await rig?.close();
  });

  it("serves a client that verifies the certificate and the name of the node", async () => {
    const encrypted = await using(
      { ca, servername: NAME },
      async (client) => (await client.query("SELECT 1 AS x")).rows,
    );
    expect(encrypted).toEqual([{ x: 1 }]);
    await expect(using({ ca, servername: "other.example" }, async () => undefined)).rejects.toThrow(/altnames/);
    await expect(using({ servername: NAME }, async () => undefined)).rejects.toThrow(/certificate/);
  });

  it("refuses clients that go on without encryption, in PostgreSQL's own words", async () => {
    await expect(using(false, async () => undefined)).rejects.toMatchObject({
      code: "28000",
      message: expect.stringContaining("no encryption") as string,
    });
  });

  it("refuses a wrong password over TLS as without it, and admits the right one on this instance alone", async () => {
    const client = new pg.Client({ ...login({ ca, servername: NAME }), password: "wrong" });
    await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
  });

  it("accepts a client that starts with TLS", async () => {
    const socket = connectTls({
      host: rig.address,
      port: rig.port,
      ca,
      servername: NAME,
      ALPNProtocols: ["postgresql"],
    });
    await new Promise((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
    });
    expect(socket.alpnProtocol).toBe("postgresql");
    socket.destroy();
  });

  it("ends a connection if clear text follows the request for TLS", async () => {
    const socket = await dial();
    expect(await answerTo(socket, Buffer.concat([SSL_REQUEST, Buffer.from("Q")]))).toBe("end");
    const honest = await dial();
    expect(String(await answerTo(honest, SSL_REQUEST))).toBe("S");
    honest.destroy();
  });

  it.skipIf(!hasPsql)("satisfies psql", async () => {
    const { stdout } = await run("psql", [
      `postgres://${USER}:${PASSWORD}@${rig.address}:${rig.port}/${DATABASE}?sslmode=require`,
      "-Atc",
      "SELECT 'encrypted'",
    ]);
    expect(stdout.trim()).toBe("encrypted");
  });
});

describe.skipIf(whyNot !== undefined)("an instance of a plan without TLS", () => {
  it("reports that it has no TLS, and serves without encryption", async () => {
    const rig = await PostgresqlRig.open();
    try {
      const socket = connect(rig.port, rig.address);
      socket.write(SSL_REQUEST);
      expect(String(await new Promise((resolve) => socket.once("data", resolve)))).toBe("N");
      socket.destroy();
    } finally {
      await rig.close();
    }
  });
});
