import { compilePattern, type Kernel, Signal, type Slot } from "../../kernel/index.ts";
import type { Agent } from "./agent.ts";

/** An event, in Consul's own shape. */
interface UserEvent {
  readonly ID: string;
  readonly Name: string;
  readonly Payload: string | null;
  readonly NodeFilter: string;
  readonly ServiceFilter: string;
  readonly TagFilter: string;
  readonly Version: number;
  readonly LTime: number;
}

type NewEvent = Omit<UserEvent, "ID" | "Version" | "LTime">;

/** How many events an agent keeps. */
const EVENTS_MAX = 256;

/** The events that users have fired, and who has received them. */
export class UserEvents {
  readonly #kernel: Kernel;
  readonly #slot: Slot<{
    clock: number;
    list: { readonly event: UserEvent; readonly receivers: readonly string[] }[];
  }>;

  /** Fires with each event. */
  readonly fired: Signal<number>;

  constructor(kernel: Kernel) {
    this.fired = new Signal<number>(kernel);
    this.#kernel = kernel;
    this.#slot = kernel.slot("dns/events", { clock: 1, list: [] });
  }

  /** The events that an agent has received, oldest first. */
  of({ name }: Agent): readonly UserEvent[] {
    return this.#slot.value.list.filter(({ receivers }) => receivers.includes(name)).map(({ event }) => event);
  }

  /** Sends an event to the agents that its filters select. Each event advances the logical clock. */
  fire(agents: readonly Agent[], event: NewEvent): UserEvent {
    const state = this.#slot.value;
    const fired: UserEvent = { ID: this.#kernel.random("dns/events").uuid(), ...event, Version: 1, LTime: 0 };
    const receivers = agents.filter((agent) => receives(agent, event)).map(({ name }) => name);
    state.list.push({ event: { ...fired, LTime: ++state.clock }, receivers });
    if (state.list.length > EVENTS_MAX) state.list.shift();
    this.#kernel.record("dns", "event.fire", event.Name);
    this.fired.fire(state.clock);
    return fired;
  }
}

function receives(agent: Agent, { NodeFilter, ServiceFilter, TagFilter }: NewEvent): boolean {
  const [node, name, tag] = [NodeFilter, ServiceFilter, TagFilter].map(compileEventFilter);
  if (node !== undefined && !node(agent.name)) return false;
  if (name === undefined) return true;
  return [...agent.local.state.services.values()].some(
    ({ service }) => name(service.name) && (tag === undefined || service.tags.some(tag)),
  );
}

/** A filter that can't be compiled, which the HTTP API refuses, selects nothing. */
function compileEventFilter(source: string): ((text: string) => boolean) | undefined {
  if (source === "") return undefined;
  const compiled = compilePattern(source);
  return (text) => compiled.ok && compiled.pattern.test(text);
}
