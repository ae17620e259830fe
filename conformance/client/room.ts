/** An operation of the broker that has ended. */
export interface EndedWork {
  /** When it began, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** How long it took, in milliseconds; 0 if it was synchronous. */
  readonly tookMs: number;
  /** The shortest time that one of its kind has taken on its plan so far, in milliseconds; 0 if none has ended. */
  readonly quickestMs: number;
}

/** Room for service instances at the broker, as far as one client may use it. */
export interface Room {
  /** Waits for room for an instance, unless it has room already. Rejects if there will be none. */
  take(instanceId: string): Promise<void>;
  /** The instance is gone, or nothing can be done about it. */
  free(instanceId: string): void;
  /**
   * The broker refused the instance because it is full. Gives its room back; from now on the run takes up no more than the broker had room for.
   * Returns whether another try is worthwhile, because this run holds other instances, which will be removed. `isPlain`: nothing was wrong with the
   * request.
   */
  yield(instanceId: string, isPlain: boolean): boolean;
  /** Hands an instance over to another client, and its room with it. */
  hand(instanceId: string, to: Room): void;
  /** Takes over an instance together with its room. */
  adopt(instanceId: string): void;
  /** An operation has ended. How long it took says how much room the run may take up at once. */
  noteEnd(work: EndedWork): void;
  /** The broker finishes nothing, however little it has to do: going slowly does not help. */
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
