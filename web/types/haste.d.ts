// Engine.IO's WebSocket transport, as far as the call page extends it.

export declare class Transport {
  constructor(...words: any[]);
  ws: WebSocket;
  doOpen(): void;
  createSocket(...words: any[]): WebSocket;
}
