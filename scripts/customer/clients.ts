import { Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import pg from "pg";
import Type, { type Static } from "typebox";

/** The keys of a binding that a client needs, of any service. */
export const Credentials = Type.Object({
  host: Type.String(),
  port: Type.Integer(),
  username: Type.String(),
  password: Type.String(),
  uri: Type.String(),
  name: Type.Optional(Type.String()),
  cacrt: Type.Optional(Type.String()),
});
export type Credentials = Static<typeof Credentials>;

/** How the machine of an application reaches the cloud. */
export interface Network {
  /** The address from which it connects. */
  readonly localAddress: string;
  /** Looks a name up in the cloud's DNS. @throws Error for a name that does not resolve */
  readonly resolve: (name: string) => string;
}

/** An application's work with its data service, through the official client of that service. */
export interface Session {
  write(key: string, value: string): Promise<void>;
  read(key: string): Promise<string | undefined>;
  /** Deletes all data, as if by mistake. */
  lose(): Promise<void>;
  end(): Promise<void>;
}

const CONNECT_MS_MAX = 10_000;

/** A socket from the application's address. */
function socketFrom(localAddress: string): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  return Object.assign(socket, { connect: (port: number, host: string) => connect({ port, host, localAddress }) });
}

async function openPostgresql(given: Credentials, { localAddress, resolve }: Network): Promise<Session> {
  const { host, port, username: user, password, name: database, cacrt: ca } = given;
  const client = new pg.Client({
    host: resolve(host),
    port,
    user,
    password,
    ...(database !== undefined && { database }),
    ssl: ca === undefined ? false : { ca, servername: host },
    stream: () => socketFrom(localAddress),
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: CONNECT_MS_MAX,
  });
  client.on("error", () => {});
  await client.connect();
  await client.query("create table if not exists walk (key text primary key, value text)");
  return {
    write: async (key, value) =>
      void (await client.query("insert into walk values ($1, $2) on conflict (key) do update set value = $2", [
        key,
        value,
      ])),
    read: async (key) =>
      (await client.query<{ value: string }>("select value from walk where key = $1", [key])).rows[0]?.value,
    lose: async () => void (await client.query("delete from walk")),
    end: () => client.end(),
  };
}

async function openRedis(given: Credentials, { localAddress, resolve }: Network): Promise<Session> {
  const { host, port, username, password, cacrt: ca } = given;
  const options = { host: resolve(host), port, username, password, localAddress, connectTimeout: CONNECT_MS_MAX };
  const tls = ca === undefined ? {} : { tls: { ca, servername: host, localAddress } };
  const client = new Redis({
    ...options,
    ...tls,
    lazyConnect: true,
    retryStrategy: () => null,
    commandTimeout: CONNECT_MS_MAX,
  });
  client.on("error", () => {});
  await client.connect();
  return {
    // A write that no replica has confirmed may be lost with its primary; a single instance has no replica to confirm it.
    write: async (key, value) => {
      await client.set(key, value);
      await client.wait(1, 1000);
    },
    read: async (key) => (await client.get(key)) ?? undefined,
    lose: async () => void (await client.del(await client.keys("*"))),
    end: async () => client.disconnect(),
  };
}

async function openMongodb({ uri, cacrt: ca }: Credentials, { localAddress, resolve }: Network): Promise<Session> {
  const client = new MongoClient(uri, {
    localAddress,
    lookup: (host, options, done) => {
      const address = resolve(host);
      return options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
    },
    serverSelectionTimeoutMS: CONNECT_MS_MAX,
    ...(ca !== undefined && { secureContext: createSecureContext({ ca }) }),
  });
  await client.connect();
  const walk = client.db().collection<{ _id: string; value: string }>("walk");
  return {
    write: async (key, value) => void (await walk.updateOne({ _id: key }, { $set: { value } }, { upsert: true })),
    read: async (key) => (await walk.findOne({ _id: key }))?.value,
    lose: async () => void (await walk.deleteMany({})),
    end: () => client.close(),
  };
}

/** Clients by service. */
export const CLIENTS: Readonly<Record<string, (given: Credentials, network: Network) => Promise<Session>>> = {
  postgresql: openPostgresql,
  redis: openRedis,
  mongodb: openMongodb,
};
