import { connect } from "node:net";
import type { Socket } from "node:net";

export interface LineAnswer {
  readonly status: number;
  /** As latin1. */
  readonly body: string;
}

/**
 * One HTTP/1.1 connection that is kept; as light as a client can be, since it runs beside what it measures. It reads
 * answers with a content-length only.
 */
export class Line {
  readonly #socket: Socket;
  #received = "";
  #answer: ((answer: LineAnswer) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#take(text));
  }

  static open(port: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new Line(socket)));
      socket.on("error", reject);
    });
  }

  ask({
    method,
    path,
    body,
  }: {
    method: string;
    path: string;
    body?: Uint8Array;
  }): Promise<LineAnswer> {
    const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n`;
    this.#socket.cork();
    if (body === undefined) this.#socket.write(`${head}\r\n`, "latin1");
    else {
      const form = `content-type: application/cbor\r\ncontent-length: ${body.length}\r\n\r\n`;
      this.#socket.write(`${head}${form}`, "latin1");
      this.#socket.write(body);
    }
    this.#socket.uncork();
    return new Promise((resolve) => (this.#answer = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    const status = Number(this.#received.slice(9, 12));
    const body = this.#received.slice(end + 4, end + 4 + length);
    this.#received = "";
    this.#answer?.({ status, body });
  }
}
