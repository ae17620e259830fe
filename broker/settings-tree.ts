import Type, { type Static } from "typebox";
import { BROKER_ROLES } from "./config.ts";
import { MaintenanceSchema } from "./spi/maintenance.ts";
import { SERVICE_NAMES } from "./spi/services/services.ts";

const Text = Type.String({ minLength: 1 });
const Login = Type.Object({ username: Text, password: Text });
const Count = Type.Integer({ minimum: 0 });
const Url = Type.String({ pattern: "^https?://." });

/** Shorter leases would end while a database is merely slow. */
const LEASE_MS_MIN = 1_000;
const LEASE_MS_MAX = 600_000;

/** The schema of a settings file with the environment on top of it. */
export const SettingsTree = Type.Object(
  {
    service: Type.Enum([...SERVICE_NAMES]),
    listen: Type.Optional(Text),
    credentials: Login,
    admin: Login,
    director: Type.Object({ url: Url, client: Text, clientSecret: Text, uaaUrl: Type.Optional(Url) }),
    openstack: Type.Object({ authUrl: Url, username: Text, password: Text, project: Text }),
    consul: Type.Optional(Type.Object({ url: Url, follow: Type.Optional(Type.Boolean()) })),
    domain: Type.Optional(Text),
    address: Type.Optional(Type.Object({ name: Text, ip: Text, port: Type.Integer() })),
    encryptionKey: Text,
    readingKeys: Type.Optional(Type.Array(Text)),
    applicationCidrs: Type.Array(Text),
    applicationNetworks: Type.Optional(
      Type.Array(
        Type.Object(
          {
            application: Type.Optional(Text),
            space: Type.Optional(Text),
            organization: Type.Optional(Text),
            cidrs: Type.Array(Text, { minItems: 1 }),
          },
          { additionalProperties: false },
        ),
      ),
    ),
    managementCidrs: Type.Optional(Type.Array(Text, { minItems: 1 })),
    backups: Type.Optional(
      Type.Object(
        {
          daysAfterDeprovision: Type.Optional(Type.Number({ minimum: 0, maximum: 3650 })),
          downloads: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
    ),
    catalog: Type.Optional(
      Type.Object(
        {
          versions: Type.Optional(Type.Array(Text, { minItems: 1 })),
          plans: Type.Optional(Type.Array(Text, { minItems: 1 })),
        },
        { additionalProperties: false },
      ),
    ),
    dashboard: Type.Optional(
      Type.Object(
        {
          url: Url,
          apiUrl: Url,
          clientSecret: Type.String({ minLength: 32 }),
          checkupMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
        },
        { additionalProperties: false },
      ),
    ),
    maintenance: Type.Optional(MaintenanceSchema),
    quotas: Type.Optional(
      Type.Object(
        {
          broker: Type.Optional(Count),
          services: Type.Optional(Type.Record(Type.String(), Count)),
          plans: Type.Optional(Type.Record(Type.String(), Count)),
        },
        { additionalProperties: false },
      ),
    ),
    roles: Type.Optional(Type.Array(Type.Enum([...BROKER_ROLES]), { minItems: 1, uniqueItems: true })),
    pace: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    leaseMs: Type.Optional(Type.Integer({ minimum: LEASE_MS_MIN, maximum: LEASE_MS_MAX })),
    tracesUrl: Type.Optional(Url),
    tls: Type.Optional(Type.Object({ cert: Text, key: Text })),
    databaseUrl: Type.Optional(Type.String({ pattern: "^postgres(ql)?://." })),
    caCert: Type.Optional(Text),
  },
  { additionalProperties: false },
);
/** A settings file with the environment on top of it. */
export type SettingsTree = Static<typeof SettingsTree>;
