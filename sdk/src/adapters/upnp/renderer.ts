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
    if (this.#service && this.#sid) {
      // A renderer that is gone forgets it by itself.
      ask(this.#clock, this.#service.eventUrl, "UNSUBSCRIBE", { sid: this.#sid }).catch(() => undefined);
    }
  }

  async run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        await this.#subscribed();
      } catch (error) {
        if (this.#over.signal.aborted) return;
        this.#sid = undefined;
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
      const answer = await ask(this.#clock, service.eventUrl, "SUBSCRIBE", headers);
      this.#failures = 0;
      this.#sid = String(answer.headers.sid ?? this.#sid);
      const granted = /Second-(\d{1,6})/i.exec(String(answer.headers.timeout))?.[1] ?? SUBSCRIPTION_S;
      this.#renew = new AbortController();
      await sleep(this.#clock, (Number(granted) * 1_000) / 2, this.#renew.signal);
      if (this.#renew.signal.aborted) throw new Error("it does not answer");
    }
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
      const isOurs = request.method === "NOTIFY" && request.url === this.#path;
      const changed = isOurs ? changesIn(await bodyOf(request)) : undefined;
      response.writeHead(changed ? 200 : 404).end();
      if (changed && !this.#over.signal.aborted) this.#follower.change(changed);
    } catch {
      response.destroy();
    }
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
