/** The probe of a check. Addresses are `host:port`; durations in ms. */
export type ProbeRequest =
  | {
      readonly kind: "http";
      readonly url: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, readonly string[]>>;
      readonly body: string;
      readonly followsRedirects: boolean;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: "tcp" | "udp" | "h2ping";
      readonly address: string;
      readonly timeoutMs: number;
      readonly usesTls?: boolean;
    }
  | { readonly kind: "grpc"; readonly address: string; readonly service: string; readonly timeoutMs: number };

/** The result of a probe. `refused`: nothing listens there. */
export type ProbeResult =
  | { readonly kind: "http"; readonly status: number; readonly statusText: string; readonly body: string }
  /** It is open, answers, or serves. */
  | { readonly kind: "up" }
  | { readonly kind: "refused" | "timeout" | "silent" }
  | { readonly kind: "unresolved"; readonly host: string }
  | { readonly kind: "failed"; readonly error: string };

/** Performs a probe in the network of the agent. A promise is of a network outside the kernel's events, and never rejects. */
export type Probe = (request: ProbeRequest) => ProbeResult | Promise<ProbeResult>;
