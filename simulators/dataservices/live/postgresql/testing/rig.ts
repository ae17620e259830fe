import pg from "pg";
import { DATABASE, LiveRig, PASSWORD, USER } from "../../testing/rig.ts";

/** One real PostgreSQL behind its agent, reached as a broker and an application reach it. */
export class PostgresqlRig extends LiveRig {
  /** @param properties further properties of the job */
  static open(properties: Readonly<Record<string, unknown>> = {}): Promise<PostgresqlRig> {
    const service = { kind: "postgresql", port: 5432, parameters: { max_connections: 20, ...properties } } as const;
    return LiveRig.openAs((...parts) => new PostgresqlRig(...parts), service);
  }

  /** A session of the tenant. */
  async connect(): Promise<pg.Client> {
    const address = { host: this.address, port: this.port, ssl: false };
    const client = new pg.Client({ ...address, user: USER, password: PASSWORD, database: DATABASE });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  async using<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}
