import {
  type Address,
  DataError,
  type DataPlane,
  type DataSession,
  type Extra,
  type TableRow,
  type TableRows,
  socketPlane,
  type Statement,
  type Vantage,
} from "../../conformance/index.ts";
import { AGENT_PORT } from "../../simulators/addresses.ts";
import type { World } from "../../simulators/world.ts";
import { findPrimary } from "./operator/place.ts";

/** An address of loopback that no binding admits. */
const OUTSIDER = "127.0.0.2";

type Session = ReturnType<World["dataservices"]["session"]>;

/** The fault that a client sees, by the code of the virtual data plane's refusal. */
const FAULTS: Readonly<Record<string, DataError["fault"]>> = {
  DS_REFUSED: "unreachable",
  DS_RESET: "unreachable",
  DS_WRONG_PASSWORD: "denied",
  DS_NOT_YOUR_DATABASE: "denied",
  DS_SESSION_ENDED: "lost",
};

function translateRefusals<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new DataError(FAULTS[error.code] ?? "failed", error.message, error.sqlstate, { cause: error });
  }
}

function isRefusal(error: unknown): error is Error & { readonly code: string; readonly sqlstate: string | undefined } {
  return error instanceof Error && error.name === "DataServiceError";
}

function put(session: Session, { table, rows }: Extract<Statement, { do: "insert" }>): TableRows {
  for (const row of rows) {
    const values = table.columns.map(({ name }, at) => [name, row[at] ?? null] as const);
    session.put(table.name, String(row[0]), Object.fromEntries(values));
  }
  return [];
}

/** The second columns of two rows; the plane does one thing at a time, so nobody sees it half done. */
function transfer(session: Session, { from, to, amount }: Extract<Statement, { do: "transfer" }>): TableRows {
  for (const [{ table, key }, change] of [
    [from, -amount],
    [to, amount],
  ] as const) {
    const row = session.get(table.name, key);
    const column = table.columns[1]?.name ?? "";
    session.put(table.name, key, { ...row, [column]: String(Number(row?.[column] ?? 0) + change) });
  }
  return [];
}

function rowsOf(session: Session, { table }: Extract<Statement, { do: "rows" }>): TableRows {
  return session.read(table.name).map(
    ([, row]): TableRow =>
      table.columns.map(({ name }) => {
        const value = row[name];
        return typeof value === "string" ? value : null;
      }),
  );
}

/** The virtual data plane has tables of rows, and sequences, both of which are created on first use. It has no transactions. */
function perform(session: Session, statement: Statement): TableRows {
  switch (statement.do) {
    case "create-table":
    case "create-sequence":
    case "columns":
    case "begin":
      return [];
    case "drop-table":
      session.drop(statement.table);
      return [];
    case "insert":
      return put(session, statement);
    case "update": {
      const { table, key, column, value } = statement;
      session.put(table.name, key, { ...session.get(table.name, key), [column.name]: value });
      return [];
    }
    case "delete":
      session.remove(statement.table.name, statement.key);
      return [];
    case "transfer":
      return transfer(session, statement);
    case "next":
      return [[String(session.next(statement.sequence))]];
    case "tables":
      return session.tables().map((name) => [name]);
    case "rows":
      return rowsOf(session, statement);
    case "create-index":
    case "create-view":
    case "create-type":
    case "native":
    case "grant":
    case "objects":
      throw new DataError("failed", `${statement.do} is not simulated on the virtual data plane`);
  }
}

const NO_EXTRAS: ReadonlySet<Extra> = new Set();

function sessionOver(session: Session): DataSession {
  return {
    extras: NO_EXTRAS,
    run: async (statement) => translateRefusals(() => perform(session, statement)),
    close: async () => session.close(),
  };
}

/** Finds the primary of an instance. */
function locatorOf(world: World): (instanceId: string) => Promise<Address | undefined> {
  return async (instanceId) => {
    const primary = await findPrimary(world, instanceId);
    return primary && { host: primary.address, port: primary.port };
  };
}

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host);

function resolveHost(world: World, host: string): string {
  const address = isAddress(host) ? host : world.names.resolve(host);
  if (address === undefined) throw new DataError("unreachable", `${host} has no address`);
  return address;
}

/** The way to the data services of a world without sockets, for `certify`: the world's DNS resolves names, its virtual data plane opens sessions. */
export function virtualDataPlane(world: World): DataPlane {
  const sourceOf = (from: Vantage): string => {
    if (typeof from === "object") return resolveHost(world, from.vmOf);
    return from === "outsider" ? OUTSIDER : world.plan.applications;
  };
  return {
    hasOutsider: true,
    hasTenantVm: true,
    platformPorts: [AGENT_PORT],
    resolve: async (host) => resolveHost(world, host),
    connect: async (login, from) => {
      const address = resolveHost(world, login.host);
      return sessionOver(
        translateRefusals(() => world.dataservices.session(sourceOf(from), address, login.port, login)),
      );
    },
    reach: async ({ host, port }, from) => {
      const send = world.net.fetchFrom(sourceOf(from));
      const url = `http://${resolveHost(world, host)}:${port}/`;
      return send(url).then(
        () => "open",
        () => "shut",
      );
    },
    locate: locatorOf(world),
  };
}

/** The way to the data services of a cloud on sockets: its DNS resolves names, real clients connect from the address of applications. */
export function liveDataPlane(world: World): DataPlane {
  return socketPlane({
    resolve: async (host) => world.names.resolve(host),
    source: world.plan.applications,
    outsider: OUTSIDER,
    // The address of each VM belongs to this machine.
    tenant: "instance",
    platformPorts: [AGENT_PORT],
    locate: locatorOf(world),
  });
}
