/** What the adapter reads of an element; a real one is driven in test/browser. */
export class FakeElement extends EventTarget {
  paused = true;
  ended = false;
  seeking = false;
  loop = false;
  error: object | null = null;
  readyState = 4;
  playbackRate = 1;
  currentTime = 0;
  duration = 60;
  srcObject = null;
  currentSrc = "blob:https://shop.example/CANARY";
  hasAttribute = () => this.currentSrc !== "";
  querySelector = () => null;

  tell(type: string, change: Partial<FakeElement> = {}): void {
    Object.assign(this, change);
    this.dispatchEvent(new Event(type));
  }

  /** As a page that gives it another address does, or none: what it is changes at once, and is told a moment later. */
  swap(currentSrc: string): void {
    Object.assign(this, { currentSrc, paused: true, ended: false, seeking: false, error: null });
    Object.assign(this, { readyState: 0, currentTime: 0, duration: Number.NaN });
  }

  /** What it tells of that, up to where it sounds. */
  load(duration: number): void {
    this.tell("emptied");
    this.tell("play", { paused: false });
    this.tell("durationchange", { duration });
    this.tell("loadedmetadata", { readyState: 1 });
    this.tell("playing", { readyState: 4 });
  }
}
