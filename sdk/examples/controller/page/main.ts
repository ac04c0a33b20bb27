/** The page's wiring: a player, the SDK, and the pictures of what the SDK does. */
import { type ConsentState, createTelemetry, type RecordResult, type TelemetryStats } from "@tonearm/sdk";
import { Journey, type Kind } from "./journey.ts";
import { JourneyView } from "./journey-view.ts";
import { type PageRow, Pages } from "./pages.ts";
import { Player, type PlayerSource } from "./player.ts";
import { drawGrooves, turnTable } from "./turntable.ts";

const SETTLE_MS = 200;
const NEWS_MAX = 40;
const find = (id: string): HTMLElement => document.getElementById(id)!;
const CONSENT_SAYS: Readonly<Record<ConsentState, string>> = {
  granted: "Events are kept and sent.",
  pending: "Events wait in memory; nothing is written or sent.",
  denied: "Nothing is recorded. What was kept is purged.",
};

// Before the SDK begins to watch the page: a play that ends with the page has to be recorded before the SDK's last word.
addEventListener("pagehide", () => player.leave());

const { endpoint, plugged } = await network();
const telemetry = createTelemetry({
  endpoint,
  device: "controller-example",
  database: "tonearm-example",
  // Somebody is watching: send soon, and look soon whether the network is back. The defaults are calmer.
  flushIntervalMs: 1_500,
  backoffBaseMs: 300,
  backoffMaxMs: 3_000,
  recoverySpreadMs: 0,
});
const journey = new Journey(telemetry);
const view = new JourneyView(find("journey") as HTMLCanvasElement, journey);
const pages = new Pages(telemetry, () => showPages(pages.rows()));
const player: Player = new Player({
  play: (play) => follow("play", telemetry.play(play)),
  source: (source) => follow("source", telemetry.source(source)),
  changed: () => showPlayer(),
});
listen();
showNetwork(plugged);
drawGrooves(find("grooves"));
setInterval(settle, SETTLE_MS);
// For whoever wants to look closer, in the console or in a test.
Object.assign(globalThis, { telemetry });

function follow(kind: Kind, result: RecordResult): void {
  if (result.status === "recorded") journey.recorded(result.seq, kind);
  else say(`not recorded: ${result.message}`);
}

function press(name: string): void {
  follow("press", telemetry.record("press", { name }));
}

function listen(): void {
  const click = (id: string, action: () => void) => find(id).addEventListener("click", action);
  click("toggle", () => {
    press(player.audio.paused ? "play" : "pause");
    player.toggle();
  });
  for (const name of ["next", "previous"] as const) {
    click(name, () => {
      press(name);
      player[name]();
    });
  }
  click("burst", () => {
    for (let i = 0; i < 100; i++) press(`burst ${i}`);
  });
  click("audit", () => void audit());
  click("close", () => void close());
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-source]")) {
    button.addEventListener("click", () => player.choose(button.dataset.source as PlayerSource));
  }
  const seek = find("seek") as HTMLInputElement;
  seek.addEventListener("change", () => {
    press("seek");
    player.audio.currentTime = (Number(seek.value) / 1_000) * (player.audio.duration || 0);
  });
  const cable = find("network") as HTMLInputElement;
  cable.addEventListener("change", () => {
    void network(cable.checked).then((now) => showNetwork(now.plugged));
  });
  for (const input of document.querySelectorAll<HTMLInputElement>("[name=consent]")) {
    input.addEventListener("change", () => {
      void telemetry.setConsent(input.value as ConsentState);
      find("consent-says").textContent = CONSENT_SAYS[input.value as ConsentState];
    });
  }
  telemetry.on("epoch", ({ epoch }) => say(`epoch ${epoch.slice(0, 6)}… begins`));
  telemetry.on("durable", ({ throughSeq }) => say(`durable through ${throughSeq}`));
  telemetry.on("sent", ({ fromSeq, throughSeq, bodyBytes, encoding }) =>
    say(`sent ${fromSeq}–${throughSeq}, ${bodyBytes} B, ${encoding}`),
  );
  telemetry.on("accepted", ({ epoch, fromSeq, throughSeq }) =>
    say(`accepted ${fromSeq}–${throughSeq}${epoch === telemetry.epoch ? "" : ` of ${epoch.slice(0, 6)}…`}`),
  );
  telemetry.on("drop", ({ message, count }) => say(`dropped ${count}: ${message}`));
  telemetry.on("degraded", ({ message }) => say(message));
  telemetry.on("error", ({ message }) => say(message));
}

/** Asks how the cable is, or plugs it in or out. */
async function network(wanted?: boolean): Promise<{ readonly endpoint: string; readonly plugged: boolean }> {
  const asked = wanted === undefined ? {} : { method: "POST" };
  return (await fetch(`/network?plugged=${wanted}`, asked)).json();
}

function showNetwork(isPlugged: boolean): void {
  const cable = find("network") as HTMLInputElement;
  cable.checked = isPlugged;
  cable.setAttribute("aria-checked", String(isPlugged));
  find("network-says").textContent = isPlugged
    ? "The relay can be reached."
    : "The cable is out: connections are refused.";
  view.plugged = isPlugged;
}

let ticks = 0;
function settle(): void {
  const stats = telemetry.stats();
  journey.settle(stats);
  const inStore = stats.storedEvents - stats.inFlightEvents;
  find("count-recorded").textContent = String(stats.waitingEvents);
  find("count-durable").textContent = String(Math.max(0, inStore));
  find("count-flight").textContent = String(stats.inFlightEvents);
  find("count-accepted").textContent = String(stats.acceptedEvents);
  find("standing").textContent = standing(stats);
  showPosition();
  // Another page may have pulled the cable.
  if (ticks++ % 10 === 9) void network().then((now) => showNetwork(now.plugged));
}

function standing({ consent, durable, waitingEvents, storedEvents, acceptedEvents }: TelemetryStats): string {
  const waiting = waitingEvents + storedEvents;
  if (isClosed) return "This page’s epoch has ended; reload the page to begin another";
  const events = waiting === 1 ? "1 event waits" : `${waiting} events wait`;
  if (consent === "denied") return "Consent is denied: nothing is recorded";
  if (consent === "pending") return `${events} in memory for consent`;
  if (waiting === 0) return acceptedEvents === 0 ? "Nothing recorded yet" : "Everything is in the stream";
  if (!durable) return `${events} in memory: this browser keeps nothing`;
  if (storedEvents === 0) return `${events} to be kept`;
  return waitingEvents === 0
    ? `${events} here, and would survive a crash`
    : `${storedEvents} would survive a crash, ${waitingEvents} not yet`;
}

function showPlayer(): void {
  const { tune, source, audio } = player ?? {};
  if (!audio) return;
  find("title").textContent = tune.title;
  find("artist").textContent = tune.artist;
  const toggle = find("toggle");
  toggle.setAttribute("aria-pressed", String(!audio.paused));
  toggle.setAttribute("aria-label", audio.paused ? "Play" : "Pause");
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-source]")) {
    button.setAttribute("aria-pressed", String(button.dataset.source === source));
  }
  document.body.classList.toggle("radio", source === "radio");
  showPosition();
}

function showPosition(): void {
  const { audio } = player;
  const share = audio.duration && !player.tune.livestream ? audio.currentTime / audio.duration : 0;
  turnTable({ arm: find("arm"), disc: find("disc") }, { share, isPlaying: !audio.paused });
  (find("seek") as HTMLInputElement).disabled = player.tune.livestream;
  const seek = find("seek") as HTMLInputElement;
  if (!seek.matches(":active")) seek.value = String(Math.round(share * 1_000));
  seek.style.setProperty("--share", `${share * 100}%`);
  find("elapsed").textContent = clock(audio.currentTime);
  find("length").textContent = player.tune.livestream ? "live" : clock(audio.duration || 0);
}

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function showPages(rows: readonly PageRow[]): void {
  const said = {
    here: "this page",
    open: "another page",
    gone: "a page that is gone",
  };
  find("epochs").replaceChildren(
    ...rows.map(({ epoch, kind, recorded, waiting, isUploader }) => {
      const counts =
        kind === "gone" ? `${recorded} delivered for it` : `${recorded} recorded, ${waiting} waiting`;
      const duty = isUploader ? "; delivers for closed pages" : "";
      return row(kind, epoch, said[kind], counts + duty);
    }),
  );
}

function row(kind: string, epoch: string, name: string, detail: string): HTMLLIElement {
  const item = document.createElement("li");
  item.className = kind;
  const parts = [["code", epoch.slice(0, 8)] as const, ["strong", name] as const, ["span", detail] as const];
  for (const [tag, text] of parts) {
    const part = document.createElement(tag);
    part.textContent = text;
    part.classList.toggle("detail", tag === "span");
    item.append(part);
  }
  return item;
}

interface Verdict {
  readonly epoch: string;
  readonly verdict: "COMPLETE" | "INCOMPLETE" | "UNPROVEN";
  /** `named`: the page broke off, and another one said how much of it was durable. */
  readonly end: "closed" | "named" | "unknown";
  readonly last_seq: number;
}

const VERDICT_SAYS = {
  closed: "closed in order, and all of it is there",
  named: "broke off; all that was durable is there",
  unknown: "still open, or nobody has said where it ends",
} as const;

let isClosed = false;
/** The end in order that a page which is simply closed does not get. */
async function close(): Promise<void> {
  (find("close") as HTMLButtonElement).disabled = true;
  const { delivered } = await telemetry.close();
  isClosed = true;
  if (delivered) await audit();
  else say("the rest is kept, and delivered by the next page");
}

async function audit(): Promise<void> {
  const button = find("audit") as HTMLButtonElement;
  button.disabled = true;
  button.textContent = "Reading the stream…";
  const { epochs } = (await (await fetch("/audit")).json()) as { readonly epochs: readonly Verdict[] };
  button.disabled = false;
  button.textContent = "Audit the stream";
  find("verdicts").replaceChildren(
    ...epochs.toReversed().map(({ epoch, verdict, end, last_seq }) => {
      const detail = verdict === "INCOMPLETE" ? "something is missing" : VERDICT_SAYS[end];
      return row(verdict, epoch, `${verdict} · ${last_seq}`, detail);
    }),
  );
}

function say(text: string): void {
  const line = document.createElement("li");
  line.textContent = text;
  const list = find("news");
  list.prepend(line);
  while (list.childElementCount > NEWS_MAX) list.lastElementChild!.remove();
}
