/** A request as a server that got it may send it on to another: with any Host header, which `fetch` does not allow. */
import { request } from "node:http";

/** @returns the code of the refusal, or OK. */
export const forwarded = (
  url: string,
  host: string,
  { method, headers, body }: RequestInit,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { method, headers: { ...(headers as Record<string, string>), host } };
    const sent = request(url, options as Parameters<typeof request>[1] & object, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        if (response.statusCode === 200) return resolve("OK");
        const answer = JSON.parse(Buffer.concat(chunks).toString()) as { error: { code: string } };
        resolve(answer.error.code);
      });
    });
    sent.on("error", reject);
    sent.end(body ?? "");
  });
