/** An operation of the broker that has ended. */
export interface EndedWork {
  /** When it was begun, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** How long it took, in milliseconds; 0 where it was done at once. */
  readonly tookMs: number;
  /** The least that one of its kind took on its plan before, in milliseconds; 0 where none has ended. */
  readonly quickestMs: number;
}

/** Room for service instances at the broker, as far as one client may use it. */
export interface Room {
  /** Waits for room for an instance, unless it has some. Rejects when there will be none. */
  take(instanceId: string): Promise<void>;
  /** The instance is gone, or nothing can be done about it. */
  free(instanceId: string): void;
  /**
   * The broker refused the instance because it is full. Gives its room back, and from now on the run takes up no more than the broker had
   * room for. Whether it is worth another try: this run holds others, which will be removed. `isPlain`: nothing was wrong with the request.
   */
  yield(instanceId: string, isPlain: boolean): boolean;
  /** Hands an instance over to another client, and its room with it. */
  hand(instanceId: string, to: Room): void;
  /** Takes over an instance together with its room. */
  adopt(instanceId: string): void;
  /** An operation has ended. How long it took says how much room the run may take up at once. */
  noteEnd(work: EndedWork): void;
  /** The broker ends nothing, however little it has to do: to go slowly is of no use. */
  noteEndless(): void;
}

/** For a client that nobody limits. */
export const BOUNDLESS: Room = {
  take: async () => {},
  free: () => {},
  yield: () => false,
  hand: () => {},
  adopt: () => {},
  noteEnd: () => {},
  noteEndless: () => {},
};
