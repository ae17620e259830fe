import type { Answer, Operation } from "./answer.ts";
import type { Offer } from "./catalog.ts";
import { entryFor, type Thing } from "./ledger-entry.ts";
import type { Exchange } from "./http/exchange.ts";
import type { Observation } from "./http/observation.ts";
import type { RawRequest } from "./http/transport.ts";
import type { Ledger } from "./ledger.ts";
import { NoAnswer } from "./no-answer.ts";
import { type EndedOperation, isEndless, isInProgress } from "./polling.ts";
import { follow } from "./follow.ts";
import { isFull } from "./refusal.ts";
import { answerTo, buildRequest, deletionQuery, isSuccess, pollOf, type RequestOptions } from "./request.ts";
import { BOUNDLESS, type Room } from "./room.ts";
import { RunMemory } from "./run-memory.ts";
import { Sender } from "./sender.ts";
import type { ClientSettings } from "./settings.ts";
import { type PatientAnswer, sendPatiently } from "./patience.ts";

/** Gets each answer. One that is replaced by the answer to the same request, sent again, is for the record only. */
type AnswerListener = (answer: Answer, isReplaced?: boolean) => void;

/**
 * The platform's side of the API, well-behaved: sends requests as the specification asks of a platform, keeps
 * every answer, records what it may create before requesting it, waits for operations, and removes what it
 * created.
 *
 * Each check has its own client: they share settings and the run's memory; ledger, `sent` and signal belong
 * to the check.
 */
export class OsbClient {
  readonly settings: ClientSettings;
  readonly ledger: Ledger;
  /** The requests of this client, in the order of the answers. */
  readonly sent: Answer[] = [];
  readonly #sender: Sender;
  readonly #listener: AnswerListener;
  /** The knowledge that all clients of the run share. */
  readonly memory: RunMemory;
  readonly #parts: OsbClient[] = [];
  /** The instances that it may create at once. */
  readonly room: Room;

  constructor(
    settings: ClientSettings,
    ledger: Ledger,
    listener: AnswerListener = () => {},
    memory: RunMemory = new RunMemory(),
    room: Room = BOUNDLESS,
  ) {
    this.room = room;
    this.settings = settings;
    this.ledger = ledger;
    this.#listener = listener;
    this.memory = memory;
    this.#sender = new Sender(settings, memory);
  }

  /** A client for one check or story, with a ledger, a record and room of its own. */
  scope(room: Room = this.room): OsbClient {
    return new OsbClient(this.settings, this.ledger.scope(), this.#listener, this.memory, room);
  }

  /** A client for a part of this one's work: its requests count as sent by this one, even without an answer. */
  part(room: Room): OsbClient {
    const part = new OsbClient(this.settings, this.ledger.scope(), this.#keep.bind(this), this.memory, room);
    return this.#parts.push(part), part;
  }

  newId(): string {
    return this.settings.newId();
  }

  /** The requests that got no answer. */
  get silent(): readonly Exchange[] {
    return [this.#sender, ...this.#parts].flatMap(({ silent }) => silent);
  }

  /** Stops this client from sending, even for code that runs on after an error, and waits for what is in progress. */
  end(): Promise<void> {
    return this.#sender.end();
  }

  /** The request as sent. Exposed for curl lines of requests that were not sent yet. */
  requestFor(operation: Operation, options: RequestOptions): RawRequest {
    return buildRequest(this.settings, operation, options);
  }

  /** Sends one request; one that fails (5xx) or gets no answer once more, as `sendPatiently` says. @throws NoAnswer */
  async send(operation: Operation, options: RequestOptions = {}): Promise<Answer> {
    return (await this.#sendPatiently(operation, options)).answer;
  }

  async #sendPatiently(operation: Operation, options: RequestOptions): Promise<PatientAnswer> {
    const id = options.bindingId || options.instanceId || "";
    const patient = await sendPatiently(
      { operation, options, wasThere: this.memory.mayBeThere(id) },
      { ask: () => this.#ask(operation, options), pause: (ms) => this.settings.clock.sleepMs(ms), memory: this.memory },
    );
    for (const each of patient.replaced) {
      if (each instanceof NoAnswer) this.#sender.forget(each);
      else this.#keep(each, true);
    }
    return this.#keep(patient.answer), patient;
  }

  async #ask(operation: Operation, options: RequestOptions): Promise<Answer> {
    const note = (isReached: boolean) => this.memory.noteUpdate(options.instanceId ?? "", options, isReached);
    if (operation === "update") note(false);
    const answer = answerTo(operation, options, await this.exchange(this.requestFor(operation, options), options));
    if (operation === "update" && isSuccess(answer) && answer.status !== 202) note(true);
    return answer;
  }

  #keep(answer: Answer, isReplaced = false): void {
    if (!isReplaced) this.sent.push(answer);
    this.#listener(answer, isReplaced);
  }

  /** Sends a request that need not belong to the OSB API. @throws NoAnswer */
  exchange(request: RawRequest, options: Pick<RequestOptions, "intent" | "abandon"> = {}): Promise<Observation> {
    return this.#sender.exchange(request, options);
  }

  /** The query of the deletion of an instance or its bindings, with the plan that it has now; later attempts try others. */
  deletionOf(
    offer: Offer,
    instanceId: string,
    attempt = 0,
    kind: "instance" | "binding" = "instance",
  ): Record<string, string> {
    const planId = this.memory.planFor(instanceId, attempt) ?? offer.plan.id;
    return { ...deletionQuery(offer, kind, this.settings.minor), plan_id: planId };
  }

  /**
   * Waits for room, records the instance, then requests it. If the broker is full while this run holds instances there, it requests again when one
   * of them is gone; each refusal lowers the number allowed at once, so the refusals come to an end.
   *
   * @throws NoAnswer
   */
  async provision(offer: Offer, instanceId: string, options: RequestOptions = {}): Promise<Answer> {
    const isPlain = (options.intent ?? "plain") === "plain";
    for (;;) {
      await this.room.take(instanceId);
      this.recordInstance(offer, instanceId);
      const answer = await this.#create("provision", instanceId, { ...options, instanceId });
      if (this.memory.mayExist(instanceId)) return answer;
      if (!isFull(answer)) this.room.free(instanceId);
      else if (this.room.yield(instanceId, isPlain)) continue;
      return answer;
    }
  }

  /** Records the binding, then requests it. @throws NoAnswer */
  async bind(offer: Offer, instanceId: string, bindingId: string, options: RequestOptions = {}): Promise<Answer> {
    this.recordBinding(offer, instanceId, bindingId);
    return this.#create("bind", bindingId, { ...options, instanceId, bindingId });
  }

  async #create(operation: "provision" | "bind", id: string, options: RequestOptions): Promise<Answer> {
    try {
      const answer = await this.send(operation, options);
      if (answer.status < 400 || (answer.status >= 500 && !isFull(answer))) this.memory.want(id);
      return answer;
    } catch (error) {
      if (error instanceof NoAnswer && error.mayHaveArrived) this.memory.unsure.add(id);
      throw error;
    }
  }

  /** @throws NoAnswer */
  async deprovision(offer: Offer, instanceId: string, options: RequestOptions = {}): Promise<Answer> {
    const query = this.deletionOf(offer, instanceId);
    const answer = await this.send("deprovision", { query, ...options, instanceId });
    if (this.#isGone(answer, instanceId)) this.#forget("instance", instanceId);
    return answer;
  }

  /** @throws NoAnswer */
  async unbind(offer: Offer, instanceId: string, bindingId: string, options: RequestOptions = {}): Promise<Answer> {
    const query = this.deletionOf(offer, instanceId, 0, "binding");
    const answer = await this.send("unbind", { query, ...options, instanceId, bindingId });
    if (this.#isGone(answer, bindingId)) this.#forget("binding", bindingId);
    return answer;
  }

  /** A thing that may still be in progress is not gone merely because it is not there yet. */
  #isGone({ status }: Answer, id: string): boolean {
    return status === 200 || (status === 410 && !this.memory.unsure.has(id));
  }

  /** Sends one poll. `operation` is the operation string of the 202, if it had one. @throws NoAnswer */
  poll(offer: Offer, of: Answer, options: RequestOptions = {}): Promise<Answer> {
    const { operation, asked } = pollOf(offer, of);
    return this.send(operation, { ...asked, ...options });
  }

  /** Waits until the operation that `answer` began has ended; see `pollUntilEnded`. @throws NoAnswer */
  async settle(offer: Offer, answer: Answer): Promise<EndedOperation> {
    if (answer.status !== 202 && !(await isInProgress(answer, () => this.poll(offer, answer))))
      return this.#endedAtOnce(answer);
    const follower = { settings: this.settings, memory: this.memory, ask: this.#sendPatiently.bind(this) };
    const { ended, sinceMs } = await follow(follower, offer, answer);
    this.#noteEnd(offer, ended, sinceMs);
    return ended;
  }

  #endedAtOnce(answer: Answer): EndedOperation {
    const isDone = isSuccess(answer);
    if (isDone) this.room.noteEnd({ sinceMs: this.settings.clock.nowMs(), tookMs: 0, quickestMs: 0 });
    return { state: isDone ? "succeeded" : "refused", answer, polls: [] };
  }

  #noteEnd(offer: Offer, ended: EndedOperation, sinceMs: number): void {
    const tookMs = this.settings.clock.nowMs() - sinceMs;
    const { state, answer } = ended;
    const { operation, instanceId, bindingId, intent } = answer;
    // A request that races with another operation may legitimately never end.
    if (isEndless(ended) && intent !== "race") this.memory.noteTimeout(offer, ended);
    if (this.memory.endsNothing) this.room.noteEndless();
    if (state === "timed-out" || state === "unreadable") return;
    this.room.noteEnd({ sinceMs, tookMs, quickestMs: this.memory.shortestMs(offer, answer) });
    this.memory.noteEnd(offer, answer, tookMs);
    if (state === "failed") return;
    if (operation === "update") this.memory.noteUpdate(instanceId, { body: answer.sent }, true);
    if (operation === "deprovision") this.#forget("instance", instanceId);
    if (operation === "unbind") this.#forget("binding", bindingId);
  }

  #forget(kind: "instance" | "binding", id: string): void {
    this.memory.gone.add(id);
    this.ledger.forget({ kind, id });
    if (kind === "instance") this.room.free(id);
  }

  /** Records an instance that may come into being, so that it is removed at the end. */
  recordInstance(offer: Offer, instanceId: string): void {
    this.memory.beginPlan(instanceId, offer.plan.id);
    this.#record("deprovision", offer, { kind: "instance", id: instanceId, instanceId });
  }

  /** Records a binding that may come into being, so that it is removed at the end. */
  recordBinding(offer: Offer, instanceId: string, bindingId: string): void {
    this.#record("unbind", offer, { kind: "binding", id: bindingId, instanceId, bindingId });
  }

  #record(operation: "deprovision" | "unbind", offer: Offer, thing: Thing): void {
    this.ledger.record(entryFor(this, this.memory, { operation, offer, thing }));
  }
}
