import type { Answer } from "../../client/answer.ts";
import { NoAnswer } from "../../client/no-answer.ts";

/** Requests about what never existed, and about what was deleted. */
type Control = "deprovision" | "fetchInstance" | "unbind" | "fetchBinding" | "deprovisionAgain" | "unbindAgain";

/**
 * What the broker says about things that do not exist: its other answers are read against these. A control is undefined if it was not asked, or
 * not yet. One that got no answer ends nothing but what is read against it.
 */
export class Controls {
  readonly #answers = new Map<Control, Answer | NoAnswer>();

  /** Notes the answer, or that there was none. @throws the error itself unless it is the broker's silence */
  async ask(control: Control, request: Promise<Answer>): Promise<void> {
    const answer = await request.catch((error: unknown) => {
      if (error instanceof NoAnswer) return error;
      throw error;
    });
    this.#answers.set(control, answer);
  }

  #read(control: Control): Answer | undefined {
    const answer = this.#answers.get(control);
    if (answer instanceof NoAnswer) throw answer;
    return answer;
  }

  /** @throws NoAnswer */
  get deprovision(): Answer | undefined {
    return this.#read("deprovision");
  }

  /** @throws NoAnswer */
  get fetchInstance(): Answer | undefined {
    return this.#read("fetchInstance");
  }

  /** Of a binding of the live instance. @throws NoAnswer */
  get unbind(): Answer | undefined {
    return this.#read("unbind");
  }

  /** Of a binding of the live instance. @throws NoAnswer */
  get fetchBinding(): Answer | undefined {
    return this.#read("fetchBinding");
  }

  /** Of the instance, once it was deleted. @throws NoAnswer */
  get deprovisionAgain(): Answer | undefined {
    return this.#read("deprovisionAgain");
  }

  /** Of a binding of the live instance, once it was removed. @throws NoAnswer */
  get unbindAgain(): Answer | undefined {
    return this.#read("unbindAgain");
  }
}
