/** Workers as processes of node:cluster: the first process accepts connections and hands them out in turn. */
import cluster, { type Worker } from "node:cluster";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { WorkerProcess } from "./primary.ts";
import type { Link } from "./worker.ts";

/** Which worker a process is, and the ports that its relay has already; none at the first start. */
export interface Place {
  readonly number: number;
  readonly count: number;
  readonly port?: number;
  readonly operatorPort?: number;
}

/** Says to a process that is a worker which one it is, as JSON. */
const PLACE = "TONEARM_WORKER";

/** The worker that this process is; undefined when it is none. */
export function ownPlace(): Place | undefined {
  const text = process.env[PLACE];
  return cluster.isWorker && text !== undefined ? (JSON.parse(text) as Place) : undefined;
}

/**
 * Starts a worker with this process's arguments.
 * @param environment what it is to find in its environment beside what stands in ours.
 */
export function startWorker(place: Place, environment: Readonly<Record<string, string>>): WorkerProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  return processOf(cluster.fork({ ...environment, [PLACE]: JSON.stringify(place) }));
}

const processOf = (worker: Worker): WorkerProcess => ({
  // A worker that has just ended is missed when its exit comes, and nobody waits for what was not sent.
  send: (message) => void (worker.isConnected() && worker.send(message)),
  onMessage: (listener) => void worker.on("message", (message: FromWorker) => listener(message)),
  onExit: (listener) => void worker.once("exit", (code: number | null) => listener(code ?? undefined)),
  kill: (signal) => void worker.process.kill(signal),
});

/** The way from this worker to the process that started it. */
export const ownLink: Link = {
  send: (message) => void (process.connected && process.send!(message)),
  listen: (listener) => void process.on("message", (message: ToWorker) => listener(message)),
};
