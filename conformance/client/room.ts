/** An operation of the broker that has ended. */
export interface EndedWork {
  /** When it began, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Its duration in milliseconds; 0 if it was synchronous. */
  readonly tookMs: number;
  /** The shortest time that one of its kind has taken on its plan so far, in milliseconds; 0 if none has ended. */
  readonly quickestMs: number;
}

/** One client's share of the room for service instances at the broker. */
export interface Room {
  /** Waits for room for an instance, unless it has room already. Rejects if there will be none. */
  take(instanceId: string): Promise<void>;
  /** Called when the instance is gone, or can't be removed. */
  free(instanceId: string): void;
  /**
   * Called when the broker refused the instance because it is full. Gives its room back; from now on the run
   * takes up no more than the broker had room for. Returns whether another try is worthwhile, because this
   * run has other instances that will be removed. `isPlain`: nothing was wrong with the request.
   */
  yield(instanceId: string, isPlain: boolean): boolean;
  /** Hands an instance over to another client, and its room with it. */
  hand(instanceId: string, to: Room): void;
  /** Takes over an instance together with its room. */
  adopt(instanceId: string): void;
  /** Called when an operation has ended. Its duration decides how much room the run may take up at once. */
  noteEnd(work: EndedWork): void;
  /** Called when the broker finishes nothing, however little it has to do: slowing down does not help. */
  noteEndless(): void;
}

/** For a client without limits. */
export const BOUNDLESS: Room = {
  take: async () => {},
  free: () => {},
  yield: () => false,
  hand: () => {},
  adopt: () => {},
  noteEnd: () => {},
  noteEndless: () => {},
};
