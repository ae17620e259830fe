import { isObject } from "../../simulators/kernel/index.ts";

/** The first administrator of the clouds that clients are tried on. */
export const ADMIN = { user: "admin", password: "secret", project: "admin" } as const;

/** The resources that the clients' own tests expect in a cloud, as an installation for developers leaves them. */
export interface Furniture {
  readonly image: string;
  readonly otherImage: string;
  readonly flavor: string;
  readonly otherFlavor: string;
  /** One with a disk of its own for what servers need only while they live. */
  readonly ephemeralFlavor: string;
  /** The external network. */
  readonly externalNetwork: string;
  /** A network of the administrator's project, with a subnet behind the router. */
  readonly network: string;
  readonly router: string;
}

/** Users beside the administrator: name, project. Their password is the administrator's. */
export const USERS = [
  { user: "demo", project: "demo" },
  { user: "alt_demo", project: "alt_demo" },
] as const;

/** An object in an answer of the API. */
type Answer = Readonly<Record<string, unknown>>;

/** The objects in a list of an answer. */
export const listIn = (answer: unknown, name: string): readonly Answer[] => {
  const list: unknown = isObject(answer) ? answer[name] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : [];
};

const memberIn = (answer: unknown, name: string): Answer => {
  const member: unknown = isObject(answer) ? answer[name] : undefined;
  return isObject(member) ? member : {};
};

const IMAGE_BYTES = 4096;

/** One session of the administrator. */
export class Session {
  readonly #token: string;
  readonly #roots: ReadonlyMap<string, string>;

  private constructor(token: string, roots: ReadonlyMap<string, string>) {
    this.#token = token;
    this.#roots = roots;
  }

  static async open(authUrl: string): Promise<Session> {
    const domain = { id: "default" };
    const password = { user: { name: ADMIN.user, domain, password: ADMIN.password } };
    const scope = { project: { name: ADMIN.project, domain } };
    const body = JSON.stringify({ auth: { identity: { methods: ["password"], password }, scope } });
    const reply = await fetch(`${authUrl}/auth/tokens`, { method: "POST", body, headers: JSON_TYPE });
    const token = memberIn(await reply.json(), "token");
    const roots = listIn(token, "catalog").map((service) => {
      const type = String(service.type);
      const url = String(listIn(service, "endpoints").find((each) => each.interface === "public")?.url);
      return [type, type === "network" ? `${url}/v2.0` : type === "image" ? `${url}/v2` : url] as const;
    });
    return new Session(reply.headers.get("x-subject-token") ?? "", new Map(roots));
  }

  async call(
    type: string,
    method: string,
    path: string,
    body?: unknown,
    contentType = "application/json",
  ): Promise<unknown> {
    const root = this.#roots.get(type);
    const headers = { "x-auth-token": this.#token, "content-type": contentType };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const reply = await fetch(`${root}${path}`, { method, headers, ...(body !== undefined && { body: text }) });
    const answer = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${type} ${path}: ${reply.status} ${answer}`);
    return answer.startsWith("{") ? JSON.parse(answer) : {};
  }

  /** Creates a thing, and returns its id. */
  async create(type: string, path: string, key: string, wish: object): Promise<string> {
    const answer = await this.call(type, "POST", path, { [key]: wish });
    return String(memberIn(answer, key).id);
  }
}

const JSON_TYPE = { "content-type": "application/json" };

/** Creates images, flavors, networks and users in an empty cloud. */
export async function furnish(authUrl: string): Promise<Furniture> {
  const session = await Session.open(authUrl);
  await createUsers(session);
  const [image = "", otherImage = ""] = await createImages(session);
  const flavors = await createFlavors(session);
  return { image, otherImage, ...flavors, ...(await createNetworks(session)) };
}

async function createUsers(session: Session): Promise<void> {
  const roles = listIn(await session.call("identity", "GET", "/roles"), "roles");
  const projects = listIn(await session.call("identity", "GET", "/projects"), "projects");
  const known = new Map(projects.map(({ id, name }) => [name, String(id)]));
  for (const { user, project } of USERS) {
    const projectId =
      known.get(project) ?? (await session.create("identity", "/projects", "project", { name: project }));
    const wish = { name: user, password: ADMIN.password, default_project_id: projectId };
    const userId = await session.create("identity", "/users", "user", wish);
    for (const { id, name } of roles)
      if (name === "member" || name === "reader")
        await session.call("identity", "PUT", `/projects/${projectId}/users/${userId}/roles/${String(id)}`);
  }
  const admin = roles.find(({ name }) => name === "admin");
  const users = listIn(await session.call("identity", "GET", `/users?name=${ADMIN.user}`), "users");
  await session.call("identity", "PUT", `/system/users/${String(users[0]?.id)}/roles/${String(admin?.id)}`);
}

async function createImages(session: Session): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of ["cirros-0.6.3-x86_64-disk", "cirros-0.6.3-x86_64-disk_alt"]) {
    const wish = { name, disk_format: "qcow2", container_format: "bare", visibility: "public" };
    const image = await session.call("image", "POST", "/images", wish);
    const id = isObject(image) ? String(image.id) : "";
    await session.call("image", "PUT", `/images/${id}/file`, "x".repeat(IMAGE_BYTES), "application/octet-stream");
    ids.push(id);
  }
  return ids;
}

async function createFlavors(session: Session): Promise<Pick<Furniture, "flavor" | "otherFlavor" | "ephemeralFlavor">> {
  const flavors = [
    { name: "m1.tiny", ram: 512, vcpus: 1, disk: 1, id: "1" },
    { name: "m1.small", ram: 2048, vcpus: 1, disk: 20, id: "2" },
    { name: "m1.nano", ram: 192, vcpus: 1, disk: 1, id: "42" },
    { name: "m1.micro", ram: 256, vcpus: 1, disk: 1, id: "84" },
    { name: "m1.acctest", ram: 512, vcpus: 1, disk: 10, "OS-FLV-EXT-DATA:ephemeral": 10, id: "99" },
  ];
  for (const wish of flavors) await session.create("compute", "/flavors", "flavor", wish);
  return { flavor: "42", otherFlavor: "84", ephemeralFlavor: "99" };
}

async function createNetworks(session: Session): Promise<Pick<Furniture, "externalNetwork" | "network" | "router">> {
  const externalNetwork = await session.create("network", "/networks", "network", {
    name: "public",
    "router:external": true,
    is_default: true,
  });
  await session.create("network", "/subnets", "subnet", {
    name: "public-subnet",
    network_id: externalNetwork,
    ip_version: 4,
    cidr: "172.24.4.0/24",
    enable_dhcp: false,
  });
  const { network, router } = await createPrivate(session, externalNetwork, "private", "10.1.0.0/20");
  const projects = listIn(await session.call("identity", "GET", "/projects"), "projects");
  for (const [at, { project }] of USERS.entries()) {
    const id = String(projects.find(({ name }) => name === project)?.id);
    await createPrivate(session, externalNetwork, `private-${project}`, `10.${at + 2}.0.0/20`, { project_id: id });
  }
  for (const version of [4, 6])
    await session.create("network", "/subnetpools", "subnetpool", {
      name: `shared-default-subnetpool-v${version}`,
      prefixes: [version === 4 ? "10.0.0.0/22" : "fd00:1::/56"],
      default_prefixlen: version === 4 ? 26 : 64,
      shared: true,
      is_default: true,
    });
  return { externalNetwork, network, router };
}

/** A network behind a router to the outside: the only one that its project has. */
async function createPrivate(
  session: Session,
  externalNetwork: string,
  name: string,
  cidr: string,
  owner: { readonly project_id?: string } = {},
): Promise<{ readonly network: string; readonly router: string }> {
  const network = await session.create("network", "/networks", "network", { ...owner, name });
  const subnet = await session.create("network", "/subnets", "subnet", {
    ...owner,
    name: `${name}-subnet`,
    network_id: network,
    ip_version: 4,
    cidr,
  });
  const router = await session.create("network", "/routers", "router", {
    ...owner,
    name: `${name}-router`,
    external_gateway_info: { network_id: externalNetwork },
  });
  await session.call("network", "PUT", `/routers/${router}/add_router_interface`, { subnet_id: subnet });
  return { network, router };
}
