/** The open pages of this example: each tells the others of its epoch; the locks say which one delivers for the dead. */
import type { Telemetry } from "@tonearm/sdk";

export interface PageRow {
  readonly epoch: string;
  readonly recorded: number;
  readonly waiting: number;
  /** `here`: this page. `open`: another. `gone`: its owner has died, and its events were delivered by somebody else. */
  readonly kind: "here" | "open" | "gone";
  /** Whether it takes over what dead pages left. */
  readonly isUploader: boolean;
}

interface Heard {
  readonly epoch: string;
  readonly recorded: number;
  readonly waiting: number;
}

const TELL_MS = 1_000;
/** A page that says nothing for so long is not listed any more. */
const SILENT_MS = 3_500;
/** Names of the SDK's Web Locks: one for each epoch that lives, one for the page that delivers for the dead. */
const LOCK = /^tonearm:tonearm-example:(.+)$/;

export class Pages {
  readonly #telemetry: Telemetry;
  readonly #channel = new BroadcastChannel("tonearm-example");
  readonly #heard = new Map<string, Heard & { readonly atMs: number }>();
  readonly #gone = new Map<string, number>();
  #uploader: string | undefined;

  /** @param changed is called about every second. */
  constructor(telemetry: Telemetry, changed: () => void) {
    this.#telemetry = telemetry;
    this.#channel.addEventListener("message", ({ data }: MessageEvent<Heard>) =>
      this.#heard.set(data.epoch, { ...data, atMs: performance.now() }),
    );
    telemetry.on("accepted", ({ epoch, fromSeq, throughSeq }) => {
      if (epoch === telemetry.epoch) return;
      this.#gone.set(epoch, (this.#gone.get(epoch) ?? 0) + throughSeq - fromSeq + 1);
    });
    setInterval(() => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no other origin
      this.#channel.postMessage(this.#own());
      void this.#findUploader().then(changed);
    }, TELL_MS);
  }

  /** This page first, then the other open ones, then the dead. */
  rows(): PageRow[] {
    const open = [...this.#heard.values()].filter(({ atMs }) => performance.now() - atMs < SILENT_MS);
    const gone = [...this.#gone].filter(([epoch]) => !open.some((heard) => heard.epoch === epoch));
    const isUploader = (epoch: string) => epoch === this.#uploader;
    return [
      { ...this.#own(), kind: "here", isUploader: isUploader(this.#telemetry.epoch) },
      ...open.map(
        ({ epoch, recorded, waiting }): PageRow => ({
          epoch,
          recorded,
          waiting,
          kind: "open",
          isUploader: isUploader(epoch),
        }),
      ),
      ...gone.map(
        ([epoch, recorded]): PageRow => ({ epoch, recorded, waiting: 0, kind: "gone", isUploader: false }),
      ),
    ];
  }

  #own(): Heard {
    const { recorded, storedEvents, waitingEvents } = this.#telemetry.stats();
    return { epoch: this.#telemetry.epoch, recorded, waiting: storedEvents + waitingEvents };
  }

  async #findUploader(): Promise<void> {
    const held = (await navigator.locks?.query())?.held ?? [];
    const nameOf = ({ name }: LockInfo) => LOCK.exec(name ?? "")?.[1];
    const uploader = held.find((lock) => nameOf(lock) === "uploader")?.clientId;
    const own = held.filter(({ clientId }) => clientId === uploader).map(nameOf);
    // The uploader also holds the locks of dead epochs while it delivers them; its own is one that speaks.
    const speaks = (name?: string) => name === this.#telemetry.epoch || this.#heard.has(name ?? "");
    this.#uploader = own.find((name) => name !== "uploader" && speaks(name));
  }
}
