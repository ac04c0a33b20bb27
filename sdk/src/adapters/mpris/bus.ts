import type { Properties } from "./reader.ts";

/** What is used of a `MessageBus` of `dbus-next`. */
export interface MessageBus {
  getProxyObject(name: string, path: string): Promise<{ getInterface(name: string): unknown }>;
}

/** A proxy of `dbus-next`, as far as it is used: methods come from introspection. */
export interface BusObject {
  on(signal: string, listener: (...args: never[]) => void): void;
  removeAllListeners(signal: string): void;
}
/** Where a player's properties are read. */
export interface PropertiesProxy extends BusObject {
  GetAll(name: string): Promise<Variants>;
}
/** The bus itself. */
export interface BusProxy extends BusObject {
  NameHasOwner(name: string): Promise<boolean>;
}
interface Variant {
  readonly value: unknown;
}
/** Properties, as they come over the bus. */
export type Variants = Readonly<Record<string, Variant>>;

/** The values inside the variants. */
export function plain(variants: Variants): Properties {
  const entries = Object.entries(variants).map(([name, { value }]) => [
    name,
    name === "Metadata" ? plain(value as Variants) : value,
  ]);
  return Object.fromEntries(entries) as Properties;
}
