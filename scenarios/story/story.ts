/** One line of the story: who did what, and when it was done. */
export interface StoryLine {
  /** Time of the world's clock, in ms since the Unix epoch. */
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

/** Reports what somebody did. */
export type Narrate = (who: string, text: string) => void;
