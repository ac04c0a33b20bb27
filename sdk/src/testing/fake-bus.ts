import { EventEmitter } from "node:events";
import type { Properties } from "../adapters/mpris/reader.ts";

/** The player's name on it. */
export const NAME = "org.mpris.MediaPlayer2.spotify.instance42";
const variant = (value: unknown): unknown => ({ signature: "?", value });
/** As D-Bus has them: variants, and in the metadata variants again. */
const variants = (properties: Properties) =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      variant(
        name === "Metadata"
          ? Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, variant(each)]))
          : value,
      ),
    ]),
  );
/** Metadata of a track of 10 s. */
export const track = (id: string, more: Properties = {}) => ({
  "mpris:trackid": id,
  "mpris:length": 10_000_000n,
  "xesam:url": `file:///home/anna/CANARY/${id}.flac`,
  ...more,
});

/** A bus with at most one player on it. */
export class FakeBus {
  readonly names = Object.assign(new EventEmitter(), { NameHasOwner: async () => this.isThere });
  properties = this.#newProperties();
  player = new EventEmitter();
  isThere = true;
  refusals = 0;
  all: Properties = {};

  async getProxyObject(name: string) {
    if (name !== "org.freedesktop.DBus" && this.refusals-- > 0) throw new Error("no such object yet");
    return {
      getInterface: (of: string): unknown => {
        if (of === "org.freedesktop.DBus") return this.names;
        return of.endsWith(".Properties") ? this.properties : this.player;
      },
    };
  }

  change(changed: Properties, invalidated: readonly string[] = []): void {
    this.properties.emit(
      "PropertiesChanged",
      "org.mpris.MediaPlayer2.Player",
      variants(changed),
      invalidated,
    );
  }

  async owner(isThere: boolean): Promise<void> {
    this.properties = this.#newProperties();
    this.player = new EventEmitter();
    this.names.emit("NameOwnerChanged", NAME, "", isThere ? ":1.7" : "");
  }

  #newProperties() {
    return Object.assign(new EventEmitter(), { GetAll: async () => variants(this.all) });
  }
}
