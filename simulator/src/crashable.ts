import type { Disk, DiskFile } from "@tonearm/sdk/file-log";
import type { Answer, Cancel, Clock, Transport } from "@tonearm/sdk/ports";
import type { FleetCounts } from "./fleet-counts.ts";

/** A promise that nobody will ever keep: the other side is dead. */
const never = <T>(): Promise<T> => new Promise(() => undefined);

/**
 * A process that can be killed without killing this one. Everything an SDK instance does goes through ports that stop
 * working at the crash: no callback comes back, no timer fires, memory is gone. What the disk had been told stays.
 */
export class Crashable {
  #crashed = false;
  #pending = 0;
  #settled: (() => void) | undefined;
  readonly #timers = new Set<Cancel>();
  readonly #files = new Set<DiskFile>();
  #transport: Transport | undefined;
  readonly #counts: FleetCounts;

  constructor(counts: FleetCounts) {
    this.#counts = counts;
  }

  /** Ends the process. Resolves when the calls that were in the kernel have come back, as they do before a kill ends. */
  async crash(): Promise<void> {
    this.#crashed = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    if (this.#pending === 0) return;
    await new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
  }

  clock(clock: Clock): Clock {
    const after: Clock["after"] = (delayMs, callback, hold) => {
      if (this.#crashed) return () => undefined;
      const cancel = clock.after(
        delayMs,
        () => {
          this.#timers.delete(cancel);
          callback();
        },
        hold,
      );
      this.#timers.add(cancel);
      return () => {
        this.#timers.delete(cancel);
        cancel();
      };
    };
    return { ...clock, after };
  }

  transport(transport: Transport): Transport {
    this.#transport = transport;
    const send: Transport["send"] = async (run, signal, sending): Promise<Answer> => {
      if (this.#crashed) return never();
      const answer = await transport.send(run, signal, sending);
      return this.#crashed ? never() : answer;
    };
    return { send, close: () => transport.close() };
  }

  disk(disk: Disk): Disk {
    return {
      list: () => this.#call(() => disk.list()),
      size: (name) => this.#call(() => disk.size(name)),
      read: (name, offset, length) => this.#call(() => disk.read(name, offset, length)),
      create: (name) => this.#call(async () => this.#file(await disk.create(name))),
      syncFile: (name) => this.#call(() => disk.syncFile(name)),
      unlink: (name) => this.#call(() => disk.unlink(name)),
      quarantine: (name) => this.#call(() => disk.quarantine(name)),
      emptyQuarantine: () => this.#call(() => disk.emptyQuarantine()),
      syncDirectory: () => this.#call(() => disk.syncDirectory()),
      freeBytes: () => this.#call(() => disk.freeBytes()),
    };
  }

  /** Gives back what the dead process held open: files, connections. */
  async release(): Promise<void> {
    await Promise.all([...this.#files].map((file) => file.close()));
    await this.#transport?.close();
    this.#files.clear();
  }

  #file(file: DiskFile): DiskFile {
    this.#files.add(file);
    return {
      write: (bytes) => {
        this.#counts.diskBytes += bytes.length;
        return this.#call(() => file.write(bytes));
      },
      sync: () => this.#call(() => file.sync()),
      close: () => {
        this.#files.delete(file);
        return this.#call(() => file.close());
      },
    };
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    if (this.#crashed) return never();
    this.#pending++;
    const outcome = await call().then(
      (result) => () => result,
      (error: unknown) => (): T => {
        throw error;
      },
    );
    this.#pending--;
    if (this.#pending === 0) this.#settled?.();
    return this.#crashed ? never() : outcome();
  }
}
