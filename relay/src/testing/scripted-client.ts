import type { KinesisClient } from "@aws-sdk/client-kinesis";

/** What a command of AWS's SDK is answered, given its input; what it throws, the call rejects with. */
export type Answer = (input: Readonly<Record<string, unknown>>) => unknown;

interface Command {
  readonly input: Readonly<Record<string, unknown>>;
}

/** A client of AWS's SDK played by a function per command, named by its class without `Command`. */
export function scriptedClient(answers: Readonly<Record<string, Answer>>): KinesisClient {
  const answerTo = async (command: Command): Promise<unknown> => {
    const name = command.constructor.name.replace(/Command$/, "");
    const answer = answers[name];
    if (!answer) throw new Error(`the test has no answer for ${name}`);
    return answer(command.input);
  };
  const send = (command: Command, { abortSignal }: { readonly abortSignal?: AbortSignal } = {}) => {
    const aborted = new Promise((_, reject) => {
      abortSignal?.addEventListener("abort", () => reject(new Error("aborted")));
    });
    return Promise.race([answerTo(command), aborted]);
  };
  return { send, destroy: () => undefined } as unknown as KinesisClient;
}

/** An error as AWS's SDK throws it: `name` is what Kinesis calls it. */
export const awsError = (name: string, httpStatusCode = 400): Error =>
  Object.assign(new Error(`scripted ${name}`), { name, $metadata: { httpStatusCode } });
