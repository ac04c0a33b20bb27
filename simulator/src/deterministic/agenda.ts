import type { Cancel } from "@tonearm/sdk/ports";

interface Task {
  readonly atMs: number;
  readonly order: number;
  /** Undefined once it is called off. */
  run: (() => void) | undefined;
}

/**
 * Virtual time: what is going to happen, in order. Nothing else moves time on. Between two tasks every microtask runs
 * out, so that what a task sets off is over before the next begins, and two runs of one seed cannot differ.
 */
export class Agenda {
  /** Milliseconds since the simulation began. */
  nowMs = 0;
  /** Tasks done so far. */
  steps = 0;
  readonly #heap: Task[] = [];
  #order = 0;

  /** Runs `run` once, `delayMs` from now; what is due at the same moment runs in the order in which it was asked for. */
  after(delayMs: number, run: () => void): Cancel {
    const task: Task = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#push(task);
    return () => {
      task.run = undefined;
    };
  }

  /**
   * Lets time pass until `endMs`, or until `isOver` says so. It is asked after every task, and sees what the task led to.
   * What a task or `isOver` throws, this rejects with.
   */
  run(endMs: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let begun = false;
      const turn = () => {
        try {
          if (begun && isOver()) return resolve();
          begun = true;
          const next = this.#pop();
          if (!next || next.atMs > endMs) {
            if (next) this.#push(next);
            this.nowMs = Math.max(this.nowMs, endMs);
            return resolve();
          }
          this.nowMs = next.atMs;
          this.steps++;
          next.run!();
        } catch (error) {
          return reject(error);
        }
        // Node runs all microtasks before the next immediate: 0.6 µs, and no clock is asked.
        setImmediate(turn);
      };
      setImmediate(turn);
    });
  }

  /** The next task that is not called off. */
  #pop(): Task | undefined {
    for (;;) {
      const [first] = this.#heap;
      const last = this.#heap.pop();
      if (!first || !last) return undefined;
      if (last !== first) this.#sink(last);
      if (first.run) return first;
    }
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(task, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = task;
  }

  #sink(task: Task): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, task)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = task;
  }
}

const isBefore = (a: Task, b: Task): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
