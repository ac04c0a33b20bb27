/** Plays of any UPnP media renderer: subscribes to its AVTransport, and asks it where it is. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fullJitterMs } from "../../backoff.ts";
import { sleep } from "../../clock.ts";
import { messageOf, TonearmError } from "../../errors.ts";
import { newEpochId } from "../../ids.ts";
import { systemClock } from "../../system-clock.ts";
import { inWords } from "../../words.ts";
import type { Adapter, AdapterOptions } from "../play-tracker.ts";
import type { Because } from "../sighting.ts";
import { TransportFollower } from "./follower.ts";
import { ask, bodyOf } from "./http.ts";
import type { PositionInfo } from "./questions.ts";
import { Sequence } from "./sequence.ts";
import type { Variables } from "./transport.ts";
import { changesIn, textOf } from "./xml.ts";

export interface UpnpRendererOptions extends AdapterOptions {
  /** The address of the renderer's description, as discovery tells it. It stays here. */
  readonly location: string;
}

/** Where a renderer's AVTransport is. */
interface TransportService {
  readonly type: string;
  readonly controlUrl: URL;
  readonly eventUrl: URL;
  /** This machine's address, as the renderer sees it. */
  readonly localAddress: string;
}

const BACKOFF = { backoffBaseMs: 500, backoffMaxMs: 30_000 };
/** A subscription is asked for this long, and renewed after half of what was granted. */
const SUBSCRIPTION_S = 120;
/** A renderer that numbers its notifications wrongly is not subscribed to again for each of them. */
const RESUBSCRIBE_MS = 60_000;

/** Why a wait for the next renewal ends: there is something to be told anew. */
const MISSING = "missing";

/**
 * Records the plays of a renderer from now on. A lost renderer is tried again for ever.
 * @throws TonearmError `invalid_option`.
 */
export function followUpnpRenderer(options: UpnpRendererOptions): Adapter {
  if (!URL.canParse(options.location)) {
    throw new TonearmError(
      "invalid_option",
      `option location is ${inWords(typeof options.location)}, expected a URL`,
    );
  }
  const follower = new RendererFollower(options);
  void follower.run();
  return follower;
}

class RendererFollower implements Adapter {
  readonly #location: string;
  readonly #clock;
  readonly #follower: TransportFollower;
  readonly #over = new AbortController();
  /** Whoever does not know it is not the renderer. */
  readonly #path = `/${newEpochId(systemClock)}`;
  #service: TransportService | undefined;
  #server: Server | undefined;
  #sid: string | undefined;
  /** The subscription before this one: what it had on its way is older. */
  #formerSid: string | undefined;
  #notifications: Sequence<Variables> | undefined;
  #resubscribedMs = Number.NEGATIVE_INFINITY;
  /** Whether a notification could not be read, and that was told. */
  #isUnreadable = false;
  #failures = 0;
  /** Ends the wait for the next renewal. */
  #renew = new AbortController();

  constructor(options: UpnpRendererOptions) {
    this.#location = options.location;
    this.#clock = options.clock ?? systemClock;
    this.#follower = new TransportFollower(options, {
      trusts: false,
      ask: () => this.#position(),
      onLost: () => this.#renew.abort(),
    });
  }

  because(because: Because): void {
    this.#follower.because(because);
  }

  close(): void {
    this.#over.abort();
    this.#renew.abort();
    this.#follower.close();
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#unsubscribe();
  }

  async run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        await this.#subscribed();
      } catch (error) {
        if (this.#over.signal.aborted) return;
        this.#leave();
        this.#follower.lost();
        this.#failures++;
        if (this.#failures === 1)
          this.#follower.trouble(`the renderer is lost (${messageOf(error)}); trying again`);
      }
      await sleep(this.#clock, fullJitterMs(this.#clock, this.#failures, BACKOFF), this.#over.signal);
    }
  }

  /** Subscribes, and renews until that fails. */
  async #subscribed(): Promise<never> {
    const service = await this.#describe();
    this.#service = service;
    const callback = await this.#listen(service.localAddress);
    const timeout = `Second-${SUBSCRIPTION_S}`;
    const first = { callback: `<${callback}>`, nt: "upnp:event", timeout };
    for (;;) {
      const headers = this.#sid === undefined ? first : { sid: this.#sid, timeout };
      this.#notifications ??= new Sequence(this.#clock, {
        onNext: (changed) => this.#follower.change(changed),
        onMissing: () => this.#miss(),
      });
      const answer = await ask(this.#clock, service.eventUrl, "SUBSCRIBE", headers);
      this.#failures = 0;
      this.#sid = String(answer.headers.sid ?? this.#sid);
      const granted = /Second-(\d{1,6})/i.exec(String(answer.headers.timeout))?.[1] ?? SUBSCRIPTION_S;
      this.#renew = new AbortController();
      await sleep(this.#clock, (Number(granted) * 1_000) / 2, this.#renew.signal);
      if (!this.#renew.signal.aborted) continue;
      if (this.#renew.signal.reason !== MISSING) throw new Error("it does not answer");
      this.#unsubscribe();
    }
  }

  /** A notification is lost. Of a new subscription a renderer tells everything at first. */
  #miss(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#resubscribedMs < RESUBSCRIBE_MS) return;
    this.#resubscribedMs = nowMs;
    this.#follower.trouble("a notification of the renderer is missing; subscribing again");
    this.#renew.abort(MISSING);
  }

  #unsubscribe(): void {
    if (this.#service && this.#sid) {
      // A renderer that is gone forgets it by itself.
      ask(this.#clock, this.#service.eventUrl, "UNSUBSCRIBE", { sid: this.#sid }).catch(() => undefined);
    }
    this.#leave();
  }

  #leave(): void {
    this.#formerSid = this.#sid ?? this.#formerSid;
    this.#sid = undefined;
    this.#notifications?.close();
    this.#notifications = undefined;
  }

  async #describe(): Promise<TransportService> {
    const { body, localAddress = "127.0.0.1" } = await ask(this.#clock, this.#location, "GET");
    const base = textOf(body, "URLBase") || this.#location;
    const services = body.match(/<service>[\s\S]*?<\/service>/g) ?? [];
    const service = services.find((each) => /:service:AVTransport:\d/.test(each));
    const [type, control, events] = ["serviceType", "controlURL", "eventSubURL"].map((name) =>
      textOf(service ?? "", name),
    );
    if (!type || !control || !events) throw new Error("its description has no AVTransport");
    return { type, controlUrl: new URL(control, base), eventUrl: new URL(events, base), localAddress };
  }

  /** @returns the address for notifications. */
  async #listen(localAddress: string): Promise<string> {
    this.#server ??= await new Promise<Server>((resolve, reject) => {
      const server = createServer((request, response) => void this.#take(request, response));
      server.on("error", reject);
      server.listen(0, localAddress, () => resolve(server));
      // What it would tell is not worth keeping a process alive for.
      server.unref();
    });
    const { port } = this.#server.address() as AddressInfo;
    const host = localAddress.includes(":") ? `[${localAddress}]` : localAddress;
    return `http://${host}:${port}${this.#path}`;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== "NOTIFY" || request.url !== this.#path) {
        response.writeHead(404).end();
        return;
      }
      const body = await bodyOf(request);
      const { sid, seq } = request.headers;
      const isOurs = this.#isSubscription(sid);
      response.writeHead(isOurs ? 200 : 412).end();
      if (isOurs && !this.#over.signal.aborted) this.#hear(body, String(seq));
    } catch {
      response.destroy();
    }
  }

  /** The first notification may be here before the answer that says which subscription it is of. */
  #isSubscription(sid: unknown): boolean {
    return sid === undefined || (this.#sid === undefined ? sid !== this.#formerSid : sid === this.#sid);
  }

  #hear(body: string, seq: string): void {
    const changed = changesIn(body);
    if (!changed && !this.#isUnreadable) {
      this.#follower.trouble(
        "a notification of the renderer cannot be read (it has no LastChange with values)",
      );
    }
    this.#isUnreadable = !changed;
    // One that cannot be read is not missing.
    this.#notifications?.take(/^\d{1,10}$/.test(seq) ? Number(seq) : undefined, changed ?? {});
  }

  async #position(): Promise<PositionInfo | undefined> {
    const service = this.#service;
    if (!service) return undefined;
    const action = `${service.type}#GetPositionInfo`;
    const call = `<u:GetPositionInfo xmlns:u="${service.type}"><InstanceID>0</InstanceID></u:GetPositionInfo>`;
    const envelope = "http://schemas.xmlsoap.org/soap/envelope/";
    const encoding = "http://schemas.xmlsoap.org/soap/encoding/";
    const { body } = await ask(
      this.#clock,
      service.controlUrl,
      "POST",
      { "content-type": 'text/xml; charset="utf-8"', soapaction: `"${action}"` },
      `<?xml version="1.0"?><s:Envelope xmlns:s="${envelope}" s:encodingStyle="${encoding}"><s:Body>${call}</s:Body></s:Envelope>`,
    );
    const [RelTime, TrackDuration, TrackURI] = ["RelTime", "TrackDuration", "TrackURI"].map((name) =>
      textOf(body, name),
    );
    return { RelTime, TrackDuration, TrackURI };
  }
}
