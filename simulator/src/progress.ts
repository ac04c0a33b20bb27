import { type Cancel, systemClock } from "@tonearm/sdk/ports";

const REDRAW_MS = 250;
const LINE_MS = 2_000;

/** Shows how a long piece of work goes: a line that is redrawn on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #line: () => string | Promise<string>;
  #cancel: Cancel | undefined;
  #stopped = false;

  constructor(out: NodeJS.WriteStream, line: () => string | Promise<string>) {
    this.#out = out;
    this.#line = line;
  }

  start(): this {
    this.#schedule();
    return this;
  }

  /** Shows the line a last time, and leaves it standing. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#show();
    if (this.#out.isTTY) this.#out.write("\n");
  }

  #schedule(): void {
    this.#cancel = systemClock.after(this.#out.isTTY ? REDRAW_MS : LINE_MS, () => {
      void this.#show().then(() => this.#stopped || this.#schedule());
    });
  }

  async #show(): Promise<void> {
    const line = await this.#line();
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }
}
