/**
 * What one loud device costs the others: how long 100 devices that send at their ease wait for an answer, alone, beside one that
 * sends a hundred times as much as each of them, and beside that and slow clients. Relay, stream and devices share this machine.
 *
 *   pnpm bench loud [--seconds 20]
 */
import { parseArgs } from "node:util";
import { runLoud } from "../support/loud-run.ts";
import { describeMachine } from "./sdk/table.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { seconds: { type: "string", default: "20" } },
});
const { cores, node, date } = describeMachine();
console.log(`${cores} cores, Node ${node}, ${date}; ${values.seconds} s each.\n`);
console.log("| the others beside | p50 | p99 | their answers | lost | the loud one's answers |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const { beside, p50Ms, p99Ms, answers, lost, loud } of await runLoud(Number(values.seconds))) {
  const times = `${p50Ms.toFixed(0)} ms | ${p99Ms.toFixed(0)} ms`;
  console.log(`| ${beside} | ${times} | ${inWords(answers)} | ${lost} | ${inWords(loud)} |`);
}

function inWords(answers: Readonly<Record<string, number>>): string {
  return Object.entries(answers)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}
