/**
 * A station's name, as far as it can be told from its songs: players put both in one place. What has an artist, and what changes, is
 * a song of the station's, and no title of its play.
 */
export class StationName {
  #key = "";
  #title: string | null = null;
  #hasSongs = false;

  look(key: string, title: string | null, artist: string | null): string | null {
    if (key !== this.#key) {
      this.#key = key;
      this.#title = null;
      this.#hasSongs = false;
    }
    this.#title ??= title;
    this.#hasSongs ||= artist !== null || title !== this.#title;
    return this.#hasSongs ? null : this.#title;
  }
}
