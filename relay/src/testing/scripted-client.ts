import type { KinesisClient } from "@aws-sdk/client-kinesis";

/** What a command of AWS's SDK is answered, given its input; what it throws, the call rejects with. */
export type Answer = (input: Readonly<Record<string, unknown>>) => unknown;

/** A client of AWS's SDK played by a function per command, named by its class without `Command`. */
export function scriptedClient(answers: Readonly<Record<string, Answer>>): KinesisClient {
  const send = async (command: { readonly input: Readonly<Record<string, unknown>> }): Promise<unknown> => {
    const name = command.constructor.name.replace(/Command$/, "");
    const answer = answers[name];
    if (!answer) throw new Error(`the test has no answer for ${name}`);
    return answer(command.input);
  };
  return { send, destroy: () => undefined } as unknown as KinesisClient;
}

/** An error as AWS's SDK throws it: `name` is what Kinesis calls it. */
export const awsError = (name: string, httpStatusCode = 400): Error =>
  Object.assign(new Error(`scripted ${name}`), { name, $metadata: { httpStatusCode } });
