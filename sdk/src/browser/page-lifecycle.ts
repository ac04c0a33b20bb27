/** What happens to a page, as far as it concerns an instance that lives in it. */
export interface PageNews {
  /** It was hidden, or is being left; on a phone nothing more may ever be heard. */
  hidden(): void;
  visible(): void;
  /** It is put aside, whole, and may come back or not. */
  frozen(): void;
  /** It came back from there. */
  restored(): void;
  /** The network may be back. */
  online(): void;
}

/**
 * Listens to the page, in a worker to what a worker is told.
 * @returns what ends the listening.
 */
export function watchPage(news: PageNews): () => void {
  const abort = new AbortController();
  const on = (type: string, listener: (event: PageTransitionEvent) => void) =>
    globalThis.addEventListener?.(type, listener as (event: Event) => void, { signal: abort.signal });
  // It bubbles up from the document, which workers do not have.
  on("visibilitychange", () => (document.hidden ? news.hidden() : news.visible()));
  on("pagehide", ({ persisted }) => {
    news.hidden();
    if (persisted) news.frozen();
  });
  on("pageshow", ({ persisted }) => {
    if (persisted) news.restored();
  });
  on("online", () => news.online());
  return () => abort.abort();
}
