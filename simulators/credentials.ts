import { type AddressPlan, DIRECTOR_PORT, OPENSTACK_PORTS, UAA_PORT } from "./addresses.ts";
import type { DirectorUser, UaaOptions } from "./bosh/index.ts";
import type { Kernel } from "./kernel/index.ts";

/** The logins to the parts of the cloud. */
export interface Credentials {
  readonly openstackAdmin: {
    readonly authUrl: string;
    readonly username: string;
    readonly password: string;
    readonly project: string;
  };
  /** The platform's own project, as the director's CPI uses it. */
  readonly cpi: { readonly username: string; readonly password: string; readonly project: string };
  readonly director: {
    readonly url: string;
    readonly client: string;
    readonly clientSecret: string;
    readonly uaaUrl?: string;
  };
}

/** 128 bits. */
const PASSWORD_DIGITS = 32;

const secret = (kernel: Kernel): string => kernel.secrets("credentials").hex(PASSWORD_DIGITS);

const SCOPES = ["bosh.admin"];

/** The passwords of a cloud, drawn from its secrets. */
export function credentialsOf(kernel: Kernel, plan: AddressPlan, withUaa: boolean): Credentials {
  return {
    openstackAdmin: {
      authUrl: `http://${plan.controller}:${OPENSTACK_PORTS.keystone}/v3`,
      username: "admin",
      password: secret(kernel),
      project: "admin",
    },
    cpi: { username: "bosh", password: secret(kernel), project: "platform" },
    director: {
      url: `https://${plan.director}:${DIRECTOR_PORT}`,
      client: "admin",
      clientSecret: secret(kernel),
      ...(withUaa && { uaaUrl: `https://${plan.director}:${UAA_PORT}` }),
    },
  };
}

/** Who may log in to the director, and how: by UAA where it has keys. */
export function login(
  credentials: Credentials,
  signing: { readonly privateKey: string; readonly publicKey: string } | undefined,
  others: readonly DirectorUser[],
): { readonly users: readonly DirectorUser[]; readonly uaa?: UaaOptions } {
  const { client, clientSecret, uaaUrl } = credentials.director;
  const user = { name: client, password: clientSecret, scopes: SCOPES };
  if (signing === undefined || uaaUrl === undefined) return { users: [user, ...others] };
  return {
    users: [],
    uaa: {
      url: uaaUrl,
      ...signing,
      clients: [
        { id: client, secret: clientSecret, scopes: SCOPES },
        ...others.map(({ name, password, scopes }) => ({ id: name, secret: password, scopes })),
      ],
      users: [user, ...others],
    },
  };
}
