import { TargetError } from "./errors/target-error.ts";

/** The address of the broker, and the credentials. */
export interface Target {
  /** With the base path, without a slash at the end. */
  readonly url: string;
  readonly auth: Auth;
  /** PEM. */
  readonly ca?: string;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
}

type Auth =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string }
  | { readonly kind: "none" };

/** A target as a user gives it. */
export interface TargetOptions {
  /** May contain `user:password@`, which counts if `username` is not given. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly ca?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function authOf(options: TargetOptions, url: URL): Auth {
  if (options.bearerToken !== undefined) return { kind: "bearer", token: options.bearerToken };
  const username = options.username ?? decodeURIComponent(url.username);
  const password = options.password ?? decodeURIComponent(url.password);
  return username === "" && password === "" ? { kind: "none" } : { kind: "basic", username, password };
}

/** Parses a user's input. @throws TargetError bad-url */
export function parseTarget(options: TargetOptions): Target {
  const url = URL.parse(options.url);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TargetError("bad-url", `Not a URL: "${options.url}"`);
  return {
    url: `${url.origin}${url.pathname}`.replace(/\/+$/, ""),
    auth: authOf(options, url),
    headers: options.headers ?? {},
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  };
}

/** The secrets of a target, which must be redacted wherever they occur. */
export function secretsOf({ auth }: Target): readonly string[] {
  const header = authorizationOf(auth)?.split(" ")[1];
  const secret = auth.kind === "basic" ? auth.password : auth.kind === "bearer" ? auth.token : undefined;
  return [header, secret].filter((each) => each !== undefined).filter((each) => each !== "");
}

/** The value of an Authorization header for a name and a password. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** The value of the Authorization header, if the target wants one. */
export function authorizationOf(auth: Auth): string | undefined {
  if (auth.kind === "none") return undefined;
  if (auth.kind === "bearer") return `Bearer ${auth.token}`;
  return basicHeader(auth.username, auth.password);
}
