/** Questions to another process that are still open, by their number. */
export class Questions {
  readonly #open = new Map<number, (value: unknown) => void>();
  #nextId = 1;

  /** @param send is given the question's number. @returns the answer; undefined when the other process has gone. */
  ask(send: (id: number) => void): Promise<unknown> {
    return new Promise((resolve) => {
      const id = this.#nextId++;
      this.#open.set(id, resolve);
      send(id);
    });
  }

  answered(id: number, value: unknown): void {
    this.#open.get(id)?.(value);
    this.#open.delete(id);
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const resolve of this.#open.values()) resolve(undefined);
    this.#open.clear();
  }
}
