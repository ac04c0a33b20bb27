import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import type { StartContender } from "./contender.ts";

/** OpenTelemetry logs: OTLP over HTTP in JSON. */
export const start: StartContender = async (endpoint) => {
  const exporter = new OTLPLogExporter({ url: `${endpoint}/v1/logs` });
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger("speaker");
  return {
    record: (play) => logger.emit({ eventName: "play", attributes: play }),
    finish: () => provider.shutdown(),
  };
};
