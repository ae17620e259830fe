import type { DataClient } from "./engines.ts";
import type { TableRows, Statement } from "./statement.ts";

export type { DataClient } from "./engines.ts";

/** The means to log in to a data service, from the credentials of a binding. */
export interface Login {
  readonly client: DataClient;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly database: string;
  /** Absent: without TLS. */
  readonly tls?: Tls;
}

/** How a connection is secured. */
export interface Tls {
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string;
  /** Whether a certificate that cannot be verified is refused. */
  readonly isVerified: boolean;
}

/** The VM on which another tenant's instance runs; `vmOf` is the host name that its binding gives. */
export interface TenantVm {
  readonly vmOf: string;
}

/** Where a connection comes from: an application that a binding admits, a host that no binding admits, or another tenant's VM. */
export type Vantage = "application" | "outsider" | TenantVm;

/** A host, by name or IP address, and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The result of connecting to a port: not accepted, answered, or accepted without an answer. */
export type Reach = "shut" | "open" | "silent";

/** The certificate of a server, as it shows it in the TLS handshake. */
export interface ServerCertificate {
  /** Its host names and addresses, as the certificate spells them: `*.example.com`. */
  readonly names: readonly string[];
  /** SHA-256 of its public key, in hexadecimal. */
  readonly key: string;
}

/** An HTTP request to something other than the broker, from a vantage. */
export interface WebRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: string;
}

/** The answer to such a request. */
export interface WebAnswer {
  readonly status: number;
  readonly text: string;
}

/** The way to the data services behind a broker: real sockets, or a data plane in the same process. */
export interface DataPlane {
  /** The engines for which there is a client. Default: PostgreSQL, Redis and MongoDB. */
  readonly clients?: ReadonlySet<DataClient>;
  /** A second place to connect from, which no binding admits. */
  readonly hasOutsider: boolean;
  /** Whether connections can come from another tenant's VM. */
  readonly hasTenantVm: boolean;
  /** Ports of an instance's VM that the platform keeps for itself, such as those of its agents. Only an operator knows them. */
  readonly platformPorts: readonly number[];
  /** The addresses of the management plane, as its operator names them. */
  readonly management?: readonly Address[];
  /** The address that a host name leads to. @throws DataError unreachable */
  resolve(host: string): Promise<string>;
  /** Logs in. @throws DataError unreachable, denied, failed, nowhere */
  connect(login: Login, from: Vantage): Promise<DataSession>;
  /** Tries a port without any particular client. @throws DataError nowhere; unreachable if the host has no address */
  reach(address: Address, from: Vantage): Promise<Reach>;
  /**
   * The certificate of a service; undefined if it uses no TLS. Absent if certificates can't be seen.
   * @throws DataError as `reach`
   */
  certificate?(login: Login, from: Vantage): Promise<ServerCertificate | undefined>;
  /**
   * The names of a zone that the name server reveals in a transfer (AXFR); empty if it refuses.
   * @throws DataError unreachable
   */
  transferZone?(zone: string, from: Vantage): Promise<readonly string[]>;
  /**
   * Sends a request to the registry of names and the like. Absent if that is impossible.
   * @throws DataError unreachable, nowhere
   */
  ask?(request: WebRequest, from: Vantage): Promise<WebAnswer>;
  /**
   * The address of an instance before it has a binding. Only an operator knows it: absent on other people's
   * platforms, and undefined for an instance that is not found.
   */
  locate?(instanceId: string): Promise<Address | undefined>;
}

/**
 * Things that an engine can hold besides tables, rows and sequences, so that a session can create and read
 * them. `native`: it takes statements in its own dialect.
 */
export type Extra = "index" | "view" | "grant" | "type" | "native";

/** A session of one user on one instance. */
export interface DataSession {
  readonly extras: ReadonlySet<Extra>;
  /** The server's own name and version; undefined if it does not reveal them. */
  readonly server?: string | undefined;
  /** A statement in the engine's own dialect, for evidence. Default: PostgreSQL's. */
  describe?(statement: Statement): string;
  /** @throws DataError failed, lost */
  run(statement: Statement): Promise<TableRows>;
  close(): Promise<void>;
}

/**
 * The reason why there was no session, or no rows. `unreachable`: no answer (refused, reset, timed out,
 * unknown name). `denied`: the server answered and refused the login. `failed`: the server refused a
 * statement, or is out of order (without a code: it accepts connections and stays silent). `lost`: the
 * session ended. `nowhere`: connecting from the vantage is impossible, so nothing was seen.
 */
export type DataFault = "unreachable" | "denied" | "failed" | "lost" | "nowhere";

/** Code of the fault "the host name has no address". */
export const NO_NAME = "ENOTFOUND";

/** There was no session, or no rows; `fault` says why. The message is cut to 300 characters. */
export class DataError extends Error {
  readonly fault: DataFault;
  /** SQLSTATE or similar, if the server gave one. */
  readonly code: string | undefined;
  constructor(fault: DataFault, message: string, code?: string, options?: ErrorOptions) {
    super(message.replaceAll(/\s+/g, " ").slice(0, 300), options);
    this.name = "DataError";
    this.fault = fault;
    this.code = code;
  }
}
