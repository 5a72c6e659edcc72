import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useWords } from "../views/useWords.ts";

/** Images that every browser draws, and that can hold no script. */
const images = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export const hasPreview = (mediaType: string): boolean =>
  images.has(mediaType) ||
  mediaType === "application/pdf" ||
  mediaType === "application/dicom" ||
  mediaType.startsWith("text/plain");

type Drawing = "drawing" | "drawn" | "part" | "failed";

/**
 * A file, drawn here: nothing in it runs.
 *
 * @param onShown - Told once all of it is on the page.
 */
export function FilePreview(props: {
  readonly content: Blob;
  readonly mediaType: string;
  readonly onShown: () => void;
}): ReactNode {
  const { content, mediaType, onShown } = props;
  const { t } = useWords();
  const place = useRef<HTMLDivElement>(null);
  const [drawing, setDrawing] = useState<Drawing>("drawing");
  useEffect(() => {
    const stop = new AbortController();
    const into = place.current;
    if (into === null) return undefined;
    const label = (page: number, count: number): string => t("record.pageOf", { page, count });
    draw({ content, mediaType, into, label, signal: stop.signal }).then(
      (isWhole) => {
        if (stop.signal.aborted) return;
        setDrawing(isWhole ? "drawn" : "part");
        if (isWhole) onShown();
      },
      () => (stop.signal.aborted ? undefined : setDrawing("failed")),
    );
    return () => {
      stop.abort();
      into.replaceChildren();
    };
  }, [content, mediaType, onShown, t]);
  return (
    <>
      {drawing === "drawing" ? <output>{t("app.loading")}</output> : null}
      {drawing === "failed" ? <p className="panel-file">{t("record.notDrawn")}</p> : null}
      <div ref={place} className="preview-file" />
      {drawing === "part" ? <p className="panel-file">{t("record.partDrawn")}</p> : null}
    </>
  );
}

interface Drawn {
  readonly content: Blob;
  readonly mediaType: string;
  readonly into: HTMLElement;
  readonly label: (page: number, count: number) => string;
  readonly signal: AbortSignal;
}

/** @returns whether all of it is drawn; rejects when nothing can be. */
async function draw({ content, mediaType, into, label, signal }: Drawn): Promise<boolean> {
  if (mediaType === "application/pdf") {
    const { drawPdf } = await import("./pdf.ts");
    return drawPdf(content, into, label, signal);
  }
  if (mediaType === "application/dicom") {
    const { pictureOf } = await import("./dicom.ts");
    const picture = pictureOf(new Uint8Array(await content.arrayBuffer()));
    if (picture === undefined) throw new Error("No picture that can be drawn here");
    const canvas = document.createElement("canvas");
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label(1, picture.count));
    canvas
      .getContext("2d")
      ?.putImageData(new ImageData(picture.pixels, picture.width, picture.height), 0, 0);
    if (!signal.aborted) into.replaceChildren(canvas);
    return picture.count === 1;
  }
  if (images.has(mediaType))
    return drawImage(new Blob([content], { type: mediaType }), into, label);
  const text = document.createElement("pre");
  text.textContent = new TextDecoder().decode(await content.arrayBuffer());
  into.replaceChildren(text);
  return true;
}

async function drawImage(
  content: Blob,
  into: HTMLElement,
  label: Drawn["label"],
): Promise<boolean> {
  const url = URL.createObjectURL(content);
  try {
    const image = new Image();
    image.src = url;
    image.alt = label(1, 1);
    await image.decode();
    into.replaceChildren(image);
    return true;
  } finally {
    URL.revokeObjectURL(url);
  }
}
