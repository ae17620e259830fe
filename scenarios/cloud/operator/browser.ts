import type { Environment } from "../../../simulators/environment.ts";

/** The page that a browser shows. */
export interface Shown {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

const REDIRECTS_MAX = 10;

/** As much of a browser as logins need: cookies by origin, redirects, forms. Everything that it sent can be inspected. */
export class FormBrowser {
  readonly visited: string[] = [];
  readonly #environment: Environment;
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The cookies that it holds for an origin, as a header. */
  cookies(origin: string): string {
    return [...(this.#cookies.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Another one with the same cookies, like that of somebody who has stolen them. */
  clone(): FormBrowser {
    const other = new FormBrowser(this.#environment);
    for (const [origin, cookies] of this.#cookies) other.#cookies.set(origin, new Map(cookies));
    return other;
  }

  /** One request, without following where it leads. */
  async send(url: string, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url);
    this.visited.push(url);
    const headers = new Headers(init.headers);
    const cookies = this.cookies(origin);
    if (cookies !== "") headers.set("cookie", cookies);
    const response = await this.#environment.fetch(url, { ...init, headers, redirect: "manual" });
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, jar);
    for (const line of response.headers.getSetCookie().flatMap((each) => each.split(/,(?=[a-z_]+=)/))) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0(;|$)/.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  /** Opens a page, and follows redirects to where they end. */
  async open(url: string, init: RequestInit = {}): Promise<Shown> {
    let at = url;
    let response = await this.send(at, init);
    for (let followed = 0; response.status >= 300 && response.status < 400; followed++) {
      if (followed === REDIRECTS_MAX) throw new Error(`too many redirects: ${at}`);
      at = new URL(response.headers.get("location") ?? "", at).href;
      response = await this.send(at);
    }
    return { url: at, status: response.status, text: await response.text(), headers: response.headers };
  }

  /** Sends a form. `more` are headers that a real browser would add. */
  submit(
    url: string,
    fields: Readonly<Record<string, string>>,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Shown> {
    const headers = { "content-type": "application/x-www-form-urlencoded", ...more };
    return this.open(url, { method: "POST", headers, body: String(new URLSearchParams(fields)) });
  }
}

/** The value of a hidden field of a page. */
export const fieldOf = ({ text }: Shown, name: string): string =>
  (new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? "")
    .replaceAll("&#38;", "&")
    .replaceAll("&#61;", "=");
