import { getDocument, GlobalWorkerOptions } from "pdfjs-dist";
import type { PDFDocumentLoadingTask } from "pdfjs-dist";

const PAGES_MAX = 50;

/**
 * Draws the pages of a PDF into `into`, one canvas each. Nothing of the document runs: no scripts, links or forms.
 *
 * @param label - What a page is called, for who cannot see it.
 * @returns whether all pages are drawn.
 */
export async function drawPdf(
  content: Blob,
  into: HTMLElement,
  label: (page: number, count: number) => string,
  signal: AbortSignal,
): Promise<boolean> {
  GlobalWorkerOptions.workerPort ??= new Worker(new URL("./pdfWorker.ts", import.meta.url), {
    type: "module",
  });
  const loading: PDFDocumentLoadingTask = getDocument({
    data: new Uint8Array(await content.arrayBuffer()),
    enableXfa: false,
    useWorkerFetch: false,
    disableAutoFetch: true,
  });
  try {
    const document = await loading.promise;
    const count = Math.min(document.numPages, PAGES_MAX);
    for (let at = 1; at <= count && !signal.aborted; at++) {
      const page = await document.getPage(at);
      const scale = (Math.max(into.clientWidth, 300) / page.getViewport({ scale: 1 }).width) * 2;
      const viewport = page.getViewport({ scale: Math.min(scale, 4) });
      const canvas = globalThis.document.createElement("canvas");
      canvas.width = viewport.width;
      canvas.height = viewport.height;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", label(at, document.numPages));
      await page.render({ canvas, viewport }).promise;
      if (!signal.aborted) into.append(canvas);
    }
    return count === document.numPages;
  } finally {
    await loading.destroy();
  }
}
