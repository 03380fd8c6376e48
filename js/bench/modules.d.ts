declare module "phoenix" {
  export class Socket {}
}

declare module "phoenix_live_view" {
  export class LiveSocket {
    constructor(url: string, socket: unknown, options?: object);
    connect(): void;
    disconnect(): void;
    version(): string;
  }
}

declare module "idiomorph" {
  export const Idiomorph: { morph(from: Element, to: string): void };
}
